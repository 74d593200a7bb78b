//! The values of lists through which a step runs: one after the other for a join, in all combinations for a union.

use record_store_kv::tuple::Element;

use crate::query::Operand;
use crate::query::plan::{Bindings, InSource};
use crate::{Error, ErrorKind, Result};

/// The values of a list. Errors: `InvalidArgument` for a parameter that is not given.
pub(super) fn values_of(source: &InSource, bindings: &Bindings) -> Result<Vec<Element>> {
    match &source.values {
        Operand::List(values) => Ok(values.clone()),
        Operand::Parameter(name) => Ok(match bindings.get(name)? {
            Element::Tuple(values) => values.iter().cloned().collect(),
            other => vec![other.clone()],
        }),
        _ => Err(
            Error::new(ErrorKind::Internal, "a step was planned over something that is no list")
                .with("binding", &source.binding),
        ),
    }
}

/// The bindings for each combination of the values of some lists. Errors: as [`values_of`].
pub(super) fn combinations(sources: &[InSource], bindings: &Bindings) -> Result<Vec<Bindings>> {
    let mut combinations = vec![bindings.clone()];
    for source in sources {
        let values = values_of(source, bindings)?;
        combinations = combinations
            .iter()
            .flat_map(|so_far| values.iter().map(|value| so_far.with(&source.binding, value.clone())))
            .collect();
    }
    Ok(combinations)
}
