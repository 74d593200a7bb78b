//! Queries as the case files spell them.

use anyhow::{Context, Result, bail};
use record_store::KeyExpression;
use record_store::kv::tuple::Element;
use record_store::query::{Comparison, ComparisonKind, Operand, QueryComponent, RecordQuery};
use serde_json::Value;

use super::bytes::text;
use super::report::not_applicable;
use super::vectors::values;

/// A query.
pub(super) fn query(value: &Value) -> Result<RecordQuery> {
    let names = |list: &Value| -> Vec<String> {
        let list = list.as_array().map_or(&[][..], Vec::as_slice);
        list.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut query = RecordQuery::new(names(&value["types"]));
    if let Some(filter) = value.get("filter") {
        query = query.with_filter(component(filter)?);
    }
    if let Some(sort) = value.get("sort") {
        query = query
            .with_sort(values::expression(sort)?)
            .with_reverse(value["reverse"] == true);
    }
    if value["remove_duplicates"] == false {
        query = query.with_remove_duplicates(false);
    }
    if let Some(required) = value["required_results"].as_array() {
        let columns: Result<Vec<KeyExpression>> = required.iter().map(values::expression).collect();
        query = query.with_required_results(columns?);
    }
    if value.get("allowed_indexes").is_some() {
        query = query.with_allowed_indexes(names(&value["allowed_indexes"]));
    }
    Ok(query)
}

pub(super) fn component(value: &Value) -> Result<QueryComponent> {
    let children = |list: &Value| -> Result<Vec<QueryComponent>> {
        let list = list.as_array().context("a list of filters is expected")?;
        list.iter().map(component).collect()
    };
    for foreign in ["text", "rank"] {
        if value.get(foreign).is_some() {
            return Err(not_applicable(format!("queries of {foreign}")));
        }
    }
    if let Some(list) = value.get("and") {
        return Ok(QueryComponent::And(children(list)?));
    }
    if let Some(list) = value.get("or") {
        return Ok(QueryComponent::Or(children(list)?));
    }
    if let Some(child) = value.get("not") {
        return Ok(QueryComponent::Not(Box::new(component(child)?)));
    }
    if let Some(name) = value["record_type"].as_str() {
        return Ok(QueryComponent::RecordType(name.to_owned()));
    }
    if value["version"] == true {
        return Ok(QueryComponent::Version(comparison(value)?));
    }
    if let Some(expression) = value.get("key_expression") {
        return Ok(QueryComponent::KeyExpression {
            expression: values::expression(expression)?,
            comparison: comparison(value)?,
        });
    }
    let name = text(value, "field")?.to_owned();
    let one_of_them = value["one_of_them"] == true;
    Ok(match (value.get("matches"), one_of_them) {
        (Some(child), false) => QueryComponent::Nested {
            name,
            child: Box::new(component(child)?),
        },
        (Some(child), true) => QueryComponent::OneOfThemNested {
            name,
            child: Box::new(component(child)?),
        },
        (None, false) => QueryComponent::Field {
            name,
            comparison: comparison(value)?,
        },
        (None, true) => QueryComponent::OneOfThem {
            name,
            comparison: comparison(value)?,
        },
    })
}

fn comparison(value: &Value) -> Result<Comparison> {
    let kind = match text(value, "cmp")? {
        "EQUALS" => ComparisonKind::Equals,
        "NOT_EQUALS" => ComparisonKind::NotEquals,
        "LESS_THAN" => ComparisonKind::LessThan,
        "LESS_THAN_OR_EQUALS" => ComparisonKind::LessThanOrEquals,
        "GREATER_THAN" => ComparisonKind::GreaterThan,
        "GREATER_THAN_OR_EQUALS" => ComparisonKind::GreaterThanOrEquals,
        "STARTS_WITH" => ComparisonKind::StartsWith,
        "IN" => ComparisonKind::In,
        "IS_NULL" => ComparisonKind::IsNull,
        "NOT_NULL" => ComparisonKind::NotNull,
        "IS_EMPTY" => ComparisonKind::IsEmpty,
        "NOT_EMPTY" => ComparisonKind::NotEmpty,
        other => bail!("unknown comparison {other}"),
    };
    if kind.is_unary() {
        return Ok(Comparison::unary(kind));
    }
    if let Some(list) = value.get("values") {
        let elements: Vec<Element> = values::elements(list)?.iter().cloned().collect();
        return Ok(Comparison::new(kind, Operand::List(elements)));
    }
    Ok(Comparison::new(kind, Operand::Value(values::element(&value["value"])?)))
}
