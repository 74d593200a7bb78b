//! Key expressions: what Java's layer evaluated and refused, and the primary key columns that it left out of index entries.

use anyhow::{Context, Result, ensure};
use prost_reflect::{DescriptorPool, MessageDescriptor};
use record_store::key_expression::{CompiledExpression, RecordView, Rows, primary_key_component_positions};
use record_store::kv::tuple::{Element, Versionstamp};
use record_store::{Error, ErrorKind, KeyExpression, validate_record};
use serde_json::{Value, json};

use super::values::expression;
use super::{refused, same, unsupported};
use crate::golden::bytes::{from_base64, hex, text};
use crate::golden::case::Case;

/// An expression and what it gives for some records.
pub(super) fn evaluated(case: &Case, vector: &Value) -> Result<()> {
    let expression = expression(&vector["expression"])?;
    check(&expression, case, vector).with_context(|| expression.to_string())
}

fn check(expression: &KeyExpression, case: &Case, vector: &Value) -> Result<()> {
    same("columns", json!(expression.column_count()), vector["columns"].clone())?;
    same(
        "columns of versions",
        json!(expression.version_columns()),
        vector["version_columns"].clone(),
    )?;
    same(
        "creates duplicates",
        json!(expression.creates_duplicates()),
        vector["creates_duplicates"].clone(),
    )?;

    let pool = DescriptorPool::decode(from_base64(text(&case.json, "file_descriptor_set")?)?.as_slice())?;
    let message = pool.all_messages().find(|message| message.name() == vector["type"]);
    let message = message.with_context(|| format!("there is no message {}", vector["type"]))?;
    match vector.get("validate_error") {
        None => drop(expression.validate(&message)?),
        Some(_) => same(
            "refused for",
            refused(expression.validate(&message))?.kind(),
            ErrorKind::InvalidExpression,
        )?,
    }

    let record_type_key = record_type_key(&pool, &message)?;
    let mut left_out = None;
    for record in vector["records"].as_array().context("the records are missing")? {
        let bytes = from_base64(text(record, "record")?)?;
        validate_record(&bytes, &message)?;
        let version = Versionstamp::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
        let view = RecordView::new(&bytes, &record_type_key, Some(version));
        let rows = match evaluate(expression, &message, &view) {
            Ok(rows) => Some(rows?),
            Err(error) if error.kind() == ErrorKind::Unsupported => {
                left_out = Some(error);
                continue;
            }
            Err(_) => None,
        };
        let rows = rows.map_or(Value::Null, |rows| json!(rows));
        let javas = record.get("tuples").cloned().unwrap_or_default();
        same("rows", rows, javas).with_context(|| record["text"].to_string())?;
    }
    match left_out {
        Some(error) => Err(unsupported(error)),
        None => Ok(()),
    }
}

/// The rows of a record. The inner error says that the key of the only row is another.
fn evaluate(
    expression: &KeyExpression,
    message: &MessageDescriptor,
    record: &RecordView<'_>,
) -> Result<Result<Vec<String>>, Error> {
    let compiled = CompiledExpression::new(expression, message)?;
    let mut rows = Rows::default();
    compiled.evaluate(record, &mut rows)?;
    let all = rows.iter().map(|row| hex(row.bytes())).collect::<Vec<_>>();
    if let [row] = &all[..] {
        let mut key = vec![0xAB];
        compiled.append_key(record, &mut key)?;
        if hex(&key) != format!("ab{row}") {
            return Ok(Err(super::differs("the key of the only row", hex(&key), row)));
        }
    }
    Ok(Ok(all))
}

/// The smallest number of a field of the union that holds this type.
fn record_type_key(pool: &DescriptorPool, message: &MessageDescriptor) -> Result<Element> {
    let union = pool.all_messages().find(|message| message.name() == "RecordTypeUnion");
    let union = union.context("there is no union")?;
    let holders = union
        .fields()
        .filter(|field| field.kind().as_message() == Some(message));
    let number = holders.map(|field| i64::from(field.number())).min();
    Ok(Element::Int(number.context("the union does not hold the message")?))
}

/// Which columns of the primary key the entries of an index leave out.
pub(super) fn positions(vector: &Value) -> Result<()> {
    let (index, primary_key) = (expression(&vector["index"])?, expression(&vector["primary_key"])?);
    let positions = primary_key_component_positions(&index, &primary_key);
    let positions = positions.map(|positions| {
        let numbers = positions
            .into_iter()
            .map(|position| position.map_or(json!(-1), |at| json!(at)));
        numbers.collect::<Vec<Value>>()
    });
    ensure!(
        json!(positions) == vector["positions"],
        "{index} with {primary_key}: {positions:?}, Java's {}",
        vector["positions"]
    );
    Ok(())
}
