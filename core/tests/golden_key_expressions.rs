//! Replays the golden cases of key expressions: what Java's layer evaluated, refused, trimmed and ordered, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost::Message;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use record_store::key_expression::{
    CompiledExpression, RecordView, Rows, TupleOrdering, primary_key_component_positions,
};
use record_store::{Error, ErrorKind, KeyExpression, proto, validate_record};
use record_store_kv::tuple::{Element, Tuple, Versionstamp};
use serde_json::Value;

/// The vectors of all cases of one kind, each with the name of its case and the case itself.
fn vectors(kind: &str) -> Vec<(String, Value, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/cases");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let mut vectors = Vec::new();
    for path in paths {
        let text = fs::read_to_string(path).unwrap();
        let mut case: Value = serde_json::from_str(&text).unwrap();
        if case["kind"] != kind {
            continue;
        }
        let Value::Array(list) = case["vectors"].take() else {
            panic!("a case of kind {kind} has vectors");
        };
        let name = case["name"].as_str().unwrap().to_owned();
        vectors.extend(list.into_iter().map(|vector| (name.clone(), case.clone(), vector)));
    }
    vectors
}

fn base64(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn expression(value: &Value) -> KeyExpression {
    let message = proto::KeyExpression::decode(&*base64(&value["proto"])).unwrap();
    let expression = KeyExpression::from_proto(&message).unwrap();
    assert_eq!(expression.to_proto(), message, "written again: {expression}");
    // Java shows byte arrays by their address.
    let repr = value["repr"].as_str().unwrap();
    if !repr.contains("[B@") {
        assert_eq!(expression.to_string(), repr);
    }
    expression
}

/// The smallest number of a field of the union that holds this type.
fn record_type_key(pool: &DescriptorPool, message: &MessageDescriptor) -> Element {
    let union = pool
        .all_messages()
        .find(|message| message.name() == "RecordTypeUnion")
        .unwrap();
    let holders = union
        .fields()
        .filter(|field| field.kind().as_message() == Some(message));
    Element::Int(holders.map(|field| i64::from(field.number())).min().unwrap())
}

fn evaluate(
    expression: &KeyExpression,
    message: &MessageDescriptor,
    record: &RecordView<'_>,
) -> Result<Vec<Vec<u8>>, Error> {
    let compiled = CompiledExpression::new(expression, message)?;
    let mut rows = Rows::default();
    compiled.evaluate(record, &mut rows)?;
    if let Some(row) = rows.get(0).filter(|_| rows.len() == 1) {
        let mut key = vec![0xAB];
        compiled.append_key(record, &mut key)?;
        assert_eq!(key[1..], *row.bytes(), "the key of the only row");
    }
    Ok(rows.iter().map(|row| row.bytes().to_vec()).collect())
}

#[test]
fn expressions_evaluate_as_in_java() {
    let (mut vectors_seen, mut records_seen, mut collations) = (0, 0, 0);
    for (case, data, vector) in vectors("key_expression") {
        let expression = expression(&vector["expression"]);
        let at = format!("{case}: {expression}");
        assert_eq!(expression.column_count() as u64, vector["columns"], "{at}");
        assert_eq!(expression.version_columns() as u64, vector["version_columns"], "{at}");
        assert_eq!(expression.creates_duplicates(), vector["creates_duplicates"], "{at}");

        let pool = DescriptorPool::decode(&*base64(&data["file_descriptor_set"])).unwrap();
        let type_name = vector["type"].as_str().unwrap();
        let message = pool.all_messages().find(|message| message.name() == type_name).unwrap();
        let validated = expression.validate(&message);
        assert_eq!(
            validated.is_err(),
            vector.get("validate_error").is_some(),
            "{at}: {validated:?}"
        );
        if let Err(error) = validated {
            assert_eq!(error.kind(), ErrorKind::InvalidExpression, "{at}");
        }

        let record_type_key = record_type_key(&pool, &message);
        for record in vector["records"].as_array().unwrap() {
            let bytes = base64(&record["record"]);
            validate_record(&bytes, &message).unwrap();
            let version = Versionstamp::from_bytes([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
            let view = RecordView::new(&bytes, &record_type_key, Some(version));
            let at = format!("{at} of {}", record["text"]);
            match (evaluate(&expression, &message, &view), record.get("tuples")) {
                (Ok(rows), Some(tuples)) => {
                    let expected: Vec<Vec<u8>> = tuples
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|tuple| hex(tuple.as_str().unwrap()))
                        .collect();
                    assert_eq!(rows, expected, "{at}");
                }
                (Err(error), Some(_)) if error.kind() == ErrorKind::Unsupported => {
                    assert!(
                        vector["expression"]["repr"]
                            .as_str()
                            .unwrap()
                            .starts_with("collate_jre"),
                        "{at}"
                    );
                    collations += 1;
                    continue;
                }
                (Err(_), None) => {}
                (result, expected) => panic!("{at}: {result:?} instead of {expected:?}"),
            }
            records_seen += 1;
        }
        vectors_seen += 1;
    }
    assert_eq!((vectors_seen, records_seen, collations), (168, 648, 6));
}

#[test]
fn damaged_records_are_errors_or_other_records() {
    for (_, data, vector) in vectors("key_expression") {
        let expression = expression(&vector["expression"]);
        let pool = DescriptorPool::decode(&*base64(&data["file_descriptor_set"])).unwrap();
        let message = pool
            .all_messages()
            .find(|message| message.name() == vector["type"])
            .unwrap();
        let Ok(compiled) = CompiledExpression::new(&expression, &message) else {
            continue;
        };
        let (record_type_key, mut rows) = (Element::Int(1), Rows::default());
        for record in vector["records"].as_array().unwrap() {
            let bytes = base64(&record["record"]);
            for at in 0..bytes.len() {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << (at % 8);
                for damaged in [&bytes[..at], &flipped] {
                    let view = RecordView::new(damaged, &record_type_key, None);
                    // Whatever the bytes say: rows of the right width, or a reason.
                    match compiled.evaluate(&view, &mut rows) {
                        Ok(()) => assert!(rows.iter().all(|row| row.column_count() == compiled.column_count())),
                        Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidRecord, "{error}"),
                    }
                }
            }
        }
    }
}

#[test]
fn index_entries_leave_out_the_primary_key_columns_that_java_leaves_out() {
    let vectors = vectors("index_primary_key_positions");
    assert_eq!(vectors.len(), 24);
    for (_, _, vector) in vectors {
        let (index, primary_key) = (expression(&vector["index"]), expression(&vector["primary_key"]));
        let positions = primary_key_component_positions(&index, &primary_key);
        let positions = positions.map(|positions| {
            positions
                .into_iter()
                .map(|position| position.map_or(-1, |position| position as i64))
                .collect::<Vec<_>>()
        });
        assert_eq!(
            serde_json::to_value(positions).unwrap(),
            vector["positions"],
            "{index} with {primary_key}"
        );
    }
}

#[test]
fn ordered_tuples_are_javas_bytes() {
    let vectors = vectors("tuple_ordering");
    assert_eq!(vectors.len(), 204);
    for (case, _, vector) in vectors {
        let ordering = match vector["direction"].as_str().unwrap() {
            "ASC_NULLS_FIRST" => TupleOrdering::AscNullsFirst,
            "ASC_NULLS_LAST" => TupleOrdering::AscNullsLast,
            "DESC_NULLS_FIRST" => TupleOrdering::DescNullsFirst,
            "DESC_NULLS_LAST" => TupleOrdering::DescNullsLast,
            other => panic!("{other} is no direction"),
        };
        let elements: Vec<Element> = vector["elements"].as_array().unwrap().iter().map(element).collect();
        let columns: Vec<Vec<u8>> = elements
            .iter()
            .map(|element| Tuple::from(vec![element.clone()]).pack())
            .collect();
        let packed = ordering.pack(columns.iter().map(Vec::as_slice));
        let at = format!("{case}: {elements:?} {ordering:?}");
        assert_eq!(packed, hex(vector["packed"].as_str().unwrap()), "{at}");
        assert_eq!(
            Tuple::unpack(&ordering.unpack(&packed).unwrap()).unwrap(),
            Tuple::from(elements),
            "{at}"
        );
    }
}

/// A typed value of the case files.
fn element(value: &Value) -> Element {
    let (name, value) = value.as_object().unwrap().iter().next().unwrap();
    let text = value.as_str().unwrap_or_default();
    match name.as_str() {
        "null" => Element::Null,
        "int" => Element::BigInt(text.parse().unwrap()),
        "int32" => Element::Int(text.parse().unwrap()),
        "string" => Element::String(text.to_owned()),
        "bytes" => Element::Bytes(hex(text).into()),
        "bool" => Element::Bool(value.as_bool().unwrap()),
        "double_bits" => Element::Double(f64::from_bits(u64::from_str_radix(text, 16).unwrap())),
        "float_bits" => Element::Float(f32::from_bits(u32::from_str_radix(text, 16).unwrap())),
        "uuid" => Element::Uuid(text.parse().unwrap()),
        "versionstamp" => Element::Versionstamp(Versionstamp::from_bytes(hex(text).try_into().unwrap())),
        "tuple" | "list" => Element::Tuple(
            value
                .as_array()
                .unwrap()
                .iter()
                .map(element)
                .collect::<Vec<Element>>()
                .into(),
        ),
        other => panic!("{other} is no type of value"),
    }
}
