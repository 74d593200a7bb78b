//! Rules that only meta-data written by hand breaks, or renames that are allowed; and that every rule has a way out.

use super::*;
use crate::metadata::evolution::renames::rename_fields;

/// A rule, meta-data, what breaks the rule in it, and the validator.
struct Case {
    refused: &'static str,
    old: fn() -> RecordMetaData,
    change: fn(&mut RecordMetaDataBuilder),
    validator: MetaDataEvolutionValidator,
}

fn case(refused: &'static str, change: fn(&mut RecordMetaDataBuilder)) -> Case {
    Case {
        refused,
        old: meta_data_of_version_3,
        change,
        validator: MetaDataEvolutionValidator::default(),
    }
}

const WITH_C: &str = "message A { optional int64 id = 1; optional string s = 2; optional int64 n = 3; }
    message B { optional int64 id = 1; optional string s = 2; optional int64 n = 3; }
    message C { optional int64 id = 1; }
    message RecordTypeUnion { optional A _A = 1; optional B _B = 2; optional C _C = 3; }";

fn add_c(new: &mut RecordMetaDataBuilder, since: Option<i32>) {
    new.update_records_unchecked(descriptors(WITH_C)).unwrap();
    let c = new.record_type("C").unwrap();
    c.set_primary_key(field("id")).set_since_version(since);
}

/// The index `i` is over both types.
fn over_both() -> RecordMetaData {
    let mut builder = RecordMetaDataBuilder::from(&meta_data_of_version_3());
    replace(&mut builder, |index| index.on("B"));
    builder.set_version(3);
    builder.build_unchecked().unwrap()
}

/// The index `i` says that it was changed in a version that is still to come.
fn changed_in_9() -> RecordMetaData {
    let mut builder = RecordMetaDataBuilder::from(&meta_data_of_version_3());
    replace(&mut builder, |index| index.with_versions(3, 9));
    builder.set_version(3);
    builder.build_unchecked().unwrap()
}

#[test]
fn rules_of_what_is_written_by_hand() {
    let renames = MetaDataEvolutionValidator {
        allow_field_renames: true,
        ..Default::default()
    };
    let cases = [
        case("the version must grow", |new| {
            new.set_version(3);
        }),
        case("a new record type does not say which version brought it", |new| {
            add_c(new, None);
        }),
        case("a new record type says that it is not new", |new| add_c(new, Some(2))),
        case("an index is gone and is no former index", |new| {
            new.indexes.remove("i").unwrap();
        }),
        case("the last-modified version of an index fell", |new| {
            replace(new, |index| index.with_versions(3, 2));
        }),
        case(
            "an index has other columns in common with the primary key: its entries look otherwise",
            |new| {
                new.record_type("A").unwrap().set_primary_key(field("s"));
            },
        ),
        Case {
            old: changed_in_9,
            ..case("a former index was removed before the index was last changed", |new| {
                new.remove_index("i").unwrap();
                new.former_indexes[0].removed_version = 4;
            })
        },
        Case {
            old: over_both,
            ..case("an index is no longer over one of its record types", |new| {
                replace(new, |index| {
                    Index::new("i", index.root_expression().clone())
                        .on("A")
                        .with_versions(index.added_version(), index.last_modified_version())
                });
            })
        },
        Case {
            old: over_both,
            validator: renames,
            ..case(
                "renamed fields would give an index another key for each of its types",
                |new| {
                    let text = WITH_C.replacen("optional string s", "optional string t", 1);
                    new.update_records_unchecked(descriptors(&text)).unwrap();
                    new.record_type("C").unwrap().set_primary_key(field("id"));
                },
            )
        },
    ];
    for case in cases {
        let old = (case.old)();
        let mut builder = RecordMetaDataBuilder::from(&old);
        builder.set_version(4);
        (case.change)(&mut builder);
        let new = builder.build_unchecked().expect(case.refused);
        let violations = case.validator.violations(&old, &new);
        let found = violations
            .iter()
            .find(|violation| violation.error.message() == case.refused);
        let found = found.unwrap_or_else(|| {
            let all: Vec<String> = violations.iter().map(|other| other.error.to_string()).collect();
            panic!("{}: {all:?}", case.refused)
        });
        assert!(found.error.fact("way_out").is_some(), "{}", found.error);
    }
}

#[test]
fn union_fields_are_messages() {
    let message = |text: &str| {
        let message = descriptors(text).records().messages().next().unwrap();
        assert_eq!(message.name(), "U");
        message
    };
    let good = "message U { optional A a = 1; } message A { optional int64 id = 1; }";
    let number = "message U { optional int64 a = 1; }";
    for (old, new, refused) in [
        (number, good, "a field of the old union is no message"),
        (good, number, "a field of the new union is no message"),
    ] {
        let error = MetaDataEvolutionValidator::default()
            .validate_union(&message(old), &message(new))
            .unwrap_err();
        assert_eq!((error.message(), error.fact("field")), (refused, Some("U.a")));
    }
}

#[test]
fn the_fields_of_a_key_are_followed_by_their_numbers() {
    let message = |text: &str| descriptors(text).records().messages().next().unwrap();
    let old = message("message A { optional B b = 1; optional int64 n = 2; } message B { optional int64 x = 1; }");
    let renamed = message("message A { optional B c = 1; optional int64 n = 2; } message B { optional int64 y = 1; }");
    let without = message("message A { optional int64 n = 2; }");
    let key = field("b").nest(field("x"));
    assert_eq!(
        rename_fields(&key, &old, &renamed).unwrap(),
        field("c").nest(field("y"))
    );
    let gone = rename_fields(&key, &old, &without).unwrap_err();
    assert_eq!(gone.message(), "a field of a key is in one of the two messages only");
    assert_eq!((gone.fact("field"), gone.fact("old")), (Some("b"), Some("A")));
    let number = rename_fields(&field("n").nest(field("x")), &old, &renamed).unwrap_err();
    assert_eq!(number.message(), "a key nests in a field that is no message");
    assert_eq!((number.fact("field"), number.fact("message")), (Some("n"), Some("A")));
}
