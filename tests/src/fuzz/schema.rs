//! The schemas whose records are fuzzed: every kind of field, in both versions of protobuf.

use std::sync::LazyLock;

use record_store::key_expression::{FanType, concat, field, function, list, record_type, version};
use record_store::{KeyExpression, RecordMetaData, Result, Schema};

/// The meta-data of records in proto2 and in proto3, whose type is `Record` in both.
pub(super) static META_DATA: LazyLock<[RecordMetaData; 2]> = LazyLock::new(|| {
    [("proto2.proto", PROTO2), ("proto3.proto", PROTO3)]
        .map(|(name, text)| compile(name, text).expect("the schemas of the targets compile"))
});

fn compile(name: &str, text: &str) -> Result<RecordMetaData> {
    Schema::builder()
        .proto(name, text)
        .record_type("Record", |record| record.primary_key("id"))
        .split_long_records(true)
        .build()?
        .merge_into(None)
}

/// Key expressions that every record of both schemas can be asked. Their rows depend on what a message says, not on how its
/// bytes say it.
pub(super) fn expressions() -> Vec<KeyExpression> {
    let repeated = ["numbers", "zigzags", "texts", "flags", "doubles"];
    let single = [
        "id", "small", "zigzag", "fixed", "wide", "float", "double", "flag", "text", "bytes", "left", "right", "uuid",
        "nullable",
    ];
    let mut expressions: Vec<KeyExpression> = single.map(|name| field(name).into()).to_vec();
    for name in repeated {
        expressions.push(field(name).fan_out().into());
        expressions.push(field(name).concatenate().into());
        expressions.extend(function("cardinality", field(name).concatenate()).ok());
    }
    let inner = || concat((field("x"), field("s"), field("ys").concatenate()));
    expressions.extend([
        concat((record_type(), field("id"), version())),
        field("inner").nest(inner()),
        field("inner").nest(field("deeper").nest(field("more").fan_out().nest(inner()))),
        field("side").nest(field("x")),
        concat((
            field("numbers").fan_out(),
            field("inners").with_fan_type(FanType::FanOut).nest(inner()),
            field("texts").fan_out(),
        )),
        list((field("numbers").fan_out(), field("inner").nest(inner()))),
        field("numbers").fan_out().split(2),
    ]);
    expressions.extend(function("add", concat((field("id"), field("small")))).ok());
    expressions.extend(function("bitmap_bucket_offset", concat((field("id"), field("wide")))).ok());
    expressions.extend(function("order_desc_nulls_last", field("text")).ok());
    expressions
}

/// Key expressions of enums. In proto2 a number without a name is an unknown field for Java, which leaves the value before
/// it; Rust's dynamic messages take it for the value.
pub(super) fn enums() -> Vec<KeyExpression> {
    vec![
        field("kind").into(),
        field("kinds").fan_out().into(),
        field("kinds").concatenate().into(),
    ]
}

/// Texts are checked as in proto3: else bytes that are no text would be a record that no other runtime reads.
const PROTO2: &str = r#"
    syntax = "proto2";
    import "tuple_fields.proto";
    option java_string_check_utf8 = true;

    enum Kind { NONE = 0; SOME = 1; LAST = -7; }
    message Inner {
        required int64 x = 1;
        optional string s = 2;
        repeated sint32 ys = 3;
        optional Inner deeper = 4;
        repeated Inner more = 5;
    }
    message Record {
        required int64 id = 1;
        optional int32 small = 2 [default = 7];
        optional sint64 zigzag = 3;
        optional sfixed32 fixed = 4;
        optional sfixed64 wide = 5;
        optional float float = 6;
        optional double double = 7;
        optional bool flag = 8;
        optional string text = 9 [default = "none"];
        optional bytes bytes = 10;
        optional Kind kind = 11;
        oneof one { int64 left = 12; string right = 13; Inner side = 14; }
        repeated int64 numbers = 15;
        repeated sint32 zigzags = 16 [packed = true];
        repeated string texts = 17;
        repeated bool flags = 18 [packed = true];
        repeated double doubles = 19;
        repeated Kind kinds = 20;
        optional Inner inner = 21;
        repeated Inner inners = 22;
        optional group Grouped = 23 { optional int64 y = 1; optional Inner inner = 2; }
        map<string, Inner> map = 24;
        optional com.apple.foundationdb.record.UUID uuid = 25;
        optional com.apple.foundationdb.record.NullableInt64 nullable = 26;
    }
"#;

/// Floats have presence: without it a zero that is negative is a value for Java and none for Rust's dynamic messages.
const PROTO3: &str = r#"
    syntax = "proto3";
    import "tuple_fields.proto";

    enum Kind { NONE = 0; SOME = 1; LAST = -7; }
    message Inner {
        int64 x = 1;
        string s = 2;
        repeated sint32 ys = 3;
        Inner deeper = 4;
        repeated Inner more = 5;
    }
    message Record {
        int64 id = 1;
        int32 small = 2;
        optional sint64 zigzag = 3;
        sfixed32 fixed = 4;
        optional sfixed64 wide = 5;
        optional float float = 6;
        optional double double = 7;
        bool flag = 8;
        string text = 9;
        bytes bytes = 10;
        Kind kind = 11;
        oneof one { int64 left = 12; string right = 13; Inner side = 14; }
        repeated int64 numbers = 15;
        repeated sint32 zigzags = 16 [packed = false];
        repeated string texts = 17;
        repeated bool flags = 18;
        repeated double doubles = 19;
        repeated Kind kinds = 20;
        Inner inner = 21;
        repeated Inner inners = 22;
        map<int32, Inner> map = 24;
        com.apple.foundationdb.record.UUID uuid = 25;
        com.apple.foundationdb.record.NullableInt64 nullable = 26;
    }
"#;
