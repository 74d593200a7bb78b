//! Which fields of its records an index holds: filters are tested on entries before records are loaded, and a query that
//! asks for no other fields loads none. Java: `AvailableFields`, `FilterVisitor`, `removeIndexFetch`.

use prost_reflect::{Kind, MessageDescriptor};

use super::context::PlanContext;
use crate::key_expression::{FanType, KeyExpression, NullStandin, field};
use crate::metadata::{Index, RecordType};
use crate::query::QueryComponent;
use crate::query::plan::{EntryPart, IndexScan, PartialRecord, Plan, is_invertible};

/// Moves filters whose fields an index holds to its entries.
pub(super) fn filter_entries(context: &PlanContext<'_>, plan: Plan) -> Plan {
    let plan = plan.map_children(&|child| filter_entries(context, child));
    let Plan::Filter { child, filters } = plan else {
        return plan;
    };
    let Some(available) = AvailableFields::of_plan(context, &child) else {
        return Plan::Filter { child, filters };
    };
    let mut referenced = Vec::new();
    let (of_entries, of_records): (Vec<_>, Vec<_>) = filters.iter().cloned().partition(|filter| {
        let mut of_filter = Vec::new();
        let is_covered = referenced_columns(filter, &mut of_filter) && available.contains_all(&of_filter);
        if is_covered {
            referenced.append(&mut of_filter);
        }
        is_covered
    });
    if of_entries.is_empty() {
        return Plan::Filter { child, filters };
    }
    match covering(context, &child, &referenced) {
        Some(covering) => Plan::Fetch(Box::new(covering.filtered(of_entries))).filtered(of_records),
        None => Plan::Filter { child, filters },
    }
}

/// The plan without loading records, if its index holds all columns that the caller looks at.
pub(super) fn without_fetch(context: &PlanContext<'_>, plan: Plan, required: &[KeyExpression]) -> Plan {
    let plan = raise_fetch(context, plan);
    let required: Vec<KeyExpression> = required.iter().flat_map(KeyExpression::normalized_columns).collect();
    covering(context, &plan, &required).unwrap_or(plan)
}

/// Tells records apart before they are loaded.
fn raise_fetch(context: &PlanContext<'_>, plan: Plan) -> Plan {
    let plan = plan.map_children(&|child| raise_fetch(context, child));
    match plan {
        Plan::Distinct(child) => match covering(context, &child, &[]) {
            Some(covering) => Plan::Fetch(Box::new(Plan::Distinct(Box::new(covering)))),
            None => Plan::Distinct(child),
        },
        other => other,
    }
}

/// The plan over the entries of its index alone, if they hold these columns and the primary key.
fn covering(context: &PlanContext<'_>, plan: &Plan, required: &[KeyExpression]) -> Option<Plan> {
    match plan {
        Plan::Index(scan) => {
            let available = AvailableFields::of_scan(context, scan)?;
            let mut columns = required.to_vec();
            if let Some(primary_key) = context.primary_key() {
                columns.extend(primary_key.normalized_columns());
            }
            columns.retain(|column| !matches!(column, KeyExpression::RecordTypeKey(_) | KeyExpression::Literal(_)));
            if !available.contains_all(&columns) {
                return None;
            }
            available.covering(scan)
        }
        Plan::Fetch(child) => {
            let available = AvailableFields::of_plan(context, child)?;
            let mut columns = required.to_vec();
            columns.retain(|column| !matches!(column, KeyExpression::RecordTypeKey(_)));
            available.contains_all(&columns).then(|| (**child).clone())
        }
        _ => None,
    }
}

/// The fields that the entries of an index hold, with their places.
struct AvailableFields<'a> {
    record_type: &'a RecordType,
    columns: Vec<(KeyExpression, EntryPart)>,
}

impl<'a> AvailableFields<'a> {
    fn of_plan(context: &PlanContext<'a>, plan: &Plan) -> Option<Self> {
        match plan {
            Plan::Index(scan) | Plan::Covering { scan, .. } => AvailableFields::of_scan(context, scan),
            Plan::Fetch(child) | Plan::Filter { child, .. } | Plan::Distinct(child) => {
                AvailableFields::of_plan(context, child)
            }
            _ => None,
        }
    }

    /// None for an index on several types, and for one whose entries do not tell what a record must have.
    fn of_scan(context: &PlanContext<'a>, scan: &IndexScan) -> Option<Self> {
        let metadata = context.metadata();
        let index = metadata.index(&scan.index).ok()?;
        let mut types = metadata.record_types_for_index(index);
        let (record_type, None) = (types.next()?, types.next()) else {
            return None;
        };
        drop(types);
        let record_type = metadata.record_type(record_type.name()).ok()?;
        let available = AvailableFields {
            record_type,
            columns: columns_of(index, context.primary_key(), record_type.descriptor()),
        };
        available
            .partial_record()
            .is_valid(record_type.descriptor())
            .then_some(available)
    }

    fn contains_all(&self, columns: &[KeyExpression]) -> bool {
        let has = |wanted: &KeyExpression| self.columns.iter().any(|(column, _)| column == wanted);
        columns.iter().all(has)
    }

    fn partial_record(&self) -> PartialRecord {
        let mut record = PartialRecord::default();
        for (column, part) in &self.columns {
            record.add(&path(column).unwrap_or_default(), *part);
        }
        record
    }

    fn covering(&self, scan: &IndexScan) -> Option<Plan> {
        Some(Plan::Covering {
            scan: scan.clone(),
            record_type: self.record_type.name().to_owned(),
            record: self.partial_record(),
        })
    }
}

/// The columns of an index from which fields of a message can be made again.
fn columns_of(
    index: &Index,
    primary_key: Option<&KeyExpression>,
    message: &MessageDescriptor,
) -> Vec<(KeyExpression, EntryPart)> {
    let root = index.root_expression();
    let all = root.normalized_columns();
    let key_columns = match root {
        KeyExpression::KeyWithValue(covering) => covering.split_point().min(all.len()),
        _ => all.len(),
    };
    let (of_key, of_value) = all.split_at(key_columns);
    let mut places: Vec<(KeyExpression, EntryPart)> = Vec::new();
    for (at, column) in of_key.iter().enumerate() {
        places.push((column.clone(), EntryPart::Key(at)));
    }
    let positions = index.primary_key_component_positions().unwrap_or_default();
    let mut next = key_columns;
    for (at, column) in primary_key
        .map(KeyExpression::normalized_columns)
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        if !matches!(positions.get(at), Some(Some(_))) {
            places.push((column, EntryPart::Key(next)));
            next += 1;
        }
    }
    for (at, column) in of_value.iter().enumerate() {
        places.push((column.clone(), EntryPart::Value(at)));
    }
    places.retain(|(column, _)| is_field_of(column, message));
    places
}

/// Whether a column is one plain field, perhaps in messages.
fn is_field_of(column: &KeyExpression, message: &MessageDescriptor) -> bool {
    match column {
        KeyExpression::Field(field) => {
            field.fan_type() == FanType::None
                && field.null_standin() != NullStandin::NotNull
                && message
                    .get_field_by_name(field.name())
                    .is_some_and(|field| is_invertible(&field))
        }
        KeyExpression::Nest(nest) => {
            let inner = message.get_field_by_name(nest.parent().name());
            nest.parent().fan_type() == FanType::None
                && inner.is_some_and(|inner| match inner.kind() {
                    Kind::Message(inner_message) => !inner.is_list() && is_field_of(nest.child(), &inner_message),
                    _ => false,
                })
        }
        _ => false,
    }
}

fn path(column: &KeyExpression) -> Option<Vec<&str>> {
    match column {
        KeyExpression::Field(field) => Some(vec![field.name()]),
        KeyExpression::Nest(nest) => {
            let mut path = vec![nest.parent().name()];
            path.extend(self::path(nest.child())?);
            Some(path)
        }
        _ => None,
    }
}

/// Collects the columns that a filter reads; says whether these are all. Java: `findFilterReferencedFields`.
fn referenced_columns(filter: &QueryComponent, columns: &mut Vec<KeyExpression>) -> bool {
    use crate::query::ComparisonKind::{IsEmpty, NotEmpty};
    match filter {
        QueryComponent::Field { comparison, .. } if matches!(comparison.kind(), IsEmpty | NotEmpty) => false,
        QueryComponent::Field { name, .. } => {
            columns.push(field(name).into());
            true
        }
        QueryComponent::And(children) | QueryComponent::Or(children) => {
            children.iter().all(|child| referenced_columns(child, columns))
        }
        QueryComponent::Not(child) => referenced_columns(child, columns),
        QueryComponent::KeyExpression { expression, .. } => columns_of_expression(expression, columns),
        QueryComponent::Nested { name, child } => {
            let mut of_child = Vec::new();
            let is_known = referenced_columns(child, &mut of_child);
            columns.extend(of_child.into_iter().map(|column| field(name).nest(column)));
            is_known
        }
        QueryComponent::OneOfThem { .. }
        | QueryComponent::OneOfThemNested { .. }
        | QueryComponent::RecordType(_)
        | QueryComponent::Version(_) => false,
    }
}

fn columns_of_expression(expression: &KeyExpression, columns: &mut Vec<KeyExpression>) -> bool {
    match expression {
        KeyExpression::Then(then) => then
            .children()
            .iter()
            .all(|child| columns_of_expression(child, columns)),
        KeyExpression::Function(function) => columns_of_expression(function.arguments(), columns),
        KeyExpression::Literal(_) => true,
        other => {
            columns.push(other.clone());
            true
        }
    }
}
