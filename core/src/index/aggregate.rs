//! [`Aggregate`]: one value from the values of many groups.

use std::sync::Arc;

use record_store_kv::tuple::{Element, Tuple, TupleRange};

use super::scan::{self, EntryScan};
use super::{IndexContext, IndexMaintainer, IndexScanType};
use crate::{Error, ErrorKind, Result};

/// How the values of groups make one. Java: `AtomicMutation.getAggregator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aggregate {
    /// Their sum; of none it is zero.
    Total,
    /// The least; of none there is none.
    Least,
    /// The greatest; of none there is none.
    Greatest,
}

impl Aggregate {
    fn fold(self, so_far: Option<Tuple>, value: Tuple) -> Result<Option<Tuple>> {
        let Some(so_far) = so_far else {
            return Ok(Some(value));
        };
        Ok(Some(match self {
            Aggregate::Total => Tuple::from((number(&so_far)?.wrapping_add(number(&value)?),)),
            Aggregate::Least => so_far.min(value),
            Aggregate::Greatest => so_far.max(value),
        }))
    }
}

/// The aggregate of all groups in a range.
///
/// Errors: `Unsupported` for an index that aggregates nothing.
pub(crate) async fn evaluate(
    maintainer: &Arc<dyn IndexMaintainer>,
    context: &IndexContext<'_>,
    range: TupleRange,
    snapshot: bool,
) -> Result<Option<Tuple>> {
    let Some(aggregate) = maintainer.aggregate() else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "the index keeps no values of groups, so it has no aggregate",
        )
        .with("index", maintainer.index().name())
        .with("type", maintainer.index().kind()));
    };
    let groups = EntryScan {
        range,
        snapshot,
        ..EntryScan::default()
    };
    let mut groups = scan::scan(maintainer, context, IndexScanType::ByGroup, groups)?;
    let mut result = (aggregate == Aggregate::Total).then(|| Tuple::from((0_i64,)));
    while let Some(group) = groups.next().await? {
        result = aggregate.fold(result, group.value)?;
    }
    Ok(result)
}

fn number(value: &Tuple) -> Result<i64> {
    value
        .first()
        .and_then(Element::as_i64)
        .ok_or_else(|| Error::new(ErrorKind::Corrupt, "the value of a group is no number").with("value", value))
}
