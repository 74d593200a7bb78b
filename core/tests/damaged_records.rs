//! Damages the records of the golden cases: a key expression makes rows of them or says why not, and never panics.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost::Message;
use prost_reflect::DescriptorPool;
use record_store::key_expression::{CompiledExpression, RecordView, Rows};
use record_store::{ErrorKind, KeyExpression, proto};
use record_store_kv::tuple::Element;
use serde_json::Value;

#[test]
fn damaged_records_are_errors_or_other_records() {
    let mut damaged_count = 0;
    for case in cases_of_key_expressions() {
        let pool = DescriptorPool::decode(&*base64(&case["file_descriptor_set"])).unwrap();
        for vector in case["vectors"].as_array().unwrap() {
            let message = proto::KeyExpression::decode(&*base64(&vector["expression"]["proto"])).unwrap();
            let expression = KeyExpression::from_proto(&message).unwrap();
            let message = pool.all_messages().find(|message| message.name() == vector["type"]);
            let Ok(compiled) = CompiledExpression::new(&expression, &message.unwrap()) else {
                continue;
            };
            for record in vector["records"].as_array().unwrap() {
                damaged_count += evaluate_damaged(&compiled, &base64(&record["record"]));
            }
        }
    }
    assert!(damaged_count > 10_000, "{damaged_count}");
}

/// Evaluates every beginning of a record, and the record with each of its bytes changed.
fn evaluate_damaged(compiled: &CompiledExpression, bytes: &[u8]) -> usize {
    let (record_type_key, mut rows) = (Element::Int(1), Rows::default());
    for at in 0..bytes.len() {
        let mut flipped = bytes.to_vec();
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
    2 * bytes.len()
}

fn cases_of_key_expressions() -> impl Iterator<Item = Value> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden");
    let read = |path: &Path| -> Value { serde_json::from_slice(&fs::read(path).unwrap()).unwrap() };
    let Value::Array(index) = read(&golden.join("index.json")) else {
        panic!("the index is a list");
    };
    let wanted = index.into_iter().filter(|entry| entry["kind"] == "key_expression");
    wanted.map(move |entry| read(&golden.join(format!("cases/{}.json", entry["name"].as_str().unwrap()))))
}

fn base64(value: &Value) -> Vec<u8> {
    BASE64_STANDARD.decode(value.as_str().unwrap()).unwrap()
}
