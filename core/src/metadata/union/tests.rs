//! The rules of the union message.

use prost_reflect::DescriptorPool;

use super::*;
use crate::metadata::descriptors::implied_sources;

fn file(text: &'static str) -> FileDescriptor {
    struct Text(&'static str);
    impl protox::file::FileResolver for Text {
        fn open_file(&self, name: &str) -> std::result::Result<protox::file::File, protox::Error> {
            match name {
                "a.proto" => protox::file::File::from_source(name, self.0),
                _ => Err(protox::Error::file_not_found(name)),
            }
        }
    }
    let mut resolver = protox::file::ChainFileResolver::new();
    resolver.add(Text(text));
    resolver.add(implied_sources());
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.open_file("a.proto").unwrap();
    let pool: DescriptorPool = compiler.descriptor_pool();
    pool.get_file_by_name("a.proto").unwrap()
}

#[test]
fn the_union_is_found_by_option_or_by_name() {
    let cases = [
        (
            "message A {} message RecordTypeUnion { optional A _A = 1; }",
            "RecordTypeUnion",
        ),
        (
            r#"import "record_metadata_options.proto";
               message A {}
               message All { option (com.apple.foundationdb.record.record).usage = UNION; optional A _A = 1; }"#,
            "All",
        ),
    ];
    for (text, name) in cases {
        assert_eq!(Union::of(&file(text)).unwrap().message().name(), name);
    }
}

#[test]
fn broken_unions_are_refused() {
    let cases = [
        ("message A {}", "has no union message"),
        (
            r#"import "record_metadata_options.proto";
               message A {}
               message All { option (com.apple.foundationdb.record.record).usage = UNION; optional A _A = 1; }
               message RecordTypeUnion { optional A _A = 1; }"#,
            "this one has two",
        ),
        (
            r#"import "record_metadata_options.proto";
               message RecordTypeUnion { option (com.apple.foundationdb.record.record).usage = NESTED; }"#,
            "cannot have usage NESTED",
        ),
        ("message RecordTypeUnion { optional int64 a = 1; }", "is no message"),
        (
            "message A {} message RecordTypeUnion { repeated A a = 1; }",
            "is repeated",
        ),
        (
            "message RecordTypeUnion { optional RecordTypeUnion a = 1; }",
            "one of its own record types",
        ),
        ("message RecordTypeUnion { optional group A = 1 {} }", "is a group"),
        (
            r#"import "record_metadata_options.proto";
               message A { option (com.apple.foundationdb.record.record).usage = NESTED; }
               message RecordTypeUnion { optional A a = 1; }"#,
            "usage is not RECORD",
        ),
        (
            r#"import "record_metadata_options.proto";
               message A {}
               message B { option (com.apple.foundationdb.record.record).usage = RECORD; }
               message RecordTypeUnion { optional A a = 1; }"#,
            "is no field of the union",
        ),
        (
            "message A {} message B {} message RecordTypeUnion { oneof r { A a = 1; } optional B b = 2; }",
            "must be the only one",
        ),
        (
            "message A { optional B b = 1; } message B { optional fixed32 n = 1; }
             message RecordTypeUnion { optional A a = 1; }",
            "unsigned type",
        ),
    ];
    for (text, part) in cases {
        let error = Union::of(&file(text)).expect_err(text);
        assert_eq!(error.kind(), ErrorKind::MetaData, "{text}");
        assert!(error.message().contains(part), "{text}: {error}");
    }
}

#[test]
fn of_several_fields_the_canonical_one_is_written_and_the_smallest_is_the_key() {
    let cases = [
        ("optional A _A = 2; optional A old = 5; optional A older = 1;", 2, 1),
        ("optional A x = 3; optional A y = 7; optional A z = 4;", 7, 3),
        ("oneof record { A _A = 9; }", 9, 9),
    ];
    for (fields, written, key) in cases {
        let text: &'static str = format!("message A {{}} message RecordTypeUnion {{ {fields} }}").leak();
        let types = Union::of(&file(text)).unwrap().record_types();
        assert_eq!(types.len(), 1);
        assert_eq!(
            (types[0].field.number(), types[0].smallest_number()),
            (written, key),
            "{fields}"
        );
    }
}
