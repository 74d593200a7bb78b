//! [`Bindings`]: the values that stand for parameters while a plan runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use record_store_kv::tuple::Element;

use crate::query::{Comparison, Operand, ParameterName, QueryComponent};
use crate::{Error, ErrorKind, Result};

/// The values of the lists through which joins run, by name, and those of a plan's slots, by position. Java: `EvaluationContext`.
///
/// The parameters of a query that is planned for its values have taken them before.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings {
    named: BTreeMap<String, Element>,
    slots: Arc<[Element]>,
}

impl Bindings {
    /// The values of the slots.
    pub(crate) fn of_slots(values: Vec<Element>) -> Self {
        Bindings {
            named: BTreeMap::new(),
            slots: values.into(),
        }
    }

    /// With one more value.
    pub(crate) fn with(&self, name: &str, value: Element) -> Self {
        let mut bindings = self.clone();
        bindings.named.insert(name.to_owned(), value);
        bindings
    }

    /// Whether there are no values.
    pub(crate) fn is_empty(&self) -> bool {
        self.named.is_empty() && self.slots.is_empty()
    }

    /// A comparison with the value of its slot, if it has one.
    pub(crate) fn fill_slot(&self, comparison: &Comparison) -> Comparison {
        let slot = match comparison.operand() {
            Operand::Parameter(ParameterName::Positional(slot)) => self.slots.get(*slot),
            _ => None,
        };
        match slot {
            Some(value) => comparison.with_operand(Operand::Value(value.clone())),
            None => comparison.clone(),
        }
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
            ParameterName::Named(name) => self.named.get(name),
            ParameterName::Positional(slot) => self.slots.get(*slot),
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
