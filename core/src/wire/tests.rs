//! What protobuf says of encoded fields, rule by rule, and against prost-reflect on random records.

use std::borrow::Cow;
use std::cell::Cell;

use prost_reflect::{Cardinality, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, Value};

use super::field::{FieldAccess, ValueKind};
use super::message::{MessageRef, find_fields};
use super::reader::Malformed;
use super::scalar::Scalar;
use super::{RecordValidator, validate_record};
use crate::ErrorKind;
use crate::test_schema::compile;

const PROTO2: &str = r#"
    syntax = "proto2";
    enum Color { RED = 1; GREEN = 2; BLUE = -3; }
    message Two {
        optional int32 i32 = 1 [default = 77];
        optional int64 i64 = 2;
        optional uint32 u32 = 3;
        optional uint64 u64 = 4;
        optional sint32 s32 = 5;
        optional sint64 s64 = 6;
        optional fixed32 f32 = 7;
        optional fixed64 f64 = 8;
        optional sfixed32 sf32 = 9;
        optional sfixed64 sf64 = 10;
        optional float float = 11;
        optional double double = 12;
        optional bool bool = 13;
        optional string string = 14 [default = "none"];
        optional bytes bytes = 15;
        optional Color color = 16 [default = GREEN];
        optional Two inner = 17;
        optional group Part = 18 { optional int32 a = 1; repeated string b = 2; }
        repeated int32 numbers = 19;
        repeated sint64 packed = 20 [packed = true];
        repeated string strings = 21;
        repeated Two inners = 22;
        repeated Color colors = 23;
        repeated group Parts = 24 { optional int32 a = 1; }
        repeated double doubles = 25;
        oneof choice { int32 left = 30; string right = 31; Two middle = 32; Color tint = 33; }
    }
    message Strict { required int32 id = 1; optional Strict next = 2; repeated Strict others = 3; required Loose loose = 4; }
    message Loose { optional int32 x = 1; }
"#;

const PROTO3: &str = r#"
    syntax = "proto3";
    enum Shade { DARK = 0; LIGHT = 1; }
    message Three {
        int32 i32 = 1;
        optional int32 maybe = 2;
        string string = 3;
        bytes bytes = 4;
        double double = 5;
        float float = 6;
        bool bool = 7;
        Shade shade = 8;
        Three inner = 9;
        repeated int64 numbers = 10;
        repeated fixed32 fixeds = 11;
        repeated Shade shades = 12;
        repeated Three inners = 13;
        repeated bool bools = 14 [packed = false];
        map<string, int64> map = 15;
        oneof choice { int32 left = 16; string right = 17; Three middle = 18; }
        uint64 u64 = 19;
        sint32 s32 = 2047;
    }
"#;

fn message(name: &str) -> MessageDescriptor {
    let pool = compile(&[("two.proto", PROTO2), ("three.proto", PROTO3)]);
    pool.get_message_by_name(name).unwrap()
}

fn access(message: &MessageDescriptor, field: &str) -> FieldAccess {
    FieldAccess::new(&message.get_field_by_name(field).unwrap())
}

/// The questions, asked of bytes.
trait Ask {
    fn scalar_in<'a>(&self, bytes: &'a [u8]) -> Result<Option<Scalar<'a>>, Malformed>;
    fn message_in<'a>(&self, bytes: &'a [u8]) -> Result<Option<Cow<'a, [u8]>>, Malformed>;
    fn count_in(&self, bytes: &[u8]) -> Result<u64, Malformed>;
}

impl Ask for FieldAccess {
    fn scalar_in<'a>(&self, bytes: &'a [u8]) -> Result<Option<Scalar<'a>>, Malformed> {
        self.scalar(MessageRef::Encoded(bytes))
    }

    fn message_in<'a>(&self, bytes: &'a [u8]) -> Result<Option<Cow<'a, [u8]>>, Malformed> {
        self.message(MessageRef::Encoded(bytes))
    }

    fn count_in(&self, bytes: &[u8]) -> Result<u64, Malformed> {
        self.count(MessageRef::Encoded(bytes))
    }
}

/// Tag and content of a length-delimited field.
fn delimited(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    prost::encoding::encode_key(number.into(), prost::encoding::WireType::LengthDelimited, &mut bytes);
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

#[test]
fn the_last_scalar_wins_and_messages_merge() {
    let two = message("Two");
    assert_eq!(access(&two, "i32").scalar_in(&[8, 1, 8, 2]), Ok(Some(Scalar::Int(2))));

    let bytes = [delimited(17, &[8, 1, 16, 5]), delimited(17, &[8, 2])].concat();
    let inner = access(&two, "inner").message_in(&bytes).unwrap().unwrap();
    assert_eq!(access(&two, "i32").scalar_in(&inner), Ok(Some(Scalar::Int(2))));
    assert_eq!(access(&two, "i64").scalar_in(&inner), Ok(Some(Scalar::Int(5))));
}

#[test]
fn a_later_member_of_a_oneof_unsets_the_others() {
    let two = message("Two");
    let (left, middle, right) = (access(&two, "left"), access(&two, "middle"), access(&two, "right"));
    let left_bytes = [0xF0, 1, 7];
    let right_bytes = [0xFA, 1, 1, b'r'];
    assert_eq!(left.scalar_in(&[&left_bytes[..], &right_bytes].concat()), Ok(None));
    assert_eq!(
        left.scalar_in(&[&right_bytes[..], &left_bytes].concat()),
        Ok(Some(Scalar::Int(7)))
    );
    assert_eq!(right.scalar_in(&[&right_bytes[..], &left_bytes].concat()), Ok(None));

    // A message that was unset begins anew.
    let bytes = [delimited(32, &[8, 1]), left_bytes.to_vec(), delimited(32, &[16, 5])].concat();
    assert_eq!(middle.message_in(&bytes).unwrap().as_deref(), Some(&[16, 5][..]));

    // What the runtime takes for an unknown field unsets nothing: another wire type, a number the enum does not have.
    assert_eq!(
        left.scalar_in(&[&left_bytes[..], &[0xF8, 1, 1]].concat()),
        Ok(Some(Scalar::Int(7)))
    );
    assert_eq!(
        left.scalar_in(&[&left_bytes[..], &[0x88, 2, 9]].concat()),
        Ok(Some(Scalar::Int(7)))
    );
    assert_eq!(left.scalar_in(&[&left_bytes[..], &[0x88, 2, 2]].concat()), Ok(None));
}

#[test]
fn a_closed_enum_has_no_unknown_numbers() {
    let two = message("Two");
    let color = access(&two, "color");
    assert_eq!(color.scalar_in(&[0x80, 1, 2]), Ok(Some(Scalar::Int(2))));
    assert_eq!(color.scalar_in(&[0x80, 1, 2, 0x80, 1, 9]), Ok(Some(Scalar::Int(2))));
    assert_eq!(color.scalar_in(&[0x80, 1, 9]), Ok(None));
    assert_eq!(color.default(), Some(&Scalar::Int(2)));
    assert_eq!(access(&two, "colors").count_in(&delimited(23, &[1, 9, 2])), Ok(2));

    let shade = access(&message("Three"), "shade");
    assert_eq!(shade.scalar_in(&[0x40, 9]), Ok(Some(Scalar::Int(9))));
}

#[test]
fn proto3_fields_without_presence_are_unset_at_their_default() {
    let three = message("Three");
    assert_eq!(access(&three, "i32").scalar_in(&[8, 0]), Ok(None));
    assert_eq!(access(&three, "i32").scalar_in(&[8, 1, 8, 0]), Ok(None));
    assert_eq!(access(&three, "maybe").scalar_in(&[16, 0]), Ok(Some(Scalar::Int(0))));
    assert_eq!(access(&three, "string").scalar_in(&[0x1A, 0]), Ok(None));
    assert_eq!(
        access(&three, "left").scalar_in(&[0x80, 1, 0]),
        Ok(Some(Scalar::Int(0)))
    );
    let negative_zero = [&[0x29][..], &(-0.0f64).to_le_bytes()].concat();
    let value = access(&three, "double").scalar_in(&negative_zero).unwrap();
    assert!(matches!(value, Some(Scalar::Double(zero)) if zero.is_sign_negative()));
}

#[test]
fn text_that_is_no_utf8_is_an_error_in_proto3_alone() {
    let (two, three) = (message("Two"), message("Three"));
    let text = access(&two, "string").scalar_in(&[0x72, 2, b'a', 0xFF]);
    assert_eq!(text, Ok(Some(Scalar::String("a\u{FFFD}".into()))));
    let refused = Malformed {
        reason: "a text is not valid UTF-8",
        offset: 1,
    };
    assert_eq!(access(&three, "string").scalar_in(&[0x1A, 2, b'a', 0xFF]), Err(refused));
    let asked = compile(&[(
        "asked.proto",
        r#"syntax = "proto2"; option java_string_check_utf8 = true; message Asked { optional string s = 1; }"#,
    )]);
    let asked = asked.get_message_by_name("Asked").unwrap();
    assert_eq!(access(&asked, "s").scalar_in(&[0x0A, 2, b'a', 0xFF]), Err(refused));
    assert!(validate_record(&[0x72, 2, b'a', 0xFF], &two).is_ok());
    assert!(validate_record(&[0x1A, 2, b'a', 0xFF], &three).is_err());
}

#[test]
fn required_fields_may_be_spread_over_merging_messages() {
    let strict = RecordValidator::new(&message("Strict"));
    let missing = |bytes: &[u8]| {
        let error = strict.validate(bytes).err()?;
        assert_eq!(error.kind(), ErrorKind::InvalidRecord);
        error.fact("field").map(str::to_owned)
    };
    let whole = [8, 1, 0x22, 0];
    assert_eq!(missing(&[]).as_deref(), Some("id"));
    assert_eq!(missing(&[8, 1]).as_deref(), Some("loose"));
    assert_eq!(missing(&whole), None);
    assert_eq!(
        missing(&[&whole[..], &delimited(2, &[8, 1])].concat()).as_deref(),
        Some("loose")
    );
    assert_eq!(
        missing(&[&whole[..], &delimited(3, &[0x22, 0])].concat()).as_deref(),
        Some("id")
    );
    let spread = [&whole[..], &delimited(2, &[8, 1]), &delimited(2, &[0x22, 0])].concat();
    assert_eq!(missing(&spread), None);
}

#[test]
fn records_of_another_shape_are_refused() {
    let three = message("Three");
    let nested = |levels: usize| {
        (0..levels).fold(Vec::new(), |inner, _| {
            let mut bytes = vec![0x4A];
            prost::encoding::encode_varint(inner.len() as u64, &mut bytes);
            bytes.extend(inner);
            bytes
        })
    };
    validate_record(&nested(100), &three).unwrap();
    let cases: [(&[u8], &str); 4] = [
        (&nested(101), "the bytes are no well-formed protobuf message"),
        (
            &[0x0A, 0],
            "a field has another wire type than its declaration: are these bytes of another record type?",
        ),
        (&[0x4A, 1, 0x08], "the bytes are no well-formed protobuf message"),
        (&[0x52, 1, 0x80], "the bytes are no well-formed protobuf message"),
    ];
    for (bytes, reason) in cases {
        let error = validate_record(bytes, &three).unwrap_err();
        assert_eq!(error.message(), reason, "{bytes:?}");
    }
    // What the type does not know is kept, whatever it is.
    validate_record(&[0xA3, 6, 8, 1, 0xA4, 6], &three).unwrap();
}

/// Random records, in every form that the wire allows.
struct Generator {
    state: Cell<u64>,
}

impl Generator {
    fn new(seed: u64) -> Self {
        Generator { state: Cell::new(seed) }
    }

    /// SplitMix64.
    fn next(&self) -> u64 {
        let state = self.state.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.state.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Often small, sometimes of any size.
    fn integer(&self) -> u64 {
        match self.below(4) {
            0 => self.next(),
            1 => self.below(3).wrapping_sub(1),
            _ => self.below(300),
        }
    }

    /// Finite, and no −0.0: the oracle takes it for 0.0.
    fn float(&self) -> f64 {
        self.below(1000) as f64 / 8.0 + 0.125
    }

    fn text(&self) -> String {
        (0..self.below(4))
            .map(|_| ['a', 'é', '\0', '樹'][self.below(4) as usize])
            .collect()
    }

    fn message(&self, message: &MessageDescriptor, depth: u32) -> Vec<u8> {
        let fields: Vec<FieldDescriptor> = message.fields().collect();
        let mut bytes = Vec::new();
        for _ in 0..self.below(12) {
            let field = &fields[self.below(fields.len() as u64) as usize];
            self.field(field, depth, &mut bytes);
            if self.below(20) == 0 {
                bytes.extend([0xA3, 0x7D, 8, 1, 0xA4, 0x7D]);
            }
        }
        bytes
    }

    fn field(&self, field: &FieldDescriptor, depth: u32, out: &mut Vec<u8>) {
        use prost::encoding::{WireType, encode_key, encode_varint};
        let number = field.number();
        let repeated = field.cardinality() == Cardinality::Repeated;
        match field.kind() {
            Kind::Message(_) if depth == 0 => {}
            Kind::Message(inner) if field.is_group() => {
                encode_key(number, WireType::StartGroup, out);
                out.extend(self.message(&inner, depth - 1));
                encode_key(number, WireType::EndGroup, out);
            }
            Kind::Message(inner) => {
                let content = self.message(&inner, depth - 1);
                encode_key(number, WireType::LengthDelimited, out);
                encode_varint(content.len() as u64, out);
                out.extend(content);
            }
            Kind::String | Kind::Bytes => {
                let content = self.text();
                encode_key(number, WireType::LengthDelimited, out);
                encode_varint(content.len() as u64, out);
                out.extend(content.bytes());
            }
            kind if repeated && self.below(2) == 0 => {
                let run: Vec<u8> = (0..self.below(4)).flat_map(|_| self.number(&kind)).collect();
                encode_key(number, WireType::LengthDelimited, out);
                encode_varint(run.len() as u64, out);
                out.extend(run);
            }
            kind => {
                encode_key(number, kind.wire_type(), out);
                out.extend(self.number(&kind));
            }
        }
    }

    fn number(&self, kind: &Kind) -> Vec<u8> {
        let varint = match kind {
            Kind::Float => return (self.float() as f32).to_le_bytes().to_vec(),
            Kind::Double => return self.float().to_le_bytes().to_vec(),
            Kind::Fixed32 | Kind::Sfixed32 => return (self.integer() as u32).to_le_bytes().to_vec(),
            Kind::Fixed64 | Kind::Sfixed64 => return self.integer().to_le_bytes().to_vec(),
            Kind::Bool => self.below(2),
            Kind::Enum(definition) => {
                let values: Vec<i32> = definition.values().map(|value| value.number()).collect();
                i64::from(values[self.below(values.len() as u64) as usize]).cast_unsigned()
            }
            Kind::Uint32 | Kind::Sint32 => u64::from(self.integer() as u32),
            _ => self.integer(),
        };
        let mut bytes = Vec::new();
        prost::encoding::encode_varint(varint, &mut bytes);
        bytes
    }
}

fn scalar_of(value: &Value) -> Scalar<'_> {
    match value {
        Value::Bool(value) => Scalar::Bool(*value),
        Value::I32(value) | Value::EnumNumber(value) => Scalar::Int((*value).into()),
        Value::I64(value) => Scalar::Int(*value),
        Value::U32(value) => Scalar::Int(value.cast_signed().into()),
        Value::U64(value) => Scalar::Int(value.cast_signed()),
        Value::F32(value) => Scalar::Float(*value),
        Value::F64(value) => Scalar::Double(*value),
        Value::String(value) => Scalar::String(value.into()),
        Value::Bytes(value) => Scalar::Bytes(value.as_ref().into()),
        other => panic!("{other:?} is no scalar"),
    }
}

/// Compares every accessor with the decoded message, down to the messages inside.
fn check(bytes: &[u8], decoded: &DynamicMessage, seed: u64) {
    let fields = find_fields(bytes).unwrap();
    check_message(MessageRef::Encoded(bytes), decoded, seed);
    check_message(MessageRef::Indexed(&fields), decoded, seed);
}

fn check_message(bytes: MessageRef<'_>, decoded: &DynamicMessage, seed: u64) {
    for field in decoded.descriptor().fields() {
        let access = FieldAccess::new(&field);
        let at = format!("seed {seed}: field {} of {bytes:?}", field.full_name());
        let value = decoded.get_field(&field);
        match (&*value, access.kind()) {
            (Value::Map(_), _) => {}
            (Value::List(values), ValueKind::Scalar(_)) => {
                let mut found = Vec::new();
                let each = |scalar: Scalar<'_>| {
                    found.push(format!("{scalar:?}"));
                    Ok::<_, Malformed>(())
                };
                access.each_scalar(bytes, each).unwrap();
                let expected: Vec<String> = values.iter().map(|value| format!("{:?}", scalar_of(value))).collect();
                assert_eq!(found, expected, "{at}");
                assert_eq!(access.count(bytes), Ok(values.len() as u64), "{at}");
            }
            (Value::List(values), _) => {
                let mut values = values.iter();
                let each = |inner: &[u8]| {
                    check(inner, values.next().unwrap().as_message().unwrap(), seed);
                    Ok::<_, Malformed>(())
                };
                access.each_message(bytes, each).unwrap();
                assert_eq!(values.next(), None, "{at}");
            }
            (value, ValueKind::Scalar(_)) => {
                let expected = decoded.has_field(&field).then(|| scalar_of(value));
                assert_eq!(access.scalar(bytes).unwrap(), expected, "{at}");
            }
            (value, _) => {
                let inner = access.message(bytes).unwrap();
                assert_eq!(inner.is_some(), decoded.has_field(&field), "{at}");
                if let Some(inner) = inner {
                    check(&inner, value.as_message().unwrap(), seed);
                }
            }
        }
    }
}

#[test]
fn accessors_agree_with_a_decoded_message() {
    let messages = [message("Two"), message("Three")];
    for seed in 0..500 {
        let generator = Generator::new(seed);
        for message in &messages {
            let bytes = generator.message(message, 3);
            let decoded = DynamicMessage::decode(message.clone(), &*bytes).unwrap();
            check(&bytes, &decoded, seed);
            validate_record(&bytes, message).unwrap();
        }
    }
}

#[test]
fn damaged_records_are_valid_exactly_if_they_can_be_decoded() {
    let message = message("Three");
    let validator = RecordValidator::new(&message);
    for seed in 0..5_000 {
        let generator = Generator::new(seed);
        let mut bytes = generator.message(&message, 3);
        for _ in 0..=generator.below(3) {
            if !bytes.is_empty() {
                let at = generator.below(bytes.len() as u64) as usize;
                match generator.below(3) {
                    0 => bytes.truncate(at),
                    1 => bytes[at] = generator.below(256) as u8,
                    _ => bytes[at] ^= 1 << generator.below(8),
                }
            }
        }
        let decoded = DynamicMessage::decode(message.clone(), &*bytes).map(drop);
        let validated = validator.validate(&bytes);
        // The oracle takes a map entry of any wire type.
        let is_map = matches!(&validated, Err(error) if error.fact("field") == Some("map"));
        assert!(
            validated.is_ok() == decoded.is_ok() || is_map,
            "seed {seed}: {bytes:?}: {validated:?}, {decoded:?}"
        );
        for field in message.fields() {
            // Whatever the bytes are, reading them ends.
            let access = FieldAccess::new(&field);
            let _ = (
                access.scalar_in(&bytes),
                access.message_in(&bytes),
                access.count_in(&bytes),
            );
        }
    }
}
