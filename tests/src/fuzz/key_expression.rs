//! Input: an encoded `KeyExpression`. One that is accepted is written as it was read, answers every question, and if it can
//! be compiled its rows have the columns that it declares.

use std::sync::LazyLock;

use prost_reflect::DynamicMessage;
use prost_reflect::prost::Message;
use record_store::key_expression::{CompiledExpression, RecordView, Rows, primary_key_component_positions};
use record_store::kv::tuple::{Element, Versionstamp};
use record_store::{ErrorKind, KeyExpression, proto};

use super::refused;
use super::schema::{META_DATA, expressions};

/// Records of the two schemas, with something in most fields.
pub(super) static RECORDS: LazyLock<[Vec<u8>; 2]> = LazyLock::new(|| {
    META_DATA.each_ref().map(|metadata| {
        let record_type = metadata.record_type("Record").expect("both schemas have it");
        let mut json = serde_json::Deserializer::from_str(SAMPLE);
        let record = DynamicMessage::deserialize(record_type.descriptor().clone(), &mut json);
        record.expect("both schemas have the fields").encode_to_vec()
    })
});

pub(super) fn run(input: &[u8]) {
    let Ok(message) = proto::KeyExpression::decode(input) else {
        return;
    };
    let expression = match KeyExpression::from_proto(&message) {
        Ok(expression) => expression,
        Err(error) => return refused(&error, &[ErrorKind::MetaData, ErrorKind::InvalidExpression]),
    };
    let written = expression.to_proto();
    let again = KeyExpression::from_proto(&written).expect("what was written can be read");
    assert_eq!(again, expression);
    assert_eq!(again.to_proto().encode_to_vec(), written.encode_to_vec());
    assert_eq!(again.to_string(), expression.to_string());

    check_columns(&expression);
    for which in [0, 1] {
        check_rows(&expression, which);
    }
}

fn check_columns(expression: &KeyExpression) {
    let columns = expression.column_count();
    assert!(expression.is_prefix_of(expression));
    let normalized = expression.normalized_columns();
    if let KeyExpression::KeyWithValue(_) | KeyExpression::List(_) = expression {
        assert!(normalized.len() >= columns.min(1));
    }
    for key in expressions() {
        let _ = expression.is_prefix_of(&key);
        let _ = key.is_prefix_of(expression);
        let positions = primary_key_component_positions(expression, &key);
        assert!(positions.is_none_or(|positions| positions.iter().flatten().all(|at| *at < normalized.len())));
    }
    for (start, end) in [
        (0, columns),
        (0, 1),
        (1, columns),
        (columns / 2, columns),
        (columns, columns),
    ] {
        match expression.sub_key(start, end) {
            Ok(part) => assert!(start <= end && end <= columns, "{part}"),
            Err(error) => refused(&error, &[ErrorKind::InvalidExpression]),
        }
    }
    let _ = (
        expression.creates_duplicates(),
        expression.version_columns(),
        expression.has_record_type_prefix(),
    );
}

fn check_rows(expression: &KeyExpression, which: usize) {
    let record_type = META_DATA[which].record_type("Record").expect("both schemas have it");
    if let Err(error) = expression.validate(record_type.descriptor()) {
        refused(&error, &[ErrorKind::InvalidExpression]);
    }
    let compiled = match CompiledExpression::new(expression, record_type.descriptor()) {
        Ok(compiled) => compiled,
        Err(error) => return refused(&error, &[ErrorKind::InvalidExpression, ErrorKind::Unsupported]),
    };
    assert_eq!(compiled.key_column_count(), expression.column_count());
    for bytes in [&RECORDS[which][..], &[]] {
        let key = Element::Int(1);
        let record = RecordView::new(bytes, &key, Some(Versionstamp::incomplete(3)));
        let mut rows = Rows::default();
        if let Err(error) = compiled.evaluate(&record, &mut rows) {
            refused(&error, &[ErrorKind::InvalidRecord, ErrorKind::TooLarge]);
            continue;
        }
        for row in rows.iter() {
            assert_eq!(row.column_count(), compiled.column_count());
            assert_eq!(
                row.to_tuple().map_or(row.column_count(), |tuple| tuple.len()),
                row.column_count()
            );
            if let Some(at) = row.incomplete_version() {
                assert_eq!(row.bytes().get(at..at + 10), Some(&[0xFF; 10][..]), "{expression}");
            }
        }
    }
}

const SAMPLE: &str = r#"{
    "id": 1, "small": 2, "zigzag": -3, "fixed": 4, "wide": 5, "float": 0.5, "double": -1.5, "flag": true, "text": "t",
    "bytes": "AP8=", "kind": "SOME", "right": "r", "numbers": [3, 1, 2, 4], "zigzags": [-1, 1], "texts": ["a", "b"],
    "flags": [true, false], "doubles": [0.0, 2.5], "kinds": ["SOME", "LAST"], "map": {"1": {"x": 8}},
    "inner": {"x": 1, "s": "s", "ys": [1, 2], "deeper": {"x": 2, "more": [{"x": 3}, {"x": 4, "ys": [5]}]}},
    "inners": [{"x": 5}, {"x": 6, "ys": [7]}], "nullable": {"value": 9}
}"#;
