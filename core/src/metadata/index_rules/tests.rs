//! The rules of each index type, on records with an integer, a text, a repeated and a fixed-size field.

use super::*;
use crate::key_expression::{concat, dimensions, empty, field, key_with_value, version};
use crate::metadata::Schema;

const MESSAGES: &str = "
    message A {
        optional int64 id = 1;
        optional int64 n = 2;
        optional string s = 3;
        repeated string tags = 4;
        optional sfixed64 place = 5;
        optional double x = 6;
    }";

fn check(index: Index) -> Result<()> {
    let schema = Schema::builder()
        .proto("a.proto", MESSAGES)
        .record_type("A", |t| t.primary_key("id"));
    let meta_data = schema.build()?.merge_into(None)?;
    validate(&meta_data, &index.on("A").with_versions(1, 1))
}

#[test]
fn every_type_takes_a_key_of_its_shape() {
    let covering = || key_with_value(concat((field("n"), field("s"))), 1);
    let good = [
        (index_type::VALUE, concat((field("s"), field("tags").fan_out()))),
        (index_type::VALUE, covering()),
        (index_type::VERSION, concat((field("s"), version()))),
        (index_type::RANK, field("n").ungrouped()),
        (index_type::TIME_WINDOW_LEADERBOARD, field("n").group_by(field("s"))),
        (index_type::COUNT, empty().group_by(field("s"))),
        (index_type::COUNT_UPDATES, empty().group_by(field("s"))),
        (index_type::COUNT_NOT_NULL, field("n").group_by(field("s"))),
        (index_type::SUM, field("n").group_by(field("s"))),
        (index_type::MIN_EVER, field("n").ungrouped()),
        (index_type::MAX_EVER, field("n").ungrouped()),
        (index_type::MIN_EVER_LONG, field("n").ungrouped()),
        (index_type::MAX_EVER_LONG, field("n").ungrouped()),
        (index_type::MIN_EVER_TUPLE, field("s").ungrouped()),
        (index_type::MAX_EVER_TUPLE, concat((field("s"), field("n"))).ungrouped()),
        (index_type::MAX_EVER_VERSION, version().group_by(field("s"))),
        (index_type::BITMAP_VALUE, field("place").group_by(field("s"))),
        (index_type::TEXT, field("s").into()),
        (index_type::TEXT, field("s").group_by(field("n"))),
        (
            index_type::MULTIDIMENSIONAL,
            dimensions(concat((field("s"), field("id"), field("n"))), 1, 2),
        ),
        (index_type::VECTOR, covering()),
    ];
    for (kind, key) in good {
        check(Index::new("i", key.clone()).with_kind(kind)).unwrap_or_else(|error| panic!("{kind} {key}: {error}"));
    }
    for kind in [index_type::PERMUTED_MIN, index_type::PERMUTED_MAX] {
        let index = Index::new("i", field("n").group_by(field("s"))).with_kind(kind);
        check(index.with_option(option::PERMUTED_SIZE, "1")).unwrap();
    }
}

#[test]
fn an_index_type_that_does_not_exist_is_told_its_nearest() {
    let error = check(Index::new("i", field("s")).with_kind("vlaue")).expect_err("a slip of the pen");
    assert_eq!(
        (error.fact("type"), error.fact("did_you_mean")),
        (Some("vlaue"), Some("value"))
    );
}

#[test]
fn other_keys_and_options_are_refused() {
    let grouped = || field("n").group_by(field("s"));
    let index = |kind: &str, key: KeyExpression| Index::new("i", key).with_kind(kind);
    let text = || index(index_type::TEXT, field("s").into());
    let permuted = |size: &str| index(index_type::PERMUTED_MIN, grouped()).with_option(option::PERMUTED_SIZE, size);
    let bad = [
        (index("nope", field("s").into()), "there is no index type of this name"),
        (index(index_type::VALUE, grouped()), "this index type cannot be grouped"),
        (
            index(index_type::VALUE, version()),
            "this index type cannot hold the record's version",
        ),
        (
            index(index_type::VERSION, field("s").into()),
            "this index type has exactly one version column",
        ),
        (
            index(index_type::VERSION, version()).unique(),
            "this index type cannot be unique",
        ),
        (
            index(index_type::RANK, field("n").into()),
            "this index type needs a grouping: use group_by or ungrouped",
        ),
        (
            index(index_type::RANK, empty().group_by(field("n"))),
            "this index type needs a grouped column",
        ),
        (
            index(index_type::COUNT, grouped()),
            "this index type groups another number of columns",
        ),
        (
            index(index_type::SUM, concat((field("n"), field("n"))).ungrouped()),
            "this index type groups another number of columns",
        ),
        (
            index(index_type::SUM, field("x").ungrouped()),
            "this index type needs an integer as its last column",
        ),
        (
            index(index_type::SUM, field("place").ungrouped()),
            "this index type needs an integer as its last column",
        ),
        (
            index(index_type::BITMAP_VALUE, field("s").ungrouped()),
            "this index type needs an integer position as its last column",
        ),
        (
            index(index_type::MAX_EVER_VERSION, field("n").group_by(version())),
            "this index type has exactly one version column, among the grouped columns",
        ),
        (
            index(index_type::MAX_EVER_LONG, field("n").ungrouped()).with_option(option::CLEAR_WHEN_ZERO, "true"),
            "this index type does not know the option clearWhenZero",
        ),
        (
            index(index_type::TEXT, field("n").into()),
            "a text index needs a field of type string",
        ),
        (
            index(index_type::TEXT, field("tags").fan_out().into()),
            "a text index cannot be over a repeated field",
        ),
        (text().unique(), "this index type cannot be unique"),
        (
            text().with_option(option::TEXT_TOKENIZER_NAME, "no"),
            "there is no tokenizer of this name",
        ),
        (
            text().with_option(option::TEXT_TOKENIZER_VERSION, "7"),
            "the tokenizer has no such version",
        ),
        (
            text().with_option(option::TEXT_TOKENIZER_VERSION, "x"),
            "the tokenizer's version is no number",
        ),
        (
            permuted("2"),
            "the option permutedSize must be a number of group columns",
        ),
        (
            permuted("-1"),
            "the option permutedSize must be a number of group columns",
        ),
        (
            index(index_type::MULTIDIMENSIONAL, field("n").into()),
            "the key of this index type is one dimensions expression",
        ),
        (
            index(index_type::MULTIDIMENSIONAL, dimensions(field("n"), 1, 2)),
            "prefix and dimensions are more columns than the whole",
        ),
        (
            index(index_type::VECTOR, field("s").into()),
            "this index type keeps columns in the value of its entries: use key_with_value",
        ),
        (
            index(
                index_type::VECTOR,
                key_with_value(concat((field("tags").fan_out(), field("s"))), 1),
            ),
            "this index type cannot fan out",
        ),
    ];
    for (index, message) in bad {
        let what = format!("{index} on {}", index.root_expression());
        let error = check(index).expect_err(&what);
        assert_eq!(error.message(), message, "{what}: {error}");
    }
}

#[test]
fn options_change_only_where_entries_stay_as_they_are() {
    let rank = || Index::new("i", field("n").ungrouped()).with_kind(index_type::RANK);
    let text = || Index::new("i", field("s")).with_kind(index_type::TEXT);
    let cases = [
        (rank(), rank().with_option("rankNLevels", "6"), "rankNLevels", true),
        (rank(), rank().with_option("rankNLevels", "5"), "rankNLevels", false),
        (
            rank().with_option("rankHashFunction", "JDK"),
            rank(),
            "rankHashFunction",
            true,
        ),
        (rank(), rank().with_option("replacedBy1", "j"), "replacedBy1", true),
        (rank(), rank().unique(), "unique", false),
        (rank().unique(), rank(), "unique", true),
        (rank(), rank().with_option("anything", "x"), "anything", false),
        (
            text(),
            text().with_option("textOmitPositions", "true"),
            "textOmitPositions",
            true,
        ),
        (
            text(),
            text().with_option("textTokenizerName", "default"),
            "textTokenizerName",
            true,
        ),
        (
            text(),
            text().with_option("textTokenizerVersion", "1"),
            "textTokenizerVersion",
            true,
        ),
        (
            text().with_option("textTokenizerVersion", "1"),
            text(),
            "textTokenizerVersion",
            false,
        ),
        (
            text(),
            text().with_option("textTokenMinSize", "2"),
            "textTokenMinSize",
            false,
        ),
    ];
    for (old, new, option, allowed) in cases {
        let result = validate_changed_options(&old, &new, &BTreeSet::from([option]));
        assert_eq!(
            result.is_ok(),
            allowed,
            "{option}: {:?} to {:?}",
            old.option(option),
            new.option(option)
        );
    }
}

#[test]
fn a_window_of_rows_stands_on_its_own_or_in_a_conjunction() {
    let window = || {
        IndexPredicate::RowNumberWindow(super::super::RowNumberWindow {
            ordering_field: vec!["n".to_owned()],
            size: 10,
            descending: false,
            partition_fields: Vec::new(),
        })
    };
    let truth = || IndexPredicate::Constant(Some(true));
    let vector = |predicate| {
        let key = key_with_value(concat((field("n"), field("s"))), 1);
        check(
            Index::new("i", key)
                .with_kind(index_type::VECTOR)
                .with_predicate(predicate),
        )
    };
    vector(IndexPredicate::And(vec![truth(), window()])).unwrap();
    vector(IndexPredicate::Or(vec![truth(), window()])).unwrap_err();
    vector(IndexPredicate::Not(Box::new(IndexPredicate::And(vec![window()])))).unwrap_err();
    check(Index::new("i", field("s")).with_predicate(IndexPredicate::Or(vec![window()]))).unwrap();
}
