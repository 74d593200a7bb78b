//! [`Bindings`]: the values that stand for parameters while a plan runs.

use std::collections::BTreeMap;

use record_store_kv::tuple::Element;

use crate::query::{Operand, ParameterName, QueryComponent};
use crate::{Error, ErrorKind, Result};

/// The values of the lists through which joins run. Java: `EvaluationContext`.
///
/// A query's own parameters take their values before it is planned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings(BTreeMap<String, Element>);

impl Bindings {
    /// With one more value.
    pub(crate) fn with(&self, name: &str, value: Element) -> Self {
        let mut bindings = self.clone();
        bindings.0.insert(name.to_owned(), value);
        bindings
    }

    /// Whether there are no values.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A filter with the values in place of the parameters. Errors: `InvalidArgument` for one that has none.
    pub(crate) fn fill_in(&self, filter: &QueryComponent) -> Result<QueryComponent> {
        filter.try_map_comparisons(&mut |comparison| match comparison.operand() {
            Operand::Parameter(name) => Ok(comparison.with_operand(Operand::Value(self.get(name)?.clone()))),
            _ => Ok(comparison.clone()),
        })
    }

    /// The value of a parameter. Errors: `InvalidArgument` if it has none.
    pub(crate) fn get(&self, name: &ParameterName) -> Result<&Element> {
        let value = match name {
            ParameterName::Named(name) => self.0.get(name),
            ParameterName::Positional(_) => None,
        };
        value.ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "a parameter of the query has no value: bind the parameters before the query is planned",
            )
            .with("parameter", name)
        })
    }
}
