//! Replays the golden cases of tuples: what Java packed, in which order, and which ranges it made.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use record_store_kv::tuple::{BigInt, Element, EndpointType, Tuple, TupleRange, Versionstamp};
use record_store_kv::{Subspace, strinc};
use serde_json::Value;

#[test]
fn tuples_are_packed_as_java_packs_them() {
    let vectors = vectors_of_kind("tuple");
    assert_eq!(vectors.len(), 312);
    for (case, vector) in vectors {
        let tuple = elements(&vector["elements"]);
        match vector.get("packed") {
            Some(packed) => check_packed(&case, &tuple, &hex(packed), &vector),
            None => check_packed_with_versionstamp(&case, &tuple, &vector),
        }
    }
}

fn check_packed(case: &str, tuple: &Tuple, packed: &[u8], vector: &Value) {
    assert_eq!(tuple.try_pack().unwrap(), packed, "{case}: {tuple}");
    assert_eq!(Tuple::unpack(packed).unwrap(), *tuple, "{case}: {tuple}");
    let range = Subspace::from(tuple.clone()).range();
    assert_eq!(*range.begin, hex(&vector["range_begin"]), "{case}: {tuple}");
    assert_eq!(*range.end, hex(&vector["range_end"]), "{case}: {tuple}");
}

fn check_packed_with_versionstamp(case: &str, tuple: &Tuple, vector: &Value) {
    let prefixed = hex(&vector["packed_with_versionstamp_prefix_010203"]);
    let subspace = Subspace::new(vec![1, 2, 3]);
    assert_eq!(
        subspace.pack_with_versionstamp(tuple).unwrap(),
        prefixed,
        "{case}: {tuple}"
    );
    assert_eq!(
        tuple.pack_with_versionstamp(b"").unwrap(),
        hex(&vector["packed_with_versionstamp"]),
        "{case}: {tuple}"
    );
    assert!(tuple.try_pack().is_err(), "{case}: {tuple}");
}

#[test]
fn tuples_sort_as_their_bytes() {
    let vectors = vectors_of_kind("tuple_order");
    let tuples: Vec<Tuple> = vectors
        .iter()
        .map(|(_, vector)| elements(&vector["elements"]))
        .collect();
    assert_eq!(tuples.len(), 22);
    for (tuple, (case, vector)) in tuples.iter().zip(&vectors) {
        assert_eq!(tuple.pack(), hex(&vector["packed"]), "{case}: {tuple}");
    }
    assert!(tuples.is_sorted_by(|a, b| a < b), "{tuples:?}");
}

#[test]
fn tuple_ranges_have_the_ends_that_java_gives_them() {
    let vectors = vectors_of_kind("tuple_range");
    assert_eq!(vectors.len(), 34);
    for (case, vector) in vectors {
        if let Some(prefix) = vector.get("strinc_of") {
            assert_eq!(strinc(&hex(prefix)), Some(hex(&vector["result"])), "{case}: {vector}");
            continue;
        }
        let end = |name: &str| {
            vector[name]
                .as_str()
                .map(|_| Tuple::unpack(&hex(&vector[name])).unwrap())
        };
        let endpoint = |name: &str| endpoint(vector[name].as_str().unwrap());
        let range = TupleRange::new(
            end("low"),
            end("high"),
            endpoint("low_endpoint"),
            endpoint("high_endpoint"),
        );
        match range.to_range(&Subspace::new(hex(&vector["subspace"]))) {
            Ok(keys) => {
                assert_eq!(*keys.begin, hex(&vector["begin"]), "{case}: {vector}");
                assert_eq!(*keys.end, hex(&vector["end"]), "{case}: {vector}");
            }
            Err(error) => assert!(vector.get("error").is_some(), "{case}: {vector}: {error}"),
        }
    }
}

/// The vectors of all cases of a kind, each with the name of its case.
fn vectors_of_kind(kind: &str) -> Vec<(String, Value)> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden");
    let read = |path: &Path| -> Value { serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap() };
    let mut vectors = Vec::new();
    for entry in read(&golden.join("index.json")).as_array().unwrap() {
        if entry["kind"] == kind {
            let name = entry["name"].as_str().unwrap();
            let case = read(&golden.join(format!("cases/{name}.json")));
            let of_case = case["vectors"].as_array().unwrap();
            vectors.extend(of_case.iter().map(|vector| (name.to_owned(), vector.clone())));
        }
    }
    vectors
}

fn elements(list: &Value) -> Tuple {
    list.as_array().unwrap().iter().map(element).collect()
}

/// A typed value of the golden files.
fn element(value: &Value) -> Element {
    let (kind, content) = value.as_object().unwrap().iter().next().unwrap();
    let text = content.as_str().unwrap_or_default();
    match kind.as_str() {
        "null" => Element::Null,
        "int" | "int32" => text.parse::<BigInt>().unwrap().into(),
        "string" => text.into(),
        "bytes" => hex(content).into(),
        "bool" => content.as_bool().unwrap().into(),
        "double_bits" => f64::from_bits(u64::from_str_radix(text, 16).unwrap()).into(),
        "float_bits" => f32::from_bits(u32::from_str_radix(text, 16).unwrap()).into(),
        "uuid" => text.parse::<uuid::Uuid>().unwrap().into(),
        "versionstamp" | "complete" => {
            let versionstamp = Versionstamp::from_bytes(hex(&value["versionstamp"]).try_into().unwrap());
            assert_eq!(versionstamp.is_complete(), value["complete"].as_bool().unwrap());
            versionstamp.into()
        }
        "tuple" | "list" => elements(content).into(),
        unknown => panic!("unknown kind of value {unknown}"),
    }
}

fn endpoint(name: &str) -> EndpointType {
    use EndpointType::*;
    [
        TreeStart,
        TreeEnd,
        RangeInclusive,
        RangeExclusive,
        Continuation,
        PrefixString,
    ]
    .into_iter()
    .find(|endpoint| endpoint.name() == name)
    .unwrap()
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let digits = (0..text.len()).step_by(2).map(|i| &text[i..i + 2]);
    digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
