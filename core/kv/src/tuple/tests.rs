//! Tuples as bytes and back, in tables.

use super::*;

#[test]
fn integers_are_packed_in_as_few_bytes_as_they_need() {
    let check = |value: i128, packed: &[u8]| {
        let tuple = Tuple::from((value,));
        assert_eq!(tuple.pack(), packed, "{value}");
        let unpacked = Tuple::unpack(packed).unwrap();
        assert_eq!(unpacked, tuple);
        let held_as_int = matches!(unpacked[0], Element::Int(_));
        assert_eq!(held_as_int, i64::try_from(value).is_ok(), "{value}");
    };
    check(0, b"\x14");
    check(-1, b"\x13\xfe");
    check(i64::MAX.into(), b"\x1c\x7f\xff\xff\xff\xff\xff\xff\xff");
    check(1 << 63, b"\x1c\x80\0\0\0\0\0\0\0");
    check(u64::MAX.into(), b"\x1c\xff\xff\xff\xff\xff\xff\xff\xff");
    check(1 << 64, b"\x1d\x09\x01\0\0\0\0\0\0\0\0");
    check(i64::MIN.into(), b"\x0c\x7f\xff\xff\xff\xff\xff\xff\xff");
    check(i128::from(i64::MIN) - 1, b"\x0c\x7f\xff\xff\xff\xff\xff\xff\xfe");
    check(-i128::from(u64::MAX), b"\x0c\0\0\0\0\0\0\0\0");
    check(-(1 << 64), b"\x0b\xf6\xfe\xff\xff\xff\xff\xff\xff\xff\xff");
}

#[test]
fn integers_equal_however_they_are_held() {
    let big = Element::BigInt(BigInt::from(5_i64));
    assert_eq!(big, Element::Int(5));
    assert_eq!(big.as_i64(), Some(5));
    assert!(Element::BigInt(BigInt::from(1_i128 << 70)) > Element::Int(i64::MAX));
    assert!(Element::BigInt(BigInt::from(-(1_i128 << 70))) < Element::Int(i64::MIN));
}

#[test]
fn integers_longer_than_they_need_be_are_read() {
    let check = |packed: &[u8], value: i64| assert_eq!(Tuple::unpack(packed).unwrap(), Tuple::from((value,)));
    check(b"\x16\x00\x07", 7);
    check(b"\x1d\x01\x07", 7);
    check(b"\x1d\x00", 0);
    check(b"\x13\xff", 0);
    check(b"\x0b\xfe\xf8", -7);
}

#[test]
fn big_integers_are_written_and_read_in_decimal() {
    for text in [
        "0",
        "-1",
        "255",
        "-256",
        "18446744073709551616",
        "-36893488147419103232",
    ] {
        assert_eq!(text.parse::<BigInt>().unwrap().to_string(), text);
    }
    assert_eq!("-0".parse::<BigInt>().unwrap(), BigInt::from(0_i64));
    assert_eq!("+12".parse::<BigInt>().unwrap().to_i128(), Some(12));
    for text in ["", "-", "1a", "--1", "+-1"] {
        assert!(text.parse::<BigInt>().is_err(), "{text}");
    }
    assert_eq!(BigInt::from(i128::MIN).to_i128(), Some(i128::MIN));
    assert_eq!(BigInt::from(i128::MIN).to_i64(), None);
    assert_eq!((-BigInt::from(i128::MIN)).to_i128(), None);
    assert_eq!(-(-BigInt::from(7_i64)), BigInt::from(7_i64));
    assert_eq!(BigInt::from_sign_magnitude(true, &[0, 0]).unwrap(), BigInt::from(0_i64));
}

#[test]
fn an_integer_of_more_than_255_bytes_is_refused() {
    let mut magnitude = vec![0x00];
    magnitude.extend([0xFF; 255]);
    let largest = BigInt::from_sign_magnitude(true, &magnitude).unwrap();
    assert_eq!(largest.to_string().parse::<BigInt>().unwrap(), largest);
    magnitude.push(0xFF);
    assert!(BigInt::from_sign_magnitude(false, &magnitude[1..]).is_err());
}

#[test]
fn floats_sort_and_equal_by_their_bits() {
    let sorted = [
        -f64::NAN,
        f64::NEG_INFINITY,
        -1.0,
        -0.0,
        0.0,
        1.0,
        f64::INFINITY,
        f64::NAN,
    ];
    assert!(sorted.map(Element::from).is_sorted_by(|a, b| a < b));
    assert_eq!(Element::from(f64::NAN), Element::from(f64::NAN));
    assert!(Element::from(-0.0_f32) < Element::from(0.0_f32));
    assert_ne!(Element::from(1.0_f32), Element::from(1.0_f64));
    let payload = f64::from_bits(0x7FF8_0000_0000_1234);
    let unpacked = Tuple::unpack(&Tuple::from((payload,)).pack()).unwrap();
    assert_eq!(unpacked[0].as_f64().map(f64::to_bits), Some(payload.to_bits()));
}

#[test]
fn nulls_are_marked_inside_nested_tuples_only() {
    let null = None::<i64>;
    assert_eq!(
        Tuple::from((null, (null, (null,)), null)).pack(),
        b"\x00\x05\x00\xff\x05\x00\xff\x00\x00\x00"
    );
    assert!(Tuple::from(((1,), "a")) < Tuple::from(((1, null),)));
}

#[test]
fn malformed_tuples_are_errors_that_say_where() {
    let check = |bytes: &[u8], message: &str| {
        let error = Tuple::unpack(bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert_eq!(error.to_string(), message, "{}", bytes.escape_ascii());
    };
    check(b"\x15", "the tuple is cut off; position: 1");
    check(b"\x14\x02ab", "the tuple is cut off; position: 2");
    check(b"\x01\x00\xff", "the tuple is cut off; position: 1");
    check(b"\x05\x14", "the tuple is cut off; position: 2");
    check(b"\x05\x00\xff", "the tuple is cut off; position: 3");
    check(b"\x1d\x02\x01", "the tuple is cut off; position: 2");
    check(b"\x33\x00", "the tuple is cut off; position: 1");
    check(
        b"\x14\x03",
        "the tuple holds an unknown type code; position: 1, code: 0x03",
    );
    check(b"\xff", "the tuple holds an unknown type code; position: 0, code: 0xff");
    check(
        b"\x02\xff\x00",
        "a text of the tuple is not UTF-8; position: 0 (invalid utf-8 sequence of 1 bytes from index 0)",
    );
}

#[test]
fn nesting_has_a_limit_on_both_ways() {
    let nested = |depth| (0..depth).fold(Tuple::new(), |inner, _| Tuple::from((inner,)));
    let deepest = nested(MAX_DEPTH);
    assert_eq!(Tuple::unpack(&deepest.try_pack().unwrap()).unwrap(), deepest);

    let too_deep = nested(MAX_DEPTH + 1);
    let message = "tuples are nested too deeply; limit: 100";
    assert_eq!(too_deep.try_pack().unwrap_err().to_string(), message);
    assert_eq!(too_deep.pack_with_versionstamp(b"").unwrap_err().to_string(), message);
    assert!(
        Tuple::unpack(&too_deep.pack())
            .unwrap_err()
            .to_string()
            .starts_with(message)
    );
    let endless = vec![0x05; 1_000_000];
    assert!(Tuple::unpack(&endless).is_err());
    assert!(Decoder::new(&endless).skip_element().is_err());
}

#[test]
fn a_decoder_is_at_its_end_after_an_error() {
    let mut decoder = Decoder::new(b"\x14\x03\x14");
    assert_eq!(decoder.next().transpose().unwrap(), Some(Element::Int(0)));
    assert!(decoder.next().transpose().is_err());
    assert!(decoder.next().is_none());
}

#[test]
fn exactly_one_versionstamp_may_be_incomplete() {
    let waiting = Versionstamp::incomplete(1);
    let complete = Versionstamp::complete([7; 10], 2);
    let refused = |tuple: Tuple| tuple.pack_with_versionstamp(b"p").unwrap_err().message();
    assert_eq!(
        refused(Tuple::from((complete,))),
        "no versionstamp of the tuple is incomplete"
    );
    assert_eq!(
        refused(Tuple::from((waiting, (waiting,)))),
        "more than one versionstamp of the tuple is incomplete"
    );
    let packed = Tuple::from((complete, (waiting,)))
        .pack_with_versionstamp(b"p")
        .unwrap();
    assert_eq!(packed.last_chunk(), Some(&[16, 0, 0, 0]));
    assert_eq!(waiting.user_version(), 1);
    assert_eq!(complete.transaction_version(), [7; 10]);
}

#[test]
fn an_encoder_says_what_is_wrong_with_what_it_wrote() {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    assert!(encoder.int(1).finish().is_ok());
    assert!(encoder.begin_tuple().finish().is_err());
    assert!(encoder.end_tuple().finish().is_ok());
    assert!(encoder.versionstamp(Versionstamp::incomplete(0)).finish().is_err());
    assert!(encoder.finish_with_versionstamp().is_ok());

    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out);
    for _ in 0..=MAX_DEPTH {
        encoder.begin_tuple();
    }
    for _ in 0..=MAX_DEPTH {
        encoder.end_tuple();
    }
    assert_eq!(encoder.finish().unwrap_err().message(), "tuples are nested too deeply");
}

#[test]
fn tuples_look_like_tuples() {
    let uuid = uuid::Uuid::from_u128(1);
    let tuple = Tuple::from((None::<i64>, b"a\x00", "quo\"te", (1, -2.5), 1.0_f32, true, uuid));
    assert_eq!(
        tuple.with(Versionstamp::incomplete(3)).to_string(),
        r#"(null, b"a\x00", "quo\"te", (1, -2.5), 1.0f, true, 00000000-0000-0000-0000-000000000001, Versionstamp(incomplete, 3))"#
    );
    assert_eq!(Tuple::new().to_string(), "()");
}

#[test]
fn continuations_and_prefixes_bound_ranges() {
    use EndpointType::{Continuation, PrefixString, RangeExclusive, RangeInclusive, TreeEnd, TreeStart};
    let text = |content: &[u8]| Some([b"\x02", content, b"\x00"].concat());
    let check = |low, high, low_endpoint, high_endpoint, begin: &[u8], end: &[u8]| {
        let range = endpoint_range(low, high, low_endpoint, high_endpoint).unwrap();
        assert_eq!((&*range.begin, &*range.end), (begin, end));
    };
    check(None, None, TreeStart, TreeEnd, b"", b"\xff");
    check(text(b"a"), None, Continuation, TreeEnd, b"\x02a\x00\x00", b"\xff");
    check(None, text(b"a"), TreeStart, Continuation, b"", b"\x02a\x00");
    // Java's range also leaves out "a\0", whose bytes begin with those of "a".
    check(text(b"a"), None, RangeExclusive, TreeEnd, b"\x02a\x01", b"\xff");
    check(None, text(b"a"), TreeStart, RangeInclusive, b"", b"\x02a\x00\xff");
    check(
        text(b"ab"),
        text(b"a"),
        Continuation,
        PrefixString,
        b"\x02ab\x00\x00",
        b"\x02b",
    );
    check(
        text(b"a"),
        text(b"ab"),
        PrefixString,
        Continuation,
        b"\x02a",
        b"\x02ab\x00",
    );
    check(
        text(b"a\xff"),
        text(b"a\xff"),
        PrefixString,
        PrefixString,
        b"\x02a\xff",
        b"\x02b",
    );

    let refused = |low, high, low_endpoint, high_endpoint| {
        let error = endpoint_range(low, high, low_endpoint, high_endpoint).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        error.message()
    };
    assert_eq!(
        refused(None, None, RangeExclusive, TreeEnd),
        "the low end of the range is missing"
    );
    assert_eq!(
        refused(None, None, TreeStart, RangeInclusive),
        "the high end of the range is missing"
    );
    assert_eq!(refused(None, None, TreeEnd, TreeEnd), "TREE_END is no low endpoint");
    assert_eq!(
        refused(None, None, TreeStart, TreeStart),
        "TREE_START is no high endpoint"
    );
    assert_eq!(
        refused(Some(vec![0xFF]), None, RangeExclusive, TreeEnd),
        "no key follows the exclusive low end of the range"
    );
    assert_eq!(
        refused(text(b"a"), None, PrefixString, PrefixString),
        "PREFIX_STRING needs both ends of the range"
    );
    assert_eq!(
        refused(text(b"a"), text(b"a"), PrefixString, RangeInclusive),
        "PREFIX_STRING is needed at both ends of the range"
    );
    assert_eq!(
        refused(text(b"b"), text(b"a"), Continuation, PrefixString),
        "the continuation does not begin with the prefix of PREFIX_STRING"
    );
    let int = Some(b"\x15\x01".to_vec());
    assert_eq!(
        refused(int.clone(), int, PrefixString, PrefixString),
        "PREFIX_STRING needs a text or a byte string as its last element"
    );
}

#[test]
fn ranges_of_tuples_have_javas_shorthands() {
    let (low, high) = (Tuple::from((1,)), Tuple::from((2,)));
    let between = TupleRange::between(Some(low.clone()), Some(high.clone()));
    assert_eq!(between.to_string(), "[(1)..(2))");
    assert_eq!(TupleRange::between(None, None), TupleRange::ALL);
    assert_eq!(
        TupleRange::between_inclusive(Some(low.clone()), None).to_string(),
        "[(1)..>"
    );
    assert_eq!(
        between.prepend(&Tuple::from(("a",))).to_string(),
        r#"[("a", 1)..("a", 2))"#
    );
    assert_eq!(TupleRange::ALL.prepend(&high), TupleRange::all_of(high.clone()));
    assert!(TupleRange::all_of(low).is_equals());
    assert!(!between.is_equals());
    assert_eq!(TupleRange::prefixed_by("a").to_string(), r#"[("a")..("a")]"#);
}

#[test]
fn bytes_are_checked_as_they_are_unpacked() {
    // Pieces that make tuples, and damage to them.
    let pieces: [&[u8]; 20] = [
        b"\x00",
        b"\x01ab\x00",
        b"\x01a\x00\xffb\x00",
        b"\x02ab\x00",
        b"\x02a\x00\xffb\x00",
        b"\x02\xff\x00",
        b"\x02\xc3\xa4\x00",
        b"\x02\xc3\x00\xff\xa4\x00",
        b"\x05\x00\xff\x15\x01\x00",
        b"\x05\x02\xff\x00\x00",
        b"\x05",
        b"\x14",
        b"\x15\x07",
        b"\x13\xfe",
        b"\x1d\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00",
        b"\x20\x80\x00\x00\x00",
        b"\x27",
        b"\x33abcdefghijkl",
        b"\x00\xff",
        b"\x99",
    ];
    let mut state = 1_u64;
    let mut below = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap() % bound
    };
    for round in 0..20_000 {
        let mut bytes: Vec<u8> = (0..below(4))
            .flat_map(|_| pieces[below(pieces.len())])
            .copied()
            .collect();
        if below(3) == 0 {
            bytes.truncate(below(bytes.len() + 1));
        }
        let unpacked = Tuple::unpack(&bytes).map(drop).map_err(|error| format!("{error:?}"));
        let checked = Tuple::check(&bytes).map_err(|error| format!("{error:?}"));
        assert_eq!(checked, unpacked, "round {round}: {}", bytes.escape_ascii());
    }
}
