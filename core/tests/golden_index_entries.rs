//! Checks the value indexes of the golden stores: their entries are what the key expressions give for the stored records.
//!
//! Nothing is saved here: both sides are Java's bytes, so a difference is one of key expressions or meta-data.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use record_store::key_expression::{CompiledExpression, RecordView, Rows};
use record_store::{Index, RecordMetaData};
use record_store_kv::tuple::{Decoder, Element, Tuple, Versionstamp};
use serde_json::Value;

/// Keys and values below a store's subspace.
type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

#[test]
fn value_indexes_hold_what_key_expressions_give() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/cases");
    let mut paths: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    let (mut stores, mut records, mut entries) = (0, 0, 0);
    for path in paths {
        let case: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        if let Some(counts) = check_store(&case) {
            stores += 1;
            records += counts.0;
            entries += counts.1;
        }
    }
    assert_eq!((stores, records, entries), (178, 2960, 4125));
}

/// How many records and index entries were compared; `None` for a case that is no plain store.
fn check_store(case: &Value) -> Option<(usize, usize)> {
    let keys = case["keys"].as_array().filter(|keys| !keys.is_empty())?;
    let metadata = case["metadata_versions"]
        .as_array()
        .and_then(|all| all.last())
        .unwrap_or(&case["metadata"]);
    let is_transformed = case["family"] == "serializer" || !case["serializer"].is_null();
    if case["kind"] != "store" || is_transformed || metadata.is_null() {
        return None;
    }
    let name = case["name"].as_str().unwrap();
    let metadata =
        RecordMetaData::from_proto_bytes(BASE64_STANDARD.decode(metadata.as_str().unwrap()).unwrap()).unwrap();
    let mut dump: Entries = keys.iter().map(|entry| (hex(&entry[0]), hex(&entry[1]))).collect();
    // An index that is not readable may lack entries; the case of the scrubber has wrong ones.
    let has_states = below(&dump, &[0x15, 5]).next().is_some();
    let stored = stored_records(&dump)?;
    if has_states || stored.is_empty() || name == "scrub" {
        return None;
    }

    let mut expected = Entries::new();
    for (primary_key, record) in &stored {
        let (number, bytes) = union_field(&record.union);
        let record_type = metadata.record_type_from_union_field(number).unwrap();
        let view = RecordView::new(bytes, record_type.record_type_key(), record.version);
        let mut key = Vec::new();
        let compile = |expression| CompiledExpression::new(expression, record_type.descriptor()).unwrap();
        compile(record_type.primary_key()).append_key(&view, &mut key).unwrap();
        assert_eq!(key, *primary_key, "{name}: the primary key of {bytes:?}");

        for index in metadata.indexes_of(record_type) {
            if !is_checked(index) {
                continue;
            }
            let mut rows = Rows::default();
            let compiled = compile(index.root_expression());
            compiled.evaluate(&view, &mut rows).unwrap();
            for row in rows.iter() {
                let mut key = Tuple::from((2, index.subspace_key().clone())).pack();
                let key_columns = compiled.key_column_count();
                key.extend(row.columns(0..key_columns));
                key.extend(trimmed(primary_key, index.primary_key_component_positions()));
                expected.insert(key, row.columns(key_columns..row.column_count()).to_vec());
            }
        }
    }
    let subspaces: Vec<Vec<u8>> = metadata
        .indexes()
        .filter(|index| is_checked(index) && metadata.record_types_for_index(index).next().is_some())
        .map(|index| Tuple::from((2, index.subspace_key().clone())).pack())
        .collect();
    dump.retain(|key, _| subspaces.iter().any(|subspace| key.starts_with(subspace)));
    assert_eq!(dump, expected, "{name}");
    Some((stored.len(), expected.len()))
}

/// Whether every record has its entries in the index, and they can be made here.
fn is_checked(index: &Index) -> bool {
    let is_collation = index.root_expression().to_string().contains("collate_jre");
    index.kind() == "value" && index.predicate().is_none() && !is_collation
}

/// The columns of the primary key that the index does not have.
fn trimmed(primary_key: &[u8], positions: Option<&[Option<usize>]>) -> Vec<u8> {
    let mut columns = Decoder::new(primary_key);
    let mut kept = Vec::new();
    let mut index = 0;
    while let Some(column) = columns.skip_element().unwrap() {
        if positions.is_none_or(|positions| positions[index].is_none()) {
            kept.extend_from_slice(column);
        }
        index += 1;
    }
    kept
}

/// What is stored of a record.
#[derive(Default)]
struct Stored {
    union: Vec<u8>,
    version: Option<Versionstamp>,
}

/// The records by their packed primary keys; `None` if a record is split, or has no suffix.
fn stored_records(dump: &Entries) -> Option<BTreeMap<Vec<u8>, Stored>> {
    let mut records: BTreeMap<Vec<u8>, Stored> = BTreeMap::new();
    for (key, value) in below(dump, &[0x15, 1]) {
        let suffix = Tuple::unpack(key).unwrap().last().and_then(Element::as_i64)?;
        let (record, version) = (key.len() - RECORD_SUFFIX.len(), key.len() - VERSION_SUFFIX.len());
        match suffix {
            0 => records.entry(key[2..record].to_vec()).or_default().union = value.clone(),
            -1 => {
                let stamp = Tuple::unpack(value).unwrap().first().and_then(Element::as_versionstamp);
                records.entry(key[2..version].to_vec()).or_default().version = stamp;
            }
            _ => return None,
        }
    }
    records
        .values()
        .all(|record| !record.union.is_empty())
        .then_some(records)
}

fn below<'a>(dump: &'a Entries, prefix: &'a [u8]) -> impl Iterator<Item = (&'a Vec<u8>, &'a Vec<u8>)> {
    dump.iter().filter(move |(key, _)| key.starts_with(prefix))
}

/// The number and the bytes of the only field of a union.
fn union_field(mut union: &[u8]) -> (u32, &[u8]) {
    let tag = prost::encoding::decode_varint(&mut union).unwrap();
    let len = prost::encoding::decode_varint(&mut union).unwrap() as usize;
    assert_eq!((tag & 7, len), (2, union.len()));
    ((tag >> 3) as u32, union)
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// What follows the primary key in the key of an unsplit record and of a version: 0 and -1, packed.
const RECORD_SUFFIX: [u8; 1] = [0x14];
const VERSION_SUFFIX: [u8; 2] = [0x13, 0xFE];
