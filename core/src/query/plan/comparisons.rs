//! [`ScanComparisons`]: which range of keys a scan reads, as comparisons of the columns. Java: `ScanComparisons`.

use std::collections::BTreeSet;

use record_store_kv::tuple::{Element, EndpointType, Tuple, TupleRange};

use super::Bindings;
use crate::key_expression::TupleOrdering;
use crate::query::{Comparison, ComparisonKind, Operand, ParameterName};
use crate::{Error, ErrorKind, Result};

/// Equalities of the first columns, and comparisons of the column behind them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ScanComparisons {
    pub(crate) equalities: Vec<ScanComparison>,
    /// Each once.
    pub(crate) inequalities: Vec<Comparison>,
    /// The order of the column behind the equalities, if a function gives it another one than that of its values.
    pub(crate) ordering: Option<TupleOrdering>,
}

/// What one column is equal to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ScanComparison {
    /// A value or a parameter.
    Value(Comparison),
    /// The same, in a column that a function orders.
    Ordered(TupleOrdering, Comparison),
    /// The key of a record type.
    RecordType { name: String, key: Element },
}

/// How a comparison narrows a range of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Narrowing {
    /// To one value of the column.
    Equality,
    /// To a range of values.
    Inequality,
    /// Not to one range.
    None,
}

impl Narrowing {
    /// Java: `ScanComparisons.getComparisonType`.
    pub(crate) fn of(comparison: &Comparison) -> Self {
        match comparison.kind() {
            ComparisonKind::Equals | ComparisonKind::IsNull => Narrowing::Equality,
            ComparisonKind::LessThan
            | ComparisonKind::LessThanOrEquals
            | ComparisonKind::GreaterThan
            | ComparisonKind::GreaterThanOrEquals
            | ComparisonKind::StartsWith
            | ComparisonKind::NotNull => Narrowing::Inequality,
            ComparisonKind::NotEquals
            | ComparisonKind::In
            | ComparisonKind::IsEmpty
            | ComparisonKind::NotEmpty
            | ComparisonKind::Like => Narrowing::None,
        }
    }
}

impl ScanComparisons {
    /// The range of one comparison; none if that is no range.
    pub(crate) fn of(comparison: &Comparison) -> Option<Self> {
        let mut comparisons = ScanComparisons::default();
        match Narrowing::of(comparison) {
            Narrowing::Equality => comparisons.equalities.push(ScanComparison::Value(comparison.clone())),
            Narrowing::Inequality => comparisons.inequalities.push(comparison.clone()),
            Narrowing::None => return None,
        }
        Some(comparisons)
    }

    /// The range of one comparison of what a function orders; none if that is no range.
    pub(crate) fn of_ordered(ordering: TupleOrdering, comparison: &Comparison) -> Option<Self> {
        let equality = || ScanComparison::Ordered(ordering, comparison.clone());
        match Narrowing::of(comparison) {
            Narrowing::Equality => Some(ScanComparisons {
                equalities: vec![equality()],
                ..ScanComparisons::default()
            }),
            // The bytes of a function have no beginnings in common.
            Narrowing::Inequality if comparison.kind() != ComparisonKind::StartsWith => Some(ScanComparisons {
                inequalities: vec![comparison.clone()],
                ordering: Some(ordering),
                ..ScanComparisons::default()
            }),
            Narrowing::Inequality | Narrowing::None => None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.equalities.is_empty() && self.inequalities.is_empty()
    }

    /// Whether the range is that of some first columns.
    pub(crate) fn is_equality(&self) -> bool {
        self.inequalities.is_empty()
    }

    /// Whether the range is that of all records, or of all of a type.
    pub(crate) fn narrows_type_only(&self) -> bool {
        let is_type = |equality: &ScanComparison| matches!(equality, ScanComparison::RecordType { .. });
        self.inequalities.is_empty() && self.equalities.iter().all(is_type)
    }

    /// How many columns are narrowed.
    pub(crate) fn size(&self) -> usize {
        self.equalities.len() + usize::from(!self.inequalities.is_empty())
    }

    /// How many comparisons there are.
    pub(crate) fn total_size(&self) -> usize {
        self.equalities.len() + self.inequalities.len()
    }

    /// Adds a comparison of the column behind the equalities.
    pub(crate) fn add_inequality(&mut self, comparison: &Comparison) {
        if !self.inequalities.contains(comparison) {
            self.inequalities.push(comparison.clone());
        }
    }

    /// Adds the comparisons of further columns.
    pub(crate) fn append(&mut self, other: ScanComparisons) {
        self.equalities.extend(other.equalities);
        for comparison in &other.inequalities {
            self.add_inequality(comparison);
        }
        self.ordering = self.ordering.or(other.ordering);
    }

    /// The record type to which the first column is equal.
    pub(crate) fn record_type(&self) -> Option<&str> {
        self.equalities.iter().find_map(|comparison| match comparison {
            ScanComparison::RecordType { name, .. } => Some(name.as_str()),
            ScanComparison::Value(_) | ScanComparison::Ordered(..) => None,
        })
    }

    /// The parameters to which columns are equal.
    pub(crate) fn looked_up(&self) -> BTreeSet<&str> {
        let equal_to = self.equalities.iter().filter_map(|equality| match equality {
            ScanComparison::Value(comparison) | ScanComparison::Ordered(_, comparison) => match comparison.operand() {
                Operand::Parameter(ParameterName::Named(name)) => Some(name.as_str()),
                _ => None,
            },
            ScanComparison::RecordType { .. } => None,
        });
        equal_to.collect()
    }

    /// The comparisons with values in place of slots.
    pub(crate) fn fill_slots(&self, bindings: &Bindings) -> Self {
        let equalities = self.equalities.iter().map(|equality| match equality {
            ScanComparison::Value(comparison) => ScanComparison::Value(bindings.fill_slot(comparison)),
            ScanComparison::Ordered(ordering, comparison) => {
                ScanComparison::Ordered(*ordering, bindings.fill_slot(comparison))
            }
            of_type @ ScanComparison::RecordType { .. } => of_type.clone(),
        });
        ScanComparisons {
            equalities: equalities.collect(),
            inequalities: self
                .inequalities
                .iter()
                .map(|comparison| bindings.fill_slot(comparison))
                .collect(),
            ordering: self.ordering,
        }
    }

    /// Whether the range depends on what is given when the query runs.
    pub(crate) fn has_parameters(&self) -> bool {
        let of_equalities = self.equalities.iter().any(|comparison| match comparison {
            ScanComparison::Value(comparison) | ScanComparison::Ordered(_, comparison) => is_parameter(comparison),
            ScanComparison::RecordType { .. } => false,
        });
        of_equalities || self.inequalities.iter().any(is_parameter)
    }

    /// Whether a function orders one of the columns, so that the keys do not show the values.
    pub(crate) fn has_ordered_columns(&self) -> bool {
        let is_ordered = |equality: &ScanComparison| matches!(equality, ScanComparison::Ordered(..));
        self.ordering.is_some() || self.equalities.iter().any(is_ordered)
    }

    /// The range of keys. None if it is empty, whatever the keys: a value is compared with null.
    ///
    /// Errors: `InvalidArgument` for a parameter that is not given.
    pub(crate) fn to_range(&self, bindings: &Bindings) -> Result<Option<TupleRange>> {
        if self.is_empty() {
            return Ok(Some(TupleRange::ALL));
        }
        let mut base = Tuple::new();
        for comparison in &self.equalities {
            match comparison {
                ScanComparison::RecordType { key, .. } => base.push(key.clone()),
                ScanComparison::Value(comparison) => match comparand(comparison, bindings)? {
                    Element::Null if comparison.kind() != ComparisonKind::IsNull => return Ok(None),
                    value => base.push(value),
                },
                ScanComparison::Ordered(ordering, comparison) => match comparand(comparison, bindings)? {
                    Element::Null if comparison.kind() != ComparisonKind::IsNull => return Ok(None),
                    value => base.push(ordered(*ordering, &value)),
                },
            }
        }
        let mut compared = Vec::with_capacity(self.inequalities.len());
        for comparison in &self.inequalities {
            match comparand(comparison, bindings)? {
                Element::Null if comparison.kind() != ComparisonKind::NotNull => return Ok(None),
                value => compared.push((comparison.kind(), value)),
            }
        }
        if let Some(ordering) = self.ordering {
            compared = compared_as_ordered(ordering, &compared);
        }
        if let [(ComparisonKind::StartsWith, prefix)] = &compared[..] {
            base.push(prefix.clone());
            let prefix_string = EndpointType::PrefixString;
            return Ok(Some(TupleRange::new(
                Some(base.clone()),
                Some(base),
                prefix_string,
                prefix_string,
            )));
        }
        if compared.is_empty() {
            return Ok(Some(TupleRange::all_of(base)));
        }
        RangeOfColumn::default()
            .narrow(&compared)
            .map(|range| Some(range.behind(base)))
    }
}

/// The same range with the texts and bytes that go on with a zero byte behind the one at its exclusive low end. Their keys begin
/// with its key, so that Java's range leaves them out.
pub(crate) fn with_zero_continued(range: TupleRange) -> TupleRange {
    let (EndpointType::RangeExclusive, Some(low)) = (range.low_endpoint, &range.low) else {
        return range;
    };
    let mut columns: Vec<Element> = low.iter().cloned().collect();
    let next = match columns.pop() {
        Some(Element::String(text)) => Element::String(text + "\0"),
        Some(Element::Bytes(bytes)) => Element::Bytes([&bytes[..], &[0]].concat().into()),
        _ => return range,
    };
    columns.push(next);
    TupleRange {
        low: Some(Tuple::from(columns)),
        low_endpoint: EndpointType::RangeInclusive,
        ..range
    }
}

/// What a function makes of a value.
fn ordered(ordering: TupleOrdering, value: &Element) -> Element {
    Element::Bytes(ordering.pack([&packed(value)[..]]).into())
}

/// What is asked of the bytes that a function makes of values, where this is asked of the values.
fn compared_as_ordered(
    ordering: TupleOrdering,
    compared: &[(ComparisonKind, Element)],
) -> Vec<(ComparisonKind, Element)> {
    use ComparisonKind::{GreaterThan, GreaterThanOrEquals, LessThan, LessThanOrEquals};
    let descends = matches!(ordering, TupleOrdering::DescNullsFirst | TupleOrdering::DescNullsLast);
    let nulls_last = matches!(ordering, TupleOrdering::AscNullsLast | TupleOrdering::DescNullsLast);
    // All comparisons leave out nulls, which are at one end.
    let not_null = if nulls_last { LessThan } else { GreaterThan };
    let mut asked = vec![(not_null, ordered(ordering, &Element::Null))];
    for (kind, value) in compared {
        let kind = match (kind, descends) {
            (LessThan, true) => GreaterThan,
            (LessThanOrEquals, true) => GreaterThanOrEquals,
            (GreaterThan, true) => LessThan,
            (GreaterThanOrEquals, true) => LessThanOrEquals,
            (ComparisonKind::NotNull, _) => continue,
            (kind, _) => *kind,
        };
        asked.push((kind, ordered(ordering, value)));
    }
    asked
}

fn is_parameter(comparison: &Comparison) -> bool {
    matches!(comparison.operand(), Operand::Parameter(_))
}

/// The value that a comparison is with. Errors: `InvalidArgument` for a parameter that is not given.
fn comparand(comparison: &Comparison, bindings: &Bindings) -> Result<Element> {
    match comparison.operand() {
        Operand::None => Ok(Element::Null),
        Operand::Value(value) => Ok(value.clone()),
        Operand::Parameter(name) => bindings.get(name).cloned(),
        Operand::List(_) | Operand::Pattern { .. } => Err(Error::new(
            ErrorKind::Internal,
            "a scan was planned over a comparison that is no range",
        )
        .with("comparison", comparison.kind().name())),
    }
}

/// The range of one column. Java: `InequalityRangeCombiner`.
#[derive(Default)]
struct RangeOfColumn {
    low: Option<Bound>,
    high: Option<Bound>,
}

struct Bound {
    value: Element,
    inclusive: bool,
}

impl RangeOfColumn {
    fn narrow(mut self, compared: &[(ComparisonKind, Element)]) -> Result<Self> {
        for (kind, value) in compared {
            match kind {
                ComparisonKind::GreaterThan => self.raise(value, false),
                ComparisonKind::GreaterThanOrEquals => self.raise(value, true),
                ComparisonKind::NotNull => self.raise(&Element::Null, false),
                ComparisonKind::LessThan | ComparisonKind::LessThanOrEquals => {
                    // Null is less than nothing.
                    self.raise(&Element::Null, false);
                    self.lower(value, *kind == ComparisonKind::LessThanOrEquals);
                }
                ComparisonKind::StartsWith => {
                    self.raise(value, true);
                    if let Some(behind) = behind_prefix(value) {
                        self.lower(&behind, false);
                    }
                }
                other => {
                    return Err(Error::new(
                        ErrorKind::Internal,
                        "a scan was planned over a comparison that is no range",
                    )
                    .with("comparison", other.name()));
                }
            }
        }
        Ok(self)
    }

    fn raise(&mut self, value: &Element, inclusive: bool) {
        let is_narrower = self.low.as_ref().is_none_or(|low| {
            let (ours, theirs) = (packed(&low.value), packed(value));
            ours < theirs || (ours == theirs && !inclusive)
        });
        if is_narrower {
            self.low = Some(Bound {
                value: value.clone(),
                inclusive,
            });
        }
    }

    fn lower(&mut self, value: &Element, inclusive: bool) {
        let is_narrower = self.high.as_ref().is_none_or(|high| {
            let (ours, theirs) = (packed(&high.value), packed(value));
            ours > theirs || (ours == theirs && !inclusive)
        });
        if is_narrower {
            self.high = Some(Bound {
                value: value.clone(),
                inclusive,
            });
        }
    }

    /// The range behind equal first columns.
    fn behind(self, base: Tuple) -> TupleRange {
        let end = |bound: Option<Bound>, open| match bound {
            Some(bound) => {
                let endpoint = match bound.inclusive {
                    true => EndpointType::RangeInclusive,
                    false => EndpointType::RangeExclusive,
                };
                let mut columns = base.clone();
                columns.push(bound.value);
                (Some(columns), endpoint)
            }
            None if base.is_empty() => (None, open),
            None => (Some(base.clone()), EndpointType::RangeInclusive),
        };
        let (low, low_endpoint) = end(self.low, EndpointType::TreeStart);
        let (high, high_endpoint) = end(self.high, EndpointType::TreeEnd);
        TupleRange::new(low, high, low_endpoint, high_endpoint)
    }
}

/// The least value behind all that begin so; none if there is none.
fn behind_prefix(prefix: &Element) -> Option<Element> {
    match prefix {
        Element::String(text) => {
            let mut chars: Vec<char> = text.chars().collect();
            while let Some(last) = chars.pop() {
                let next = (last as u32 + 1..=char::MAX as u32).find_map(char::from_u32);
                if let Some(next) = next {
                    chars.push(next);
                    return Some(Element::String(chars.into_iter().collect()));
                }
            }
            None
        }
        Element::Bytes(bytes) => {
            let kept = bytes.iter().rposition(|byte| *byte != u8::MAX)?;
            let mut next = bytes.get(..=kept)?.to_vec();
            *next.last_mut()? += 1;
            Some(Element::Bytes(next.into()))
        }
        _ => None,
    }
}

/// Values in the order of keys.
fn packed(value: &Element) -> Vec<u8> {
    Tuple::from(vec![value.clone()]).pack()
}
