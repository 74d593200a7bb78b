//! [`Slots`]: the places of a query that take values when it runs, so that it is planned once for all of them.

use record_store_kv::tuple::Element;

use super::Parameters;
use super::column::ColumnType;
use crate::query::{Comparison, ComparisonKind, Operand, ParameterName};

/// The slots of a filter, in the order of its comparisons. The `n`th one stands in the tree as the parameter of that position.
#[derive(Clone, Debug, Default)]
pub(crate) struct Slots {
    slots: Vec<Slot>,
    /// Whether some value would change what is planned in another way than by standing in its place.
    depends_on_values: bool,
}

/// One comparison's operand.
#[derive(Clone, Debug)]
struct Slot {
    /// The parameter in the query as it was given.
    source: ParameterName,
    /// What becomes of the value.
    column: ColumnType,
}

impl Slots {
    /// The comparison of columns of these types with a slot in place of its parameter, if it has one.
    pub(super) fn place(&mut self, columns: &[ColumnType], comparison: Comparison) -> Comparison {
        let Operand::Parameter(source) = comparison.operand() else {
            return comparison;
        };
        let alike = columns
            .split_first()
            .filter(|(first, rest)| rest.iter().all(|other| other == *first));
        let is_value = !matches!(comparison.kind(), ComparisonKind::In | ComparisonKind::Like);
        match alike {
            Some((column, _)) if is_value => {
                let place = ParameterName::Positional(self.slots.len());
                self.slots.push(Slot {
                    source: source.clone(),
                    column: column.clone(),
                });
                comparison.with_operand(Operand::Parameter(place))
            }
            _ => {
                self.depends_on_values = true;
                comparison
            }
        }
    }

    /// Whether a plan with slots is the plan for all values, apart from what [`Slots::fill`] refuses.
    pub(crate) fn are_plannable(&self) -> bool {
        !self.depends_on_values
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The values for all slots: those of the parameters, or for [literals](ParameterName::literal) the literals. None if
    /// values are missing, too many, null, or do not go with their columns.
    pub(crate) fn fill(&self, parameters: &Parameters, literals: &[&Element]) -> Option<Vec<Element>> {
        let mut values = Vec::with_capacity(self.slots.len());
        for slot in &self.slots {
            let given = match slot.source.as_literal() {
                Some(at) => literals.get(at).copied(),
                None => parameters.get(&slot.source),
            };
            match given? {
                Element::Null | Element::Tuple(_) => return None,
                value => values.push(slot.column.element(value).ok()?),
            }
        }
        let is_asked_for = |at: &usize| {
            let slot = self.slots.get(*at);
            let is_new = |slot: &Slot| {
                let mut before = self.slots.iter().take(*at);
                slot.source.as_literal().is_none() && !before.any(|other| other.source == slot.source)
            };
            slot.is_some_and(is_new)
        };
        let known = (0..self.slots.len()).filter(is_asked_for).count();
        (known == parameters.len()).then_some(values)
    }
}

impl ParameterName {
    /// The name of the literal with this many before it, in a query whose literals are to take other values.
    pub(crate) fn literal(at: usize) -> Self {
        ParameterName::Positional(FIRST_LITERAL.saturating_add(at))
    }

    /// Which literal it is, if it is one.
    pub(crate) fn as_literal(&self) -> Option<usize> {
        match self {
            ParameterName::Positional(at) => at.checked_sub(FIRST_LITERAL),
            ParameterName::Named(_) => None,
        }
    }
}

/// More parameters than any query has.
const FIRST_LITERAL: usize = usize::MAX / 2;
