//! [`AggregateFunction`]: one value from many records, as an index keeps it. Java classes: `IndexAggregateFunction`,
//! `IndexFunctionHelper`.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use record_store_kv::tuple::{Element, Tuple, TupleRange};

use super::scan::{self, EntryScan};
use super::{IndexContext, IndexMaintainer, IndexScanType};
use crate::key_expression::{Grouping, KeyExpression};
use crate::{Error, ErrorKind, Result};

/// A function of many records: the count, sum, least or greatest value of columns, in groups.
///
/// ```
/// use record_store::AggregateFunction;
/// use record_store::key_expression::field;
/// let oldest_of_city = AggregateFunction::max(field("age").group_by(field("city")));
/// assert_eq!(oldest_of_city.to_string(), "max([Field { 'city' None}, Field { 'age' None}] group 1)");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregateFunction {
    name: String,
    operand: KeyExpression,
    index: Option<String>,
}

impl AggregateFunction {
    /// The function of this name: `count`, `sum`, `min`, `max`, or what the type of an index is called. Of the operand, the
    /// grouped columns are what it is a function of.
    pub fn new(name: impl Into<String>, operand: impl Into<KeyExpression>) -> Self {
        AggregateFunction {
            name: name.into(),
            operand: operand.into(),
            index: None,
        }
    }

    /// How many records there are, in groups by these columns.
    pub fn count(by: impl Into<KeyExpression>) -> Self {
        Self::new("count", Grouping::new(by.into(), 0))
    }

    /// The sum of a column.
    pub fn sum(operand: impl Into<KeyExpression>) -> Self {
        Self::new("sum", operand)
    }

    /// The least value of columns.
    pub fn min(operand: impl Into<KeyExpression>) -> Self {
        Self::new("min", operand)
    }

    /// The greatest value of columns.
    pub fn max(operand: impl Into<KeyExpression>) -> Self {
        Self::new("max", operand)
    }

    /// Evaluates the function by this index only.
    #[must_use]
    pub fn by_index(mut self, index: impl Into<String>) -> Self {
        self.index = Some(index.into());
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is a function of.
    pub fn operand(&self) -> &KeyExpression {
        &self.operand
    }

    /// The index that is to evaluate it, if any is as good.
    pub fn index(&self) -> Option<&str> {
        self.index.as_deref()
    }

    /// The columns of the groups and those that are grouped; what has no grouping is grouped whole.
    fn parts(expression: &KeyExpression) -> Option<(Vec<KeyExpression>, KeyExpression)> {
        match expression {
            KeyExpression::Grouping(grouping) => {
                let mut columns = grouping.whole_key().normalized_columns();
                columns.truncate(grouping.grouping_count());
                Some((columns, grouping.grouped_sub_key().ok()?))
            }
            other => Some((Vec::new(), other.clone())),
        }
    }

    /// Whether an index with this expression groups what the function is of, by its columns and perhaps more.
    pub(super) fn is_rolled_up_from(&self, root: &KeyExpression) -> bool {
        match (Self::parts(&self.operand), Self::parts(root)) {
            (Some((wanted, grouped)), Some((groups, of_index))) => grouped == of_index && groups.starts_with(&wanted),
            _ => false,
        }
    }

    /// The end of an index of this expression where the least or greatest value stands; none if it does not order by it.
    pub(super) fn first_entry_of(&self, root: &KeyExpression) -> Option<Evaluation> {
        let reverse = match self.name.as_str() {
            "min" => false,
            "max" => true,
            _ => return None,
        };
        let (whole, grouped) = match &self.operand {
            KeyExpression::Grouping(grouping) => (grouping.whole_key(), grouping.grouped_count()),
            other => (other, 1),
        };
        let count = whole.column_count();
        root.normalized_columns()
            .starts_with(&whole.normalized_columns())
            .then_some(Evaluation::FirstEntry {
                reverse,
                columns: count.saturating_sub(grouped)..count,
            })
    }
}

impl fmt::Display for AggregateFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({})", self.name, self.operand)
    }
}

/// How an index evaluates an aggregate function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Evaluation {
    /// From the values of its groups.
    Groups,
    /// From the first entry of a range.
    FirstEntry {
        /// From behind.
        reverse: bool,
        /// Which columns of the entry are the value.
        columns: Range<usize>,
    },
}

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

/// The value of a function over the entries in a range, as the index evaluates it.
///
/// Errors: `MetaData` for an index that does not.
pub(crate) async fn evaluate_function(
    maintainer: &Arc<dyn IndexMaintainer>,
    context: &IndexContext<'_>,
    function: &AggregateFunction,
    range: TupleRange,
    snapshot: bool,
) -> Result<Option<Tuple>> {
    match maintainer.evaluation(function) {
        Some(Evaluation::Groups) => evaluate(maintainer, context, range, snapshot).await,
        Some(Evaluation::FirstEntry { reverse, columns }) => {
            let first = EntryScan {
                range,
                reverse,
                snapshot,
                limit: Some(1),
                ..EntryScan::default()
            };
            let first = scan::scan(maintainer, context, IndexScanType::ByValue, first)?
                .next()
                .await?;
            Ok(first.map(|entry| {
                entry
                    .key
                    .iter()
                    .take(columns.end)
                    .skip(columns.start)
                    .cloned()
                    .collect()
            }))
        }
        None => Err(Error::new(
            ErrorKind::MetaData,
            "the index does not evaluate this aggregate function: name another index, or none",
        )
        .with("index", maintainer.index().name())
        .with("index_type", maintainer.index().kind())
        .with("aggregate", function)),
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
