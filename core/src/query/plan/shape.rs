//! Questions about the tree of a plan.

use std::collections::BTreeSet;

use super::{Bindings, InOrder, IndexScan, Plan};
use crate::query::QueryComponent;

impl Plan {
    /// The steps from which this one takes its records.
    pub(crate) fn children(&self) -> Vec<&Plan> {
        match self {
            Plan::Scan { .. } | Plan::Index(_) | Plan::Covering { .. } => Vec::new(),
            Plan::Fetch(child)
            | Plan::Distinct(child)
            | Plan::Filter { child, .. }
            | Plan::TypeFilter { child, .. }
            | Plan::InJoin { child, .. }
            | Plan::InUnion { child, .. }
            | Plan::Sort { child, .. } => vec![child],
            Plan::Union { children, .. }
            | Plan::UnorderedUnion { children, .. }
            | Plan::Intersection { children, .. } => children.iter().collect(),
        }
    }

    /// The same step over other children.
    pub(crate) fn map_children(self, change: &impl Fn(Plan) -> Plan) -> Plan {
        let one = |child: Box<Plan>| Box::new(change(*child));
        let all = |children: Vec<Plan>| children.into_iter().map(change).collect();
        match self {
            leaf @ (Plan::Scan { .. } | Plan::Index(_) | Plan::Covering { .. }) => leaf,
            Plan::Fetch(child) => Plan::Fetch(one(child)),
            Plan::Distinct(child) => Plan::Distinct(one(child)),
            Plan::Filter { child, filters } => Plan::Filter {
                child: one(child),
                filters,
            },
            Plan::TypeFilter { child, types } => Plan::TypeFilter {
                child: one(child),
                types,
            },
            Plan::InJoin { child, source } => Plan::InJoin {
                child: one(child),
                source,
            },
            Plan::InUnion {
                child,
                sources,
                comparison_key,
                reverse,
            } => Plan::InUnion {
                child: one(child),
                sources,
                comparison_key,
                reverse,
            },
            Plan::Sort { child, key, reverse } => Plan::Sort {
                child: one(child),
                key,
                reverse,
            },
            Plan::Union {
                children,
                comparison_key,
                reverse,
            } => Plan::Union {
                children: all(children),
                comparison_key,
                reverse,
            },
            Plan::UnorderedUnion { children, reverse } => Plan::UnorderedUnion {
                children: all(children),
                reverse,
            },
            Plan::Intersection {
                children,
                comparison_key,
                reverse,
            } => Plan::Intersection {
                children: all(children),
                comparison_key,
                reverse,
            },
        }
    }

    /// The same plan with values in place of slots.
    pub(crate) fn fill_slots(self, bindings: &Bindings) -> Plan {
        match self.map_children(&|child| child.fill_slots(bindings)) {
            Plan::Scan { comparisons, reverse } => Plan::Scan {
                comparisons: comparisons.fill_slots(bindings),
                reverse,
            },
            Plan::Index(scan) => Plan::Index(scan.fill_slots(bindings)),
            Plan::Covering {
                scan,
                record_type,
                record,
            } => Plan::Covering {
                scan: scan.fill_slots(bindings),
                record_type,
                record,
            },
            Plan::Filter { child, filters } => {
                let fill = |filter: &QueryComponent| filter.map_comparisons(&mut |own| bindings.fill_slot(own));
                Plan::Filter {
                    child,
                    filters: filters.iter().map(fill).collect(),
                }
            }
            other => other,
        }
    }

    /// Visits this step and all below it.
    pub(crate) fn visit(&self, visitor: &mut impl FnMut(&Plan)) {
        visitor(self);
        for child in self.children() {
            child.visit(visitor);
        }
    }

    /// Whether the records come in descending order; none where they have none.
    pub(crate) fn is_reverse(&self) -> Option<bool> {
        match self {
            Plan::Scan { reverse, .. }
            | Plan::Union { reverse, .. }
            | Plan::InUnion { reverse, .. }
            | Plan::UnorderedUnion { reverse, .. }
            | Plan::Intersection { reverse, .. }
            | Plan::Sort { reverse, .. } => Some(*reverse),
            Plan::Index(scan) | Plan::Covering { scan, .. } => Some(scan.reverse),
            Plan::Fetch(child)
            | Plan::Distinct(child)
            | Plan::Filter { child, .. }
            | Plan::TypeFilter { child, .. } => child.is_reverse(),
            Plan::InJoin { source, .. } => match source.order {
                InOrder::AsGiven => None,
                order => Some(order == InOrder::Descending),
            },
        }
    }

    /// The parameters whose values scans look up. Of an intersection these are those that all its parts look up. Java:
    /// `ComparisonsProperty`.
    pub(crate) fn looked_up(&self) -> BTreeSet<&str> {
        let own = match self {
            Plan::Scan { comparisons, .. } => comparisons.looked_up(),
            Plan::Index(scan) | Plan::Covering { scan, .. } => scan.comparisons.looked_up(),
            _ => BTreeSet::new(),
        };
        let mut of_children = self.children().into_iter().map(Plan::looked_up);
        let Some(first) = of_children.next() else {
            return own;
        };
        of_children.fold(first, |so_far, of_child| match self {
            Plan::Intersection { .. } => &so_far & &of_child,
            _ => &so_far | &of_child,
        })
    }

    /// How many fields the filters compare. Java: `FieldWithComparisonCountProperty`.
    pub(crate) fn compared_fields(&self) -> usize {
        let mut count = 0;
        self.visit(&mut |plan| {
            if let Plan::Filter { filters, .. } = plan {
                count += filters.iter().map(compared_fields).sum::<usize>();
            }
        });
        count
    }
}

impl IndexScan {
    fn fill_slots(self, bindings: &Bindings) -> Self {
        IndexScan {
            comparisons: self.comparisons.fill_slots(bindings),
            ..self
        }
    }
}

fn compared_fields(component: &QueryComponent) -> usize {
    match component {
        QueryComponent::Field { .. } => 1,
        QueryComponent::And(children) | QueryComponent::Or(children) => children.iter().map(compared_fields).sum(),
        QueryComponent::Not(child)
        | QueryComponent::Nested { child, .. }
        | QueryComponent::OneOfThemNested { child, .. } => compared_fields(child),
        QueryComponent::OneOfThem { .. }
        | QueryComponent::RecordType(_)
        | QueryComponent::Version(_)
        | QueryComponent::KeyExpression { .. } => 0,
    }
}
