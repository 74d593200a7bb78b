//! What a schema makes, alone and with the meta-data of a space.

use prost::Message;
use prost_reflect::prost_types::FileDescriptorProto;
use record_store_kv::tuple::Element;

use super::*;
use crate::ErrorKind;
use crate::key_expression::{KeyExpression, concat, field, record_type};
use crate::metadata::{RecordMetaDataBuilder, implied_file};

const USERS: &str = r#"
    syntax = "proto3";
    package demo;
    message User { int64 id = 1; string email = 2; Address address = 3; repeated string tags = 4; }
    message Address { string city = 1; string zip = 2; }
"#;
const ORDERS: &str = r#"
    syntax = "proto3";
    package demo;
    import "users.proto";
    message Order { int64 id = 1; Address to = 2; int64 total = 3; }
"#;

fn users() -> SchemaBuilder {
    Schema::builder()
        .proto("users.proto", USERS)
        .record_type("User", |t| t.primary_key("id").index(("by_email", "email")))
}

fn users_and_orders() -> SchemaBuilder {
    users()
        .proto("orders.proto", ORDERS)
        .record_type("Order", |t| t.primary_key("id"))
}

fn numbers(meta_data: &RecordMetaData) -> Vec<(&str, u32)> {
    meta_data
        .record_types()
        .iter()
        .map(|record_type| (record_type.name(), record_type.union_field_number()))
        .collect()
}

fn merged(builder: SchemaBuilder, stored: Option<&RecordMetaData>) -> RecordMetaData {
    builder.build().unwrap().merge_into(stored).unwrap()
}

#[test]
fn a_new_space_gets_numbers_in_the_order_of_declaration() {
    let meta_data = merged(users_and_orders(), None);
    assert_eq!(numbers(&meta_data), [("User", 1), ("Order", 2)]);
    assert!(meta_data.is_split_long_records() && meta_data.is_store_record_versions());
    let user = meta_data.record_type("User").unwrap();
    assert_eq!(*user.primary_key(), concat((record_type(), field("id"))));
    assert_eq!(*user.record_type_key(), Element::Int(1));
    assert_eq!(user.since_version(), None);
    assert_eq!(meta_data.version(), 3, "two flags and an index");
    let union = meta_data.union_message();
    assert_eq!(union.name(), "RecordTypeUnion");
    let names: Vec<String> = union.fields().map(|field| field.name().to_owned()).collect();
    assert_eq!(names, ["_User", "_Order"]);
}

#[test]
fn what_was_merged_can_be_stored_and_merged_again_without_a_change() {
    let first = merged(users_and_orders(), None);
    let stored = RecordMetaData::from_proto_bytes(first.to_proto_bytes()).unwrap();
    let again = merged(users_and_orders(), Some(&stored));
    assert_eq!(again.version(), first.version());
    assert_eq!(again.to_proto_bytes(), first.to_proto_bytes());
}

#[test]
fn a_new_type_gets_the_next_number_and_the_version_that_brings_it() {
    let stored = merged(users(), None);
    let meta_data = merged(users_and_orders(), Some(&stored));
    assert_eq!(numbers(&meta_data), [("User", 1), ("Order", 2)]);
    assert_eq!(meta_data.version(), stored.version() + 1);
    assert_eq!(
        meta_data.record_type("Order").unwrap().since_version(),
        Some(meta_data.version())
    );
}

#[test]
fn the_order_of_declaration_does_not_move_numbers() {
    let stored = merged(users(), None);
    let swapped = Schema::builder()
        .proto("users.proto", USERS)
        .proto("orders.proto", ORDERS)
        .record_type("Order", |t| t.primary_key("id"))
        .record_type("User", |t| t.primary_key("id"));
    assert_eq!(numbers(&merged(swapped, Some(&stored))), [("User", 1), ("Order", 2)]);
}

#[test]
fn types_and_indexes_that_are_left_out_stay() {
    let stored = merged(users_and_orders(), None);
    let only_users = Schema::builder()
        .proto("users.proto", USERS)
        .record_type("User", |t| t.primary_key("id"));
    let meta_data = merged(only_users, Some(&stored));
    assert_eq!(meta_data.version(), stored.version());
    assert_eq!(numbers(&meta_data), [("User", 1), ("Order", 2)]);
    assert!(meta_data.index("by_email").is_ok());
}

#[test]
fn a_stored_type_cannot_vanish_from_its_file() {
    let stored = merged(users(), None);
    let without = Schema::builder()
        .proto(
            "users.proto",
            r#"syntax = "proto3"; package demo; message Guest { int64 id = 1; }"#,
        )
        .record_type("Guest", |t| t.primary_key("id"))
        .build()
        .unwrap();
    let error = without.merge_into(Some(&stored)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MetaDataEvolution);
    assert_eq!(error.fact("record_type"), Some("User"));
}

#[test]
fn an_index_is_added_with_a_version_and_changed_only_by_a_rebuild() {
    let stored = merged(users(), None);
    let more = merged(
        users().index(IndexSchema::new("by_city", "address.city").on("User")),
        Some(&stored),
    );
    assert_eq!(more.version(), stored.version() + 1);
    let by_city = more.index("by_city").unwrap();
    assert_eq!((by_city.added_version(), by_city.last_modified_version()), (4, 4));
    assert_eq!(*by_city.root_expression(), field("address").nest(field("city")));

    let moved = || users().index(IndexSchema::new("by_city", "address.zip").on("User"));
    let error = moved().build().unwrap().merge_into(Some(&more)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MetaDataEvolution);
    assert_eq!(error.fact("index"), Some("by_city"));

    let allowed = MetaDataEvolutionValidator {
        allow_index_rebuilds: true,
        ..Default::default()
    };
    let rebuilt = merged(moved().evolution(allowed), Some(&more));
    let by_city = rebuilt.index("by_city").unwrap();
    assert_eq!((by_city.added_version(), by_city.last_modified_version()), (4, 5));
}

#[test]
fn an_option_that_entries_do_not_depend_on_changes_without_a_rebuild() {
    let unique = |unique: bool| {
        let index = IndexSchema::new("by_tag", "tags").on("User");
        users().index(if unique { index.unique() } else { index })
    };
    let stored = merged(unique(true), None);
    let meta_data = merged(unique(false), Some(&stored));
    let index = meta_data.index("by_tag").unwrap();
    assert!(!index.is_unique());
    assert_eq!(
        index.last_modified_version(),
        stored.index("by_tag").unwrap().last_modified_version()
    );
    assert_eq!(meta_data.version(), stored.version() + 1);
    let error = unique(true).build().unwrap().merge_into(Some(&meta_data)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MetaDataEvolution);
}

#[test]
fn an_index_of_a_dropped_name_gets_a_key_of_its_own() {
    let mut builder = RecordMetaDataBuilder::from(&merged(users(), None));
    builder.remove_index("by_email").unwrap();
    let dropped = builder.build().unwrap();
    let meta_data = merged(users(), Some(&dropped));
    let index = meta_data.index("by_email").unwrap();
    assert_eq!(*index.subspace_key(), Element::String("by_email#5".to_owned()));
}

#[test]
fn a_dropped_type_leaves_its_number_behind() {
    let stored = merged(
        users_and_orders().index(IndexSchema::new("by_total", "total").on("Order")),
        None,
    );
    let dropped = stored.without_record_type("Order").unwrap();
    assert_eq!(numbers(&dropped), [("User", 1)]);
    let former: Vec<_> = dropped
        .former_indexes()
        .iter()
        .map(|former| former.former_name.as_deref())
        .collect();
    assert_eq!(former, [Some("by_total")]);
    assert!(dropped.version() > stored.version());

    let dropped = RecordMetaData::from_proto_bytes(dropped.to_proto_bytes()).unwrap();
    let again = merged(users_and_orders(), Some(&dropped));
    assert_eq!(numbers(&again), [("User", 1), ("Order", 3)]);
    assert_eq!(
        stored.without_record_type("Nope").unwrap_err().kind(),
        ErrorKind::MetaData
    );
    let universal = merged(
        users_and_orders().index(IndexSchema::new("both", "id").on("User").on("Order")),
        None,
    );
    assert_eq!(
        universal.without_record_type("Order").unwrap_err().fact("index"),
        Some("both")
    );
}

#[test]
fn changes_are_said_in_words() {
    let stored = merged(users(), None);
    let wider = USERS.replace("string zip = 2;", "string zip = 2; string street = 3;");
    let schema = Schema::builder()
        .proto("users.proto", wider)
        .proto("orders.proto", ORDERS)
        .record_type("User", |t| t.primary_key("id").index(("by_email", "email")))
        .record_type("Order", |t| t.primary_key("id").index(("by_total", "total")));
    let changes = merged(schema, Some(&stored)).changes_since(&stored);
    let words: Vec<String> = changes.iter().map(ToString::to_string).collect();
    assert_eq!(
        words,
        [
            "field demo.Address.street added: no cost",
            "record type Order added: no cost",
            "index by_total added: no cost"
        ]
    );
}

#[test]
fn a_changed_primary_key_is_refused() {
    let stored = merged(users(), None);
    let moved = Schema::builder()
        .proto("users.proto", USERS)
        .record_type("User", |t| t.primary_key("email"));
    let error = moved.build().unwrap().merge_into(Some(&stored)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MetaDataEvolution);
    assert_eq!(error.fact("record_type"), Some("User"));
}

#[test]
fn javas_options_keep_javas_meaning() {
    let text = r#"
        syntax = "proto2";
        package demo;
        import "record_metadata_options.proto";
        import "tuple_fields.proto";
        option (com.apple.foundationdb.record.schema).store_record_versions = false;
        message Item {
            required int64 id = 1 [(com.apple.foundationdb.record.field).primary_key = true];
            optional string name = 2 [(com.apple.foundationdb.record.field).index = { unique: true }];
            optional com.apple.foundationdb.record.UUID code = 3;
        }
    "#;
    let meta_data = merged(Schema::builder().proto("items.proto", text), None);
    let item = meta_data.record_type("Item").unwrap();
    assert_eq!(*item.primary_key(), field("id").into());
    assert!(meta_data.index("Item$name").unwrap().is_unique());
    assert!(!meta_data.is_store_record_versions() && meta_data.is_split_long_records());
}

#[test]
fn a_file_of_ones_own_is_not_lost_under_the_name_of_an_implied_one() {
    let text = "syntax = 'proto3'; package demo; message User { int64 id = 1; }";
    for name in [
        "tuple_fields.proto",
        "record_store_union.proto",
        "record_query_plan.proto",
        "google/protobuf/timestamp.proto",
    ] {
        let schema = || Schema::builder().record_type("User", |t| t.primary_key("id"));
        let refused = schema().proto(name, text).build().unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Schema, "{name}");
        assert_eq!(
            (refused.fact("file"), refused.fact("package")),
            (Some(name), Some("demo"))
        );

        let file = protox::file::File::from_source(name, text).unwrap();
        let set = prost_types::FileDescriptorSet {
            file: vec![file.file_descriptor_proto().clone()],
        };
        let refused = schema().descriptor_set(set.encode_to_vec()).build().unwrap_err();
        assert_eq!(refused.fact("file"), Some(name), "{name}");
    }
    // A set has the files that its own import, whatever their version.
    let own = implied_file("tuple_fields.proto").unwrap().clone();
    let mut set = FileDescriptorProto::decode(own).unwrap();
    set.message_type[0].name = Some("NewerMessage".to_owned());
    let set = prost_types::FileDescriptorSet { file: vec![set] };
    merged(users().descriptor_set(set.encode_to_vec()), None);
}

#[test]
fn an_index_whose_expression_is_too_deep_is_named() {
    let mut deep: KeyExpression = field("city").into();
    for _ in 0..20_000 {
        deep = field("address").nest(deep);
    }
    let error = users()
        .index(crate::Index::new("deep", deep).on("User"))
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidExpression);
    assert_eq!((error.fact("index"), error.fact("limit")), (Some("deep"), Some("48")));

    // Meta-data of that depth cannot be decoded, here and in Java.
    let mut message = merged(users(), None).to_proto();
    let mut expression = KeyExpression::from(field("city")).to_proto();
    let parent = KeyExpression::from(field("address")).to_proto().field;
    for _ in 0..100 {
        expression = crate::proto::KeyExpression {
            nesting: Some(Box::new(crate::proto::Nesting {
                parent: parent.clone(),
                child: Some(Box::new(expression)),
            })),
            ..Default::default()
        };
    }
    message.indexes[0].root_expression = Some(expression);
    let error = RecordMetaData::from_proto_bytes(message.encode_to_vec()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::MetaData);
    assert!(format!("{error:?}").contains("RecursionLimitReached"), "{error:?}");
}

#[test]
fn a_union_of_the_users_own_is_taken() {
    let text = r#"
        syntax = "proto2";
        message A { optional int64 id = 1; }
        message RecordTypeUnion { optional A _A = 7; }
    "#;
    let schema = || Schema::builder().proto("a.proto", text);
    let meta_data = merged(schema().record_type("A", |t| t.primary_key("id")), None);
    assert_eq!(numbers(&meta_data), [("A", 7)]);
    assert_eq!(meta_data.descriptors().records().name(), "a.proto");
    let error = schema().proto("b.proto", "message B { optional int64 id = 1; }");
    let error = error
        .record_type("A", |t| t.primary_key("id"))
        .record_type("B", |t| t.primary_key("id"));
    assert_eq!(error.build().unwrap_err().fact("record_type"), Some("B"));
}

/// protoc writes no JSON names where Java's generated classes keep descriptors, and `syntax` not for proto2.
#[test]
fn what_compilers_leave_out_is_no_change() {
    let text = "message A { optional int64 long_id = 1; } message RecordTypeUnion { optional A _A = 1; }";
    let schema = || {
        Schema::builder()
            .proto("a.proto", text)
            .record_type("A", |t| t.primary_key("long_id"))
    };
    let ours = merged(schema(), None);
    let mut message = ours.to_proto();
    let mut file = FileDescriptorProto::decode(&message.records.unwrap()[..]).unwrap();
    file.syntax = Some("proto2".to_owned());
    for message in &mut file.message_type {
        for field in &mut message.field {
            assert!(field.json_name.take().is_some());
        }
    }
    message.records = Some(file.encode_to_vec().into());
    let javas = RecordMetaData::from_proto_bytes(message.encode_to_vec()).unwrap();
    let merged = merged(schema(), Some(&javas));
    assert_eq!(merged.version(), ours.version());
    assert_eq!(merged.to_proto_bytes(), javas.to_proto_bytes());
}

/// Java's way is a union in the file; the numbers are kept when the file no longer has it.
#[test]
fn numbers_of_a_union_that_is_gone_are_kept() {
    let messages = "message A { optional int64 id = 1; } message B { optional int64 id = 1; }";
    let union = "message RecordTypeUnion { optional A _A = 4; reserved 9; }";
    let with_union = Schema::builder()
        .proto("a.proto", format!("{messages} {union}"))
        .record_type("A", |t| t.primary_key("id"));
    let stored = merged(with_union, None);
    let without = Schema::builder()
        .proto("a.proto", messages)
        .record_type("A", |t| t.primary_key("id"))
        .record_type("B", |t| t.primary_key("id"));
    assert_eq!(numbers(&merged(without, Some(&stored))), [("A", 4), ("B", 10)]);
}

#[test]
fn compiled_files_do_as_well() {
    let text = merged(users(), None);
    let set = {
        let mut compiler = protox::Compiler::with_file_resolver(sources_of_users());
        compiler.open_file("users.proto").unwrap();
        compiler.encode_file_descriptor_set()
    };
    let compiled = Schema::builder()
        .descriptor_set(set)
        .record_type("demo.User", |t| t.primary_key("id").index(("by_email", "email")));
    assert_eq!(merged(compiled, Some(&text)).version(), text.version());
}

#[test]
fn files_are_read_from_disk_with_their_imports() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("users.proto", USERS);
    write("orders.proto", ORDERS);
    let none: [&Path; 0] = [];
    for includes in [&none[..], &[folder.path()]] {
        let schema = Schema::builder()
            .proto_files([folder.path().join("orders.proto")], includes)
            .record_type("Order", |t| t.primary_key("id"))
            .record_type("User", |t| t.primary_key("id"));
        assert_eq!(numbers(&merged(schema, None)), [("Order", 1), ("User", 2)]);
    }
    let missing = Schema::builder().proto_files([folder.path().join("nothing.proto")], none);
    let error = missing.build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Schema);
    assert!(error.fact("file").unwrap().ends_with("nothing.proto"), "{error}");
}

fn sources_of_users() -> impl protox::file::FileResolver {
    struct Users;
    impl protox::file::FileResolver for Users {
        fn open_file(&self, name: &str) -> std::result::Result<protox::file::File, protox::Error> {
            protox::file::File::from_source(name, USERS)
        }
    }
    Users
}

#[test]
fn mistakes_are_named_with_the_way_out() {
    let proto = |text: &str| Schema::builder().proto("a.proto", text);
    let a = || proto("message A { optional int64 id = 1; optional string name = 2; optional uint32 n = 3; }");
    type Facts = &'static [(&'static str, &'static str)];
    let cases: Vec<(&str, SchemaBuilder, ErrorKind, Facts)> = vec![
        (
            "broken text",
            proto("message A {\n  optional int64 id 1;\n}"),
            ErrorKind::Schema,
            &[("file", "a.proto"), ("line", "2"), ("column", "21")],
        ),
        (
            "unknown message in the text",
            proto("message A {\n  optional B b = 1;\n}"),
            ErrorKind::Schema,
            &[("file", "a.proto"), ("line", "2"), ("column", "12")],
        ),
        (
            "missing import",
            proto("import \"b.proto\";"),
            ErrorKind::Schema,
            &[("cause", "import 'b.proto' not found")],
        ),
        (
            "edition",
            proto("edition = \"2023\";\nmessage A {}"),
            ErrorKind::Schema,
            &[("line", "1")],
        ),
        (
            "unknown type",
            users().record_type("Usr", |t| t.primary_key("id")),
            ErrorKind::MetaData,
            &[("record_type", "Usr"), ("did_you_mean", "User")],
        ),
        (
            "unknown field",
            users().index(IndexSchema::new("i", "adress.city").on("User")),
            ErrorKind::InvalidExpression,
            &[("field", "adress"), ("did_you_mean", "address"), ("index", "i")],
        ),
        (
            "no primary key",
            Schema::builder().proto("users.proto", USERS).record_type("User", |t| t),
            ErrorKind::MetaData,
            &[("record_type", "User")],
        ),
        (
            "unsigned field",
            a().record_type("A", |t| t.primary_key("id")),
            ErrorKind::MetaData,
            &[("field", "n"), ("type", "uint32")],
        ),
        (
            "no types",
            Schema::builder().proto("users.proto", USERS),
            ErrorKind::MetaData,
            &[],
        ),
        (
            "repeated primary key",
            Schema::builder()
                .proto("users.proto", USERS)
                .record_type("User", |t| t.primary_key("tags")),
            ErrorKind::MetaData,
            &[("record_type", "User")],
        ),
        (
            "an index twice",
            users().index(IndexSchema::new("by_email", "email").on("User")),
            ErrorKind::MetaData,
            &[("index", "by_email")],
        ),
    ];
    for (what, builder, kind, facts) in cases {
        let error = builder.build().expect_err(what);
        assert_eq!(error.kind(), kind, "{what}: {error}");
        for (name, value) in facts {
            assert_eq!(error.fact(name), Some(*value), "{what}: {error}");
        }
    }
}

#[test]
fn what_could_be_stored_but_not_read_again_is_refused() {
    let nested = "message A { optional int64 id = 1; optional A a = 2; repeated int64 n = 3; }";
    let with_key = |key: Columns| {
        let schema = Schema::builder()
            .proto("a.proto", nested)
            .record_type("A", |t| t.primary_key("id").index(IndexSchema::new("i", key)));
        let meta_data = schema.build()?.merge_into(None)?;
        RecordMetaData::from_proto_bytes(meta_data.to_proto_bytes())
    };
    let path = |depth: usize| Columns::from("a.".repeat(depth - 1) + "id");
    let expression = |depth: usize| {
        let leaf = KeyExpression::from(field("id"));
        Columns::from((1..depth).fold(leaf, |key, _| field("a").nest(key)))
    };
    let split = |size: usize| Columns::from(field("n").fan_out().split(size));
    for key in [path(48), expression(48), split(10_000)] {
        with_key(key).unwrap();
    }
    for (key, kind) in [
        (path(49), ErrorKind::InvalidExpression),
        (path(100_000), ErrorKind::InvalidExpression),
        (expression(49), ErrorKind::InvalidExpression),
        (split(10_001), ErrorKind::MetaData),
    ] {
        let error = with_key(key).unwrap_err();
        assert_eq!((error.kind(), error.fact("index")), (kind, Some("i")), "{error}");
    }
}
