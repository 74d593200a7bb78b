//! Each rule of evolution: what it refuses, and which switch allows it.

mod by_hand;

use record_store_kv::tuple::Element;

use super::*;
use crate::key_expression::{concat, field};
use crate::metadata::{Descriptors, RecordMetaDataBuilder, Schema, index_type};

/// A change of .proto files, what it is refused with, and the switch that allows it.
struct MessageCase {
    what: &'static str,
    old: &'static str,
    new: &'static str,
    refused: &'static str,
    allow: Option<fn(&mut MetaDataEvolutionValidator)>,
}

#[test]
fn rules_of_messages() {
    const fn never(what: &'static str, old: &'static str, new: &'static str, refused: &'static str) -> MessageCase {
        MessageCase {
            what,
            old,
            new,
            refused,
            allow: None,
        }
    }
    let cases = [
        never(
            "sint32 to int32",
            "message A { optional int64 id = 1; optional sint32 n = 2; }",
            "message A { optional int64 id = 1; optional int32 n = 2; }",
            "the type of a field changed",
        ),
        never(
            "required to optional",
            "message A { required int64 id = 1; }",
            "message A { optional int64 id = 1; }",
            "a field is no longer required",
        ),
        never(
            "repeated to optional",
            "message A { optional int64 id = 1; repeated string s = 2; }",
            "message A { optional int64 id = 1; optional string s = 2; }",
            "a field is no longer repeated",
        ),
        never(
            "enum value removed",
            "message A { optional int64 id = 1; optional E e = 2; } enum E { X = 1; Y = 2; }",
            "message A { optional int64 id = 1; optional E e = 2; } enum E { X = 1; }",
            "a value of an enum was removed",
        ),
        never(
            "in a nested message",
            "message A { optional int64 id = 1; optional B b = 2; } message B { optional B b = 1; optional string s = 2; }",
            "message A { optional int64 id = 1; optional B b = 2; } message B { optional B b = 1; }",
            "a field was removed",
        ),
        never(
            "group to message",
            "message A { optional int64 id = 1; optional group G = 2 { optional int64 x = 1; } }",
            "message A { optional int64 id = 1; optional G g = 2; message G { optional int64 x = 1; } }",
            "the type of a field changed",
        ),
        never(
            "syntax",
            "syntax = \"proto2\"; message A { optional int64 id = 1; }",
            "syntax = \"proto3\"; message A { optional int64 id = 1; }",
            "the syntax of a message's file changed",
        ),
        MessageCase {
            what: "rename",
            old: "message A { optional int64 id = 1; optional string s = 2; }",
            new: "message A { optional int64 id = 1; optional string t = 2; }",
            refused: "a field was renamed",
            allow: Some(|validator| validator.allow_field_renames = true),
        },
        MessageCase {
            what: "rename of the key",
            old: "message A { optional int64 id = 1; }",
            new: "message A { optional int64 key = 1; }",
            refused: "a field was renamed",
            allow: Some(|validator| validator.allow_field_renames = true),
        },
        MessageCase {
            what: "deprecating rename",
            old: "message A { optional int64 id = 1; optional string s = 2; }",
            new: "message A { optional int64 id = 1; optional string old_s = 2 [deprecated = true]; }",
            refused: "a field was renamed",
            allow: Some(|validator| validator.allow_deprecated_field_renames = true),
        },
        MessageCase {
            what: "back into use",
            old: "message A { optional int64 id = 1; optional string s = 2 [deprecated = true]; }",
            new: "message A { optional int64 id = 1; optional string s = 2; }",
            refused: "a deprecated field came back into use",
            allow: Some(|validator| validator.allow_undeprecating_fields = true),
        },
    ];
    for case in cases {
        let key = |text: &str| if text.contains("key = 1") { "key" } else { "id" };
        let old = of_text(case.old, key(case.old));
        let mut new = RecordMetaDataBuilder::from(&of_text(case.new, key(case.new)));
        new.set_version(old.version() + 1);
        let new = new.build().unwrap();
        let error = MetaDataEvolutionValidator::default()
            .validate(&old, &new)
            .expect_err(case.what);
        assert_eq!(error.message(), case.refused, "{}: {error}", case.what);
        if let Some(allow) = case.allow {
            let mut validator = MetaDataEvolutionValidator::default();
            allow(&mut validator);
            validator.validate(&old, &new).expect(case.what);
        }
    }
}

/// A change of the union's record types.
#[test]
fn rules_of_the_union() {
    let union = |fields: &str| {
        let text = format!(
            "message A {{ optional int64 id = 1; }} message B {{ optional int64 id = 1; }} message RecordTypeUnion {{ {fields} }}"
        );
        descriptors(&text)
    };
    let cases = [
        (
            "optional A _A = 1; optional A a = 2;",
            "optional A _A = 1; optional B b = 2;",
            "one record type became two",
        ),
        (
            "optional A _A = 1; optional B _B = 2;",
            "optional A _A = 1; optional A b = 2;",
            "two record types became one",
        ),
    ];
    for (old, new, refused) in cases {
        let (old, new) = (union(old), union(new));
        let message = |descriptors: &Descriptors| {
            descriptors
                .records()
                .messages()
                .find(|message| message.name() == "RecordTypeUnion")
                .unwrap()
        };
        let error = MetaDataEvolutionValidator::default()
            .validate_union(&message(&old), &message(&new))
            .unwrap_err();
        assert_eq!(error.message(), refused, "{error}");
    }
}

#[test]
fn a_renamed_type_keeps_its_indexes_unless_renames_are_forbidden() {
    let text = |name: &str| {
        format!(
            "message {name} {{ optional int64 id = 1; optional string s = 2; }} message RecordTypeUnion {{ optional {name} r = 1; }}"
        )
    };
    let mut builder = RecordMetaDataBuilder::new(descriptors(&text("Old"))).unwrap();
    builder.record_type("Old").unwrap().set_primary_key(field("id"));
    builder.add_index(Index::new("i", field("s")).on("Old")).unwrap();
    let old = builder.build().unwrap();
    let mut builder = RecordMetaDataBuilder::from(&old);
    builder.update_records(descriptors(&text("New"))).unwrap();
    let new = builder.build().unwrap();
    assert_eq!(new.index("i").unwrap().record_types(), ["New"]);
    MetaDataEvolutionValidator::default().validate(&old, &new).unwrap();
    let forbidden = MetaDataEvolutionValidator {
        disallow_type_renames: true,
        ..Default::default()
    };
    assert_eq!(
        forbidden.validate(&old, &new).unwrap_err().message(),
        "a record type was renamed"
    );
}

/// A change of indexes or of what is said of types, on meta-data of version 3 with the index `i` (added and changed in 3).
struct DefinitionCase {
    what: &'static str,
    change: fn(&mut RecordMetaDataBuilder),
    refused: &'static str,
    allow: Option<fn(&mut MetaDataEvolutionValidator)>,
}

#[test]
fn rules_of_definitions() {
    let rebuilds: fn(&mut MetaDataEvolutionValidator) = |validator| validator.allow_index_rebuilds = true;
    let older: fn(&mut MetaDataEvolutionValidator) =
        |validator| validator.allow_older_former_index_added_versions = true;
    let cases = [
        DefinitionCase {
            what: "a new last-modified version",
            change: |new| replace(new, |index| index.with_versions(3, 4)),
            refused: "an index is defined anew",
            allow: Some(rebuilds),
        },
        DefinitionCase {
            what: "another key and a rebuild",
            change: |new| replace(new, |index| index.with_root_expression(field("n")).with_versions(3, 4)),
            refused: "an index is defined anew",
            allow: Some(rebuilds),
        },
        DefinitionCase {
            what: "another key",
            change: |new| replace(new, |index| index.with_root_expression(field("n"))),
            refused: "the key expression of an index changed",
            allow: None,
        },
        DefinitionCase {
            what: "another type",
            change: |new| {
                replace(new, |index| {
                    index
                        .with_kind(index_type::RANK)
                        .with_root_expression(field("s").ungrouped())
                })
            },
            refused: "the type of an index changed",
            allow: None,
        },
        DefinitionCase {
            what: "another added version",
            change: |new| replace(new, |index| index.with_versions(2, 3)),
            refused: "the version that added an index changed",
            allow: None,
        },
        DefinitionCase {
            what: "an older last-modified version",
            change: |new| replace(new, |index| index.with_versions(3, 3)),
            refused: "",
            allow: None,
        },
        DefinitionCase {
            what: "another name under the same key",
            change: |new| {
                let index = new.indexes.remove("i").unwrap();
                let renamed = Index::new("j", index.root_expression().clone()).on("A");
                new.add_index(renamed.with_subspace_key("i").with_versions(3, 3))
                    .unwrap();
            },
            refused: "an index was renamed: its state is kept by name",
            allow: None,
        },
        DefinitionCase {
            what: "uniqueness added",
            change: |new| replace(new, Index::unique),
            refused: "an option of an index changed that its entries depend on",
            allow: Some(|validator| {
                validator.ignored_index_options.insert("unique".to_owned());
            }),
        },
        DefinitionCase {
            what: "use by queries",
            change: |new| replace(new, |index| index.with_option("allowedForQuery", "false")),
            refused: "",
            allow: None,
        },
        DefinitionCase {
            what: "a type more that is not new",
            change: |new| replace(new, |index| index.on("B")),
            refused: "an index is over another record type that is not new: its records are not in it",
            allow: None,
        },
        DefinitionCase {
            what: "an index that says that it is old",
            change: |new| {
                new.add_index(Index::new("k", field("s")).on("A").with_versions(2, 2))
                    .unwrap();
            },
            refused: "a new index says that it is not new",
            allow: None,
        },
        DefinitionCase {
            what: "a former index without its name",
            change: |new| {
                new.remove_index("i").unwrap();
                new.former_indexes[0].former_name = None;
            },
            refused: "a former index has another name than the index had",
            allow: Some(|validator| validator.allow_missing_former_index_names = true),
        },
        DefinitionCase {
            what: "a former index that is older than its index",
            change: |new| {
                new.remove_index("i").unwrap();
                new.former_indexes[0].added_version = 1;
            },
            refused: "a former index was added earlier than the index",
            allow: Some(older),
        },
        DefinitionCase {
            what: "a former index that is younger than its index",
            change: |new| {
                new.remove_index("i").unwrap();
                new.former_indexes[0].added_version = 4;
            },
            refused: "a former index was added later than the index",
            allow: None,
        },
        DefinitionCase {
            what: "a former index of the past",
            change: |new| {
                new.remove_index("i").unwrap();
                new.former_indexes[0].removed_version = 3;
            },
            refused: "a new former index says that it was removed earlier",
            allow: None,
        },
        DefinitionCase {
            what: "a former index of nothing, from before",
            change: |new| {
                new.add_former_index(former("ghost", 2, 4));
            },
            refused: "a former index that never was says that it was added earlier",
            allow: Some(older),
        },
        DefinitionCase {
            what: "a former index of nothing, from between",
            change: |new| {
                new.set_version(5).add_former_index(former("ghost", 4, 5));
            },
            refused: "",
            allow: None,
        },
        DefinitionCase {
            what: "another record type key",
            change: |new| {
                new.record_type("A").unwrap().set_record_type_key("a");
            },
            refused: "the record type key changed: records are stored under it",
            allow: None,
        },
        DefinitionCase {
            what: "another since version",
            change: |new| {
                new.record_type("A").unwrap().set_since_version(Some(2));
            },
            refused: "the version that brought a record type changed",
            allow: None,
        },
        DefinitionCase {
            what: "another primary key",
            change: |new| {
                new.record_type("A")
                    .unwrap()
                    .set_primary_key(concat((field("id"), field("n"))));
            },
            refused: "the primary key of a record type changed: records are stored under it",
            allow: None,
        },
    ];
    let old = meta_data_of_version_3();
    for case in cases {
        let mut builder = RecordMetaDataBuilder::from(&old);
        builder.set_version(4);
        (case.change)(&mut builder);
        let new = builder.build_unchecked().expect(case.what);
        let result = MetaDataEvolutionValidator::default().validate(&old, &new);
        if case.refused.is_empty() {
            result.expect(case.what);
            continue;
        }
        let error = result.expect_err(case.what);
        assert_eq!(error.message(), case.refused, "{}: {error}", case.what);
        if let Some(allow) = case.allow {
            let mut validator = MetaDataEvolutionValidator::default();
            allow(&mut validator);
            validator.validate(&old, &new).expect(case.what);
        }
    }
}

#[test]
fn former_indexes_are_never_forgotten() {
    let mut builder = RecordMetaDataBuilder::from(&meta_data_of_version_3());
    builder.remove_index("i").unwrap();
    let old = builder.build().unwrap();
    type Change = fn(&mut RecordMetaDataBuilder);
    let cases: [(Change, &str); 5] = [
        (
            |new| new.former_indexes.clear(),
            "a former index was forgotten: stores may have its entries",
        ),
        (
            |new| {
                new.former_indexes.clear();
                new.add_index(Index::new("i", field("s")).on("A")).unwrap();
            },
            "the key of a former index is used by a new one: stores may have entries of the old one",
        ),
        (
            |new| new.former_indexes[0].removed_version = 5,
            "the version that removed a former index changed",
        ),
        (
            |new| new.former_indexes[0].added_version = 2,
            "the version that added a former index changed",
        ),
        (
            |new| new.former_indexes[0].former_name = None,
            "the name of a former index changed",
        ),
    ];
    for (change, refused) in cases {
        let mut builder = RecordMetaDataBuilder::from(&old);
        builder.set_version(5);
        change(&mut builder);
        let new = builder.build_unchecked().expect(refused);
        let error = MetaDataEvolutionValidator::default()
            .validate(&old, &new)
            .expect_err(refused);
        assert_eq!(error.message(), refused, "{error}");
    }
}

#[test]
fn switches_have_names() {
    let mut validator = MetaDataEvolutionValidator::default();
    for name in ["allow_field_renames", "allow_index_rebuilds", "disallow_type_renames"] {
        validator.set(name, true).unwrap();
    }
    let expected = MetaDataEvolutionValidator {
        allow_field_renames: true,
        allow_index_rebuilds: true,
        disallow_type_renames: true,
        ..Default::default()
    };
    assert_eq!(validator, expected);
    let error = validator.set("allow_field_rename", true).unwrap_err();
    assert_eq!(error.fact("did_you_mean"), Some("allow_field_renames"));
}

/// Two types, versions of records, long records split, and the index `i` on `A.s`.
fn meta_data_of_version_3() -> RecordMetaData {
    let schema = Schema::builder()
        .proto(
            "a.proto",
            "message A { optional int64 id = 1; optional string s = 2; optional int64 n = 3; }
             message B { optional int64 id = 1; optional string s = 2; optional int64 n = 3; }",
        )
        .record_type("A", |t| t.primary_key(field("id")).index(("i", "s")))
        .record_type("B", |t| t.primary_key("id"));
    let meta_data = schema.build().unwrap().merge_into(None).unwrap();
    assert_eq!(meta_data.version(), 3);
    meta_data
}

fn replace(builder: &mut RecordMetaDataBuilder, change: impl FnOnce(Index) -> Index) {
    let index = builder.indexes.remove("i").unwrap();
    builder.indexes.insert("i".to_owned(), change(index));
}

fn former(name: &str, added_version: i32, removed_version: i32) -> FormerIndex {
    FormerIndex {
        subspace_key: Element::String(name.to_owned()),
        added_version,
        removed_version,
        former_name: Some(name.to_owned()),
    }
}

fn of_text(text: &str, key: &str) -> RecordMetaData {
    let schema = Schema::builder()
        .proto("a.proto", text)
        .record_type("A", |t| t.primary_key(key));
    schema.build().unwrap().merge_into(None).unwrap()
}

fn descriptors(text: &str) -> Descriptors {
    let file = protox::file::File::from_source("a.proto", text).unwrap();
    let mut pool = prost_reflect::DescriptorPool::new();
    pool.add_file_descriptor_proto(file.file_descriptor_proto().clone())
        .unwrap();
    let bytes = pool.get_file_by_name("a.proto").unwrap().encode_to_vec();
    Descriptors::link(bytes.into(), []).unwrap()
}
