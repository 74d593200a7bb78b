//! [`InClauses`]: the `IN` comparisons of a filter, taken out so that it can be planned for one value of each list.
//! Java: `InExtractor`.

use std::collections::BTreeSet;

use record_store_kv::tuple::Element;

use super::ordering::OrderingKey;
use crate::key_expression::{FanType, KeyExpression, field};
use crate::query::plan::{InOrder, InSource, Plan};
use crate::query::{Comparison, ComparisonKind, Operand, ParameterName, QueryComponent};

/// A filter, and the same with a parameter in place of each list.
#[derive(Clone)]
pub(super) struct InClauses {
    filter: QueryComponent,
    sub_filter: QueryComponent,
    clauses: Vec<Clause>,
}

#[derive(Clone)]
struct Clause {
    source: InSource,
    /// The column that is compared; none if it is no plain field.
    column: Option<KeyExpression>,
}

impl InClauses {
    /// Takes out the `IN` comparisons whose bindings `is_wanted`.
    pub(super) fn of(filter: &QueryComponent, is_wanted: impl Fn(&str) -> bool) -> Self {
        let mut clauses = Vec::new();
        let mut counter = 0;
        let sub_filter = map_comparisons(filter, &[], &mut |name, comparison, column| {
            if comparison.kind() != ComparisonKind::In {
                return None;
            }
            let binding = format!("__in_{name}__{counter}");
            counter += 1;
            if !is_wanted(&binding) {
                return None;
            }
            if let Operand::List(values) = comparison.operand()
                && let [only] = &values[..]
            {
                return Some(Replacement::Comparison(Comparison::new(
                    ComparisonKind::Equals,
                    only.clone(),
                )));
            }
            clauses.push(Clause {
                source: InSource {
                    binding: binding.clone(),
                    values: comparison.operand().clone(),
                    order: InOrder::AsGiven,
                },
                column,
            });
            let parameter = ParameterName::Named(binding);
            Some(Replacement::Comparison(Comparison::new(
                ComparisonKind::Equals,
                parameter,
            )))
        });
        InClauses {
            filter: filter.clone(),
            sub_filter,
            clauses,
        }
    }

    /// The filter for one value of each list.
    pub(super) fn sub_filter(&self) -> &QueryComponent {
        &self.sub_filter
    }

    /// The same filter with fewer lists taken out.
    pub(super) fn retain(&self, is_wanted: impl Fn(&str) -> bool) -> Self {
        InClauses::of(&self.filter, is_wanted)
    }

    /// The filter with an *or* in place of each list. Java: `asOr`.
    pub(super) fn as_or(&self) -> QueryComponent {
        map_comparisons(&self.filter, &[], &mut |_, comparison, _| match comparison.operand() {
            // That a null is in no list is null; that none of no comparisons holds is false.
            Operand::List(values) if comparison.kind() == ComparisonKind::In && !values.is_empty() => {
                Some(Replacement::AnyOf(values.clone()))
            }
            _ => None,
        })
    }

    pub(super) fn bindings(&self) -> BTreeSet<&str> {
        self.clauses
            .iter()
            .map(|clause| clause.source.binding.as_str())
            .collect()
    }

    /// Orders the lists so that the records come in the order of `sort`; if that cannot be, no list is taken out any more.
    pub(super) fn set_sort(&mut self, sort: &KeyExpression, reverse: bool) -> bool {
        let columns = sort.normalized_columns();
        for (at, column) in columns.iter().enumerate().take(self.clauses.len()) {
            let found = (at..self.clauses.len()).find(|place| {
                let clause = self.clauses.get(*place);
                clause.is_some_and(|clause| clause.column.as_ref() == Some(column))
            });
            let Some(place) = found else {
                self.clauses.clear();
                self.sub_filter = self.filter.clone();
                return false;
            };
            let mut clause = self.clauses.remove(place);
            clause.source.order = match reverse {
                true => InOrder::Descending,
                false => InOrder::Ascending,
            };
            self.clauses.insert(at, clause);
        }
        true
    }

    /// Sorts each list, so that the records have an order.
    pub(super) fn sort_all(&mut self) {
        for clause in &mut self.clauses {
            clause.source.order = InOrder::Ascending;
        }
    }

    /// Takes each value of a list once.
    pub(super) fn drop_equal_values(&mut self) {
        for clause in &mut self.clauses {
            if let Operand::List(values) = &mut clause.source.values {
                let mut once: Vec<Element> = Vec::with_capacity(values.len());
                for value in values.drain(..) {
                    if !once.contains(&value) {
                        once.push(value);
                    }
                }
                *values = once;
            }
        }
    }

    /// Whether different values of a list may lead to one record.
    pub(super) fn may_repeat_records(&self) -> bool {
        let is_single = |clause: &Clause| {
            clause
                .column
                .as_ref()
                .is_some_and(|column| !column.creates_duplicates())
        };
        !self.clauses.iter().all(is_single)
    }

    /// The plan for all values of the lists.
    pub(super) fn wrap(&self, plan: Plan) -> Plan {
        self.clauses.iter().rev().fold(plan, |child, clause| Plan::InJoin {
            child: Box::new(child),
            source: clause.source.clone(),
        })
    }

    /// The plan for all combinations of values, merged. None if there are no lists, or too many combinations.
    pub(super) fn unite(
        &self,
        plan: Plan,
        comparison_key: KeyExpression,
        reverse: bool,
        combinations_max: usize,
    ) -> Option<Plan> {
        let mut combinations: usize = 1;
        for clause in &self.clauses {
            let Operand::List(values) = &clause.source.values else {
                return None;
            };
            combinations = combinations.checked_mul(values.len())?;
        }
        let is_united = !self.clauses.is_empty() && combinations <= combinations_max;
        is_united.then(|| Plan::InUnion {
            child: Box::new(plan),
            sources: self.clauses.iter().map(|clause| clause.source.clone()).collect(),
            comparison_key,
            reverse,
        })
    }

    /// The order of the wrapped plan, from that of the plan for one value of each list.
    pub(super) fn adjust_ordering(&self, ordering: OrderingKey) -> Option<OrderingKey> {
        let columns: Option<Vec<&KeyExpression>> = self.clauses.iter().map(|clause| clause.column.as_ref()).collect();
        Some(ordering.led_by(&columns?))
    }
}

/// What stands in place of a comparison.
enum Replacement {
    Comparison(Comparison),
    AnyOf(Vec<Element>),
}

/// The filter with other comparisons. `change` sees the name of the field, the comparison and the column.
fn map_comparisons(
    filter: &QueryComponent,
    parents: &[(&str, FanType)],
    change: &mut impl FnMut(&str, &Comparison, Option<KeyExpression>) -> Option<Replacement>,
) -> QueryComponent {
    let mut replaced = |name: &str,
                        fan_type: Option<FanType>,
                        comparison: &Comparison,
                        with: &dyn Fn(Comparison) -> QueryComponent| {
        let column = fan_type.map(|fan_type| column(parents, name, fan_type));
        match change(name, comparison, column) {
            None => filter.clone(),
            Some(Replacement::Comparison(comparison)) => with(comparison),
            Some(Replacement::AnyOf(values)) => {
                let equals = |value| with(Comparison::new(ComparisonKind::Equals, Operand::Value(value)));
                super::normalize::only_or(values.into_iter().map(equals), QueryComponent::Or)
            }
        }
    };
    match filter {
        QueryComponent::Field { name, comparison } => replaced(name, Some(FanType::None), comparison, &|comparison| {
            QueryComponent::Field {
                name: name.clone(),
                comparison,
            }
        }),
        QueryComponent::OneOfThem { name, comparison } => {
            replaced(name, Some(FanType::FanOut), comparison, &|comparison| {
                QueryComponent::OneOfThem {
                    name: name.clone(),
                    comparison,
                }
            })
        }
        QueryComponent::Version(comparison) => replaced("version", None, comparison, &QueryComponent::Version),
        QueryComponent::KeyExpression { expression, comparison } => {
            let name = match expression {
                KeyExpression::Function(function) => function.name(),
                _ => "column",
            };
            replaced(name, None, comparison, &|comparison| QueryComponent::KeyExpression {
                expression: expression.clone(),
                comparison,
            })
        }
        QueryComponent::RecordType(_) => filter.clone(),
        QueryComponent::And(children) => QueryComponent::And(
            children
                .iter()
                .map(|child| map_comparisons(child, parents, change))
                .collect(),
        ),
        QueryComponent::Or(children) => QueryComponent::Or(
            children
                .iter()
                .map(|child| map_comparisons(child, parents, change))
                .collect(),
        ),
        QueryComponent::Not(child) => QueryComponent::Not(Box::new(map_comparisons(child, parents, change))),
        QueryComponent::Nested { name, child } => QueryComponent::Nested {
            name: name.clone(),
            child: Box::new(map_comparisons(
                child,
                &[parents, &[(name, FanType::None)]].concat(),
                change,
            )),
        },
        QueryComponent::OneOfThemNested { name, child } => QueryComponent::OneOfThemNested {
            name: name.clone(),
            child: Box::new(map_comparisons(
                child,
                &[parents, &[(name, FanType::FanOut)]].concat(),
                change,
            )),
        },
    }
}

fn column(parents: &[(&str, FanType)], name: &str, fan_type: FanType) -> KeyExpression {
    let innermost = field(name).with_fan_type(fan_type).into();
    parents.iter().rev().fold(innermost, |child, (name, fan_type)| {
        field(*name).with_fan_type(*fan_type).nest(child)
    })
}
