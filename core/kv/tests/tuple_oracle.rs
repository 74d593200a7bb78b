//! Random tuples against the crate `foundationdb-tuple`, and random bytes against the decoder. proptest prints the seed
//! of a failure and keeps it in a file beside this one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use foundationdb_tuple as oracle;
use num_bigint::Sign;
use proptest::collection::vec;
use proptest::prelude::*;
use record_store_kv::tuple::{BigInt, Decoder, Element, Tuple, Versionstamp};

fn any_element() -> impl Strategy<Value = Element> {
    let leaf = prop_oneof![
        Just(Element::Null),
        vec(byte(), 0..8).prop_map(Element::from),
        ".{0,6}".prop_map(Element::from),
        "[\\x00a\u{10000}\u{FFFF}]{0,4}".prop_map(Element::from),
        any::<i64>().prop_map(Element::from),
        (any::<i64>(), 0..64).prop_map(|(value, shift)| Element::from(value >> shift)),
        any::<u64>().prop_map(Element::from),
        any::<i128>().prop_map(Element::from),
        (any::<bool>(), vec(byte(), 0..=255))
            .prop_map(|(negative, magnitude)| { BigInt::from_sign_magnitude(negative, &magnitude).unwrap().into() }),
        any::<u32>().prop_map(|bits| f32::from_bits(bits).into()),
        any::<u64>().prop_map(|bits| f64::from_bits(bits).into()),
        any::<bool>().prop_map(Element::from),
        any::<[u8; 16]>().prop_map(|bytes| uuid::Uuid::from_bytes(bytes).into()),
        (any::<[u8; 10]>(), any::<u16>()).prop_map(|(version, user)| Versionstamp::complete(version, user).into()),
        any::<u16>().prop_map(|user| Versionstamp::incomplete(user).into()),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        vec(inner, 0..4).prop_map(|elements| Tuple::from(elements).into())
    })
}

/// Zeros and FFs more often than chance has it: they are what escaping is about.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![Just(0x00), Just(0xFF), any::<u8>()]
}

fn any_tuple() -> impl Strategy<Value = Tuple> {
    vec(any_element(), 0..5).prop_map(Tuple::from)
}

fn to_oracle(element: &Element) -> oracle::Element<'static> {
    match element {
        Element::Null => oracle::Element::Nil,
        Element::Bytes(value) => oracle::Element::Bytes(value.to_vec().into()),
        Element::String(value) => oracle::Element::String(value.clone().into()),
        Element::Tuple(value) => oracle::Element::Tuple(value.iter().map(to_oracle).collect()),
        Element::Int(value) => oracle::Element::Int(*value),
        Element::BigInt(value) => {
            let sign = if value.is_negative() { Sign::Minus } else { Sign::Plus };
            oracle::Element::BigInt(num_bigint::BigInt::from_bytes_be(sign, value.magnitude()))
        }
        Element::Float(value) => oracle::Element::Float(*value),
        Element::Double(value) => oracle::Element::Double(*value),
        Element::Bool(value) => oracle::Element::Bool(*value),
        Element::Uuid(value) => oracle::Element::Uuid(*value),
        Element::Versionstamp(value) => oracle::Element::Versionstamp((*value.as_bytes()).into()),
    }
}

fn oracle_tuple(tuple: &Tuple) -> Vec<oracle::Element<'static>> {
    tuple.iter().map(to_oracle).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn packed_bytes_are_the_oracles(tuple in any_tuple()) {
        let packed = tuple.pack();
        prop_assert_eq!(&packed, &oracle::pack(&oracle_tuple(&tuple)));
        let unpacked: Vec<oracle::Element<'_>> = oracle::unpack(&packed).unwrap();
        prop_assert_eq!(unpacked, oracle_tuple(&tuple));
    }

    #[test]
    fn unpacking_gives_the_tuple_back(tuple in any_tuple()) {
        let packed = tuple.pack();
        prop_assert_eq!(&Tuple::unpack(&packed).unwrap(), &tuple);
        for (element, skipped) in tuple.iter().zip(skip_all(&packed).unwrap()) {
            prop_assert_eq!(skipped, Tuple::from([element.clone()].as_slice()).pack());
        }
    }

    #[test]
    fn order_equality_and_hash_are_those_of_the_bytes(a in any_tuple(), b in any_tuple()) {
        prop_assert_eq!(a.cmp(&b), a.pack().cmp(&b.pack()));
        let again = Tuple::unpack(&a.pack()).unwrap();
        prop_assert_eq!(&a, &again);
        prop_assert_eq!(hash(&a), hash(&again));
    }

    #[test]
    fn versionstamp_offsets_are_the_oracles(tuple in any_tuple(), prefix in vec(byte(), 0..4)) {
        let oracle = oracle::Subspace::from_bytes(prefix.clone());
        match tuple.pack_with_versionstamp(&prefix) {
            Ok(packed) => prop_assert_eq!(packed, oracle.pack_with_versionstamp(&oracle_tuple(&tuple))),
            Err(error) => {
                let incomplete: usize = oracle_tuple(&tuple).iter().map(|e| e.count_incomplete_versionstamp()).sum();
                prop_assert_ne!(incomplete, 1, "{}", error);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_tuple_or_an_error(bytes in vec(tuple_byte(), 0..40)) {
        let skipped = skip_all(&bytes);
        if let Ok(tuple) = Tuple::unpack(&bytes) {
            prop_assert_eq!(skipped.unwrap().concat(), bytes);
            prop_assert_eq!(Tuple::unpack(&tuple.pack()).unwrap(), tuple);
        }
    }
}

/// Type codes more often than chance has it.
fn tuple_byte() -> impl Strategy<Value = u8> {
    let codes = vec![
        0x00, 0x01, 0x02, 0x05, 0x0B, 0x0C, 0x13, 0x14, 0x15, 0x1C, 0x1D, 0x20, 0x21, 0x26, 0x30, 0x33, 0xFF,
    ];
    prop_oneof![3 => prop::sample::select(codes), 1 => any::<u8>()]
}

fn skip_all(bytes: &[u8]) -> record_store_kv::Result<Vec<&[u8]>> {
    let mut decoder = Decoder::new(bytes);
    let mut skipped = Vec::new();
    while let Some(element) = decoder.skip_element()? {
        skipped.push(element);
    }
    Ok(skipped)
}

fn hash(tuple: &Tuple) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    tuple.hash(&mut hasher);
    hasher.finish()
}
