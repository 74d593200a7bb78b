//! The rules of each index type: what its key expression must look like, and which options may change without a rebuild.
//! Java: the `IndexValidator`s of the index maintainer factories (4.13.3.0).

use std::collections::BTreeSet;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::evolution::rule;
use super::index::{index_option as option, index_type};
use super::names::unknown;
use super::{Index, IndexPredicate, RecordMetaData};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{Grouping, KeyExpression};

/// Checks an index against its type's rules and against the messages that it is over.
///
/// **Errors**: `MetaData` for an unknown type and options, `InvalidExpression` for the key expression.
pub(super) fn validate(meta_data: &RecordMetaData, index: &Index) -> Result<()> {
    let rules = rules(index.kind()).ok_or_else(|| {
        let error = Error::new(ErrorKind::MetaData, "there is no index type of this name").with("index", index.name());
        unknown(error, "type", index.kind(), index_type::ALL.iter().copied())
    })?;
    for message in messages(meta_data, index) {
        let fields = index
            .root_expression()
            .validate(&message)
            .map_err(|error| error.with("record_type", message.name()))?;
        validate_column(index, rules.column, &message, &fields)?;
    }
    if index.added_version() > index.last_modified_version() {
        return Err(invalid(index, "an index was added after it was last changed")
            .with("added_version", index.added_version())
            .with("last_modified_version", index.last_modified_version()));
    }
    validate_shape(index, rules.shape)?;
    validate_version(index, rules.version)?;
    if rules.never_unique && index.is_unique() {
        return Err(invalid(index, "this index type cannot be unique"));
    }
    if rules.version == VersionColumn::One && !meta_data.is_store_record_versions() {
        return Err(invalid(
            index,
            "this index type needs meta-data that stores record versions",
        ));
    }
    validate_options(index)?;
    validate_window(meta_data, index)
}

/// Refuses changes of options that the stored entries do not bear.
///
/// **Errors**: `MetaDataEvolution` with the option and both values.
pub(super) fn validate_changed_options(old: &Index, new: &Index, changed: &BTreeSet<&str>) -> Result<()> {
    for name in changed {
        let allowed = if name.starts_with(option::REPLACED_BY_PREFIX) || *name == option::ALLOWED_FOR_QUERY {
            true
        } else if *name == option::UNIQUE {
            old.is_unique() || !new.is_unique()
        } else {
            match new.kind() {
                index_type::TEXT => text_option_may_change(old, new, name)?,
                _ => same_by_default(new.kind(), name, old.option(name), new.option(name)),
            }
        };
        if !allowed {
            return Err(Error::new(ErrorKind::MetaDataEvolution, rule::INDEX_OPTION)
                .with("index", new.name())
                .with("option", name)
                .with("old", old.option(name).unwrap_or("unset"))
                .with("new", new.option(name).unwrap_or("unset")));
        }
    }
    Ok(())
}

/// What an index type asks of its key expression.
struct Rules {
    shape: Shape,
    column: Column,
    version: VersionColumn,
    never_unique: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    /// No grouping.
    Plain,
    /// No grouping and columns for the value.
    Covering,
    /// No columns for the value.
    NoValue,
    /// A grouping with exactly so many grouped columns.
    Grouped(usize),
    /// A grouping with at least one grouped column.
    GroupedSome,
    /// Dimensions that cover the whole key.
    Dimensions,
}

#[derive(Clone, Copy, PartialEq)]
enum Column {
    Any,
    /// The last field is a variable-length integer.
    Integer,
    /// The last field is an integer of any encoding.
    Position,
    /// The first field after the groups is one text.
    Text,
}

#[derive(Clone, Copy, PartialEq)]
enum VersionColumn {
    None,
    /// One, and records have versions.
    One,
    /// One among the grouped columns.
    Grouped,
}

fn rules(kind: &str) -> Option<Rules> {
    use Column::{Any, Integer, Position, Text};
    use VersionColumn as Version;
    let (shape, column, version, never_unique) = match kind {
        index_type::VALUE => (Shape::Plain, Any, Version::None, false),
        index_type::VERSION => (Shape::Plain, Any, Version::One, true),
        index_type::RANK
        | index_type::TIME_WINDOW_LEADERBOARD
        | index_type::PERMUTED_MIN
        | index_type::PERMUTED_MAX => (Shape::GroupedSome, Any, Version::None, false),
        index_type::COUNT | index_type::COUNT_UPDATES => (Shape::Grouped(0), Any, Version::None, false),
        index_type::COUNT_NOT_NULL | index_type::MIN_EVER_TUPLE | index_type::MAX_EVER_TUPLE => {
            (Shape::GroupedSome, Any, Version::None, false)
        }
        index_type::SUM
        | index_type::MIN_EVER
        | index_type::MAX_EVER
        | index_type::MIN_EVER_LONG
        | index_type::MAX_EVER_LONG => (Shape::Grouped(1), Integer, Version::None, false),
        index_type::MAX_EVER_VERSION => (Shape::GroupedSome, Any, Version::Grouped, false),
        index_type::BITMAP_VALUE => (Shape::Grouped(1), Position, Version::None, false),
        index_type::TEXT => (Shape::NoValue, Text, Version::None, true),
        index_type::MULTIDIMENSIONAL => (Shape::Dimensions, Any, Version::None, false),
        index_type::VECTOR => (Shape::Covering, Any, Version::None, true),
        _ => return None,
    };
    Some(Rules {
        shape,
        column,
        version,
        never_unique,
    })
}

/// Whether indexes of this type group their columns, if only by nothing.
pub(super) fn is_grouped(kind: &str) -> bool {
    rules(kind).is_some_and(|rules| matches!(rules.shape, Shape::Grouped(_) | Shape::GroupedSome))
}

/// Whether the last column of indexes of this type is the version of the record.
pub(super) fn ends_with_version(kind: &str) -> bool {
    rules(kind).is_some_and(|rules| rules.version != VersionColumn::None)
}

/// The messages of the records in an index, synthetic ones too.
fn messages(meta_data: &RecordMetaData, index: &Index) -> Vec<MessageDescriptor> {
    let stored = meta_data
        .record_types_for_index(index)
        .map(|record_type| record_type.descriptor().clone());
    let synthetic = meta_data
        .synthetic_record_types()
        .iter()
        .filter(|synthetic| index.record_types().iter().any(|name| name == synthetic.name()))
        .filter_map(|synthetic| synthetic.descriptor().cloned());
    stored.chain(synthetic).collect()
}

fn validate_column(
    index: &Index,
    column: Column,
    message: &MessageDescriptor,
    fields: &[FieldDescriptor],
) -> Result<()> {
    let wrong = |message_text| Err(invalid_expression(index, message_text).with("record_type", message.name()));
    let last = fields.last().map(FieldDescriptor::kind);
    match column {
        Column::Any => Ok(()),
        Column::Integer => match last {
            Some(Kind::Int32 | Kind::Int64 | Kind::Sint32 | Kind::Sint64) => Ok(()),
            _ => wrong("this index type needs an integer as its last column"),
        },
        Column::Position => match last {
            Some(Kind::Int32 | Kind::Int64 | Kind::Sint32 | Kind::Sint64 | Kind::Sfixed32 | Kind::Sfixed64) => Ok(()),
            _ => wrong("this index type needs an integer position as its last column"),
        },
        Column::Text => {
            let place = grouping(index).map_or(0, Grouping::grouping_count);
            match fields.get(place) {
                Some(field) if field.kind() != Kind::String => wrong("a text index needs a field of type string"),
                Some(field) if field.is_list() => wrong("a text index cannot be over a repeated field"),
                Some(_) => Ok(()),
                None => wrong("a text index needs a text after its groups"),
            }
        }
    }
}

fn validate_shape(index: &Index, shape: Shape) -> Result<()> {
    let expression = index.root_expression();
    match shape {
        Shape::Plain | Shape::Covering | Shape::Dimensions if grouping(index).is_some() => {
            Err(invalid_expression(index, "this index type cannot be grouped"))
        }
        Shape::Plain => Ok(()),
        Shape::Covering => match expression {
            KeyExpression::KeyWithValue(_) if expression.creates_duplicates() => {
                Err(invalid_expression(index, "this index type cannot fan out"))
            }
            KeyExpression::KeyWithValue(_) => Ok(()),
            _ => Err(invalid_expression(
                index,
                "this index type keeps columns in the value of its entries: use key_with_value",
            )),
        },
        Shape::NoValue => match expression {
            KeyExpression::KeyWithValue(_) => Err(invalid_expression(index, "this index type keeps nothing in values")),
            _ => Ok(()),
        },
        Shape::Grouped(count) => match grouping(index) {
            None => Err(ungrouped(index)),
            Some(grouping) if grouping.grouped_count() != count => Err(invalid_expression(
                index,
                "this index type groups another number of columns",
            )
            .with("grouped", grouping.grouped_count())
            .with("needed", count)),
            Some(_) => Ok(()),
        },
        Shape::GroupedSome => match grouping(index) {
            None => Err(ungrouped(index)),
            Some(grouping) if grouping.grouped_count() == 0 => {
                Err(invalid_expression(index, "this index type needs a grouped column"))
            }
            Some(_) => Ok(()),
        },
        Shape::Dimensions => validate_dimensions(index),
    }
}

fn validate_dimensions(index: &Index) -> Result<()> {
    let missing = || invalid_expression(index, "the key of this index type is one dimensions expression");
    match index.root_expression() {
        KeyExpression::Dimensions(_) => Ok(()),
        KeyExpression::KeyWithValue(covering) => {
            let mut first = covering.inner_key();
            while let KeyExpression::Then(then) = first {
                first = then.children().first().ok_or_else(missing)?;
            }
            let KeyExpression::Dimensions(dimensions) = first else {
                return Err(missing());
            };
            if dimensions.whole_key().column_count() != covering.split_point() {
                return Err(invalid_expression(
                    index,
                    "a dimensions expression must cover exactly the key's columns",
                ));
            }
            Ok(())
        }
        _ => Err(missing()),
    }
}

fn validate_version(index: &Index, version: VersionColumn) -> Result<()> {
    let columns = index.root_expression().version_columns();
    match version {
        VersionColumn::None if columns > 0 => Err(invalid_expression(
            index,
            "this index type cannot hold the record's version",
        )),
        VersionColumn::One if columns != 1 => Err(invalid_expression(
            index,
            "this index type has exactly one version column",
        )),
        VersionColumn::Grouped => {
            let grouping = grouping(index).ok_or_else(|| ungrouped(index))?;
            if grouping.grouping_sub_key()?.version_columns() != 0 || grouping.grouped_sub_key()?.version_columns() != 1
            {
                return Err(invalid_expression(
                    index,
                    "this index type has exactly one version column, among the grouped columns",
                ));
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn validate_options(index: &Index) -> Result<()> {
    match index.kind() {
        index_type::TEXT => {
            let tokenizer = text_tokenizer(index);
            if tokenizer != DEFAULT_TOKENIZER {
                return Err(invalid(index, "there is no tokenizer of this name").with("tokenizer", tokenizer));
            }
            let version = text_tokenizer_version(index)?;
            if version != DEFAULT_TOKENIZER_VERSION {
                return Err(invalid(index, "the tokenizer has no such version")
                    .with("tokenizer", tokenizer)
                    .with("version", version));
            }
            Ok(())
        }
        index_type::PERMUTED_MIN | index_type::PERMUTED_MAX => {
            let groups = grouping(index).map_or(0, Grouping::grouping_count);
            let size = index.option(option::PERMUTED_SIZE).unwrap_or("unset");
            match size.parse::<usize>() {
                Ok(size) if size <= groups => Ok(()),
                _ => Err(
                    invalid(index, "the option permutedSize must be a number of group columns")
                        .with("permutedSize", size)
                        .with("group_columns", groups),
                ),
            }
        }
        kind if index.boolean_option(option::CLEAR_WHEN_ZERO, false) && CANNOT_CLEAR_WHEN_ZERO.contains(&kind) => {
            Err(invalid(index, "this index type does not know the option clearWhenZero"))
        }
        _ => Ok(()),
    }
}

/// A window is for vector indexes of one stored type, not in a disjunction. Other types ignore it, as in Java.
fn validate_window(meta_data: &RecordMetaData, index: &Index) -> Result<()> {
    let Some(predicate) = index.predicate() else {
        return Ok(());
    };
    if index.kind() != index_type::VECTOR || !has_window(predicate, false) {
        return Ok(());
    }
    if has_window(predicate, true) {
        return Err(invalid(
            index,
            "a window of rows cannot stand in a disjunction or a negation",
        ));
    }
    if index.record_types().len() != 1 || meta_data.record_types_for_index(index).count() != 1 {
        return Err(invalid(
            index,
            "an index with a window of rows is over one stored record type",
        ));
    }
    Ok(())
}

/// Whether a window stands in the predicate; with `misplaced`, below something else than conjunctions.
fn has_window(predicate: &IndexPredicate, misplaced: bool) -> bool {
    match predicate {
        IndexPredicate::RowNumberWindow(_) => !misplaced,
        IndexPredicate::And(children) => children.iter().any(|child| has_window(child, misplaced)),
        IndexPredicate::Or(children) => children.iter().any(|child| has_window(child, false)),
        IndexPredicate::Not(child) => has_window(child, false),
        IndexPredicate::Constant(_) | IndexPredicate::Value { .. } => false,
    }
}

fn text_option_may_change(old: &Index, new: &Index, name: &str) -> Result<bool> {
    Ok(match name {
        option::TEXT_ADD_AGGRESSIVE_CONFLICT_RANGES | option::TEXT_OMIT_POSITIONS => true,
        option::TEXT_TOKENIZER_NAME => text_tokenizer(old) == text_tokenizer(new),
        option::TEXT_TOKENIZER_VERSION => text_tokenizer_version(old)? <= text_tokenizer_version(new)?,
        _ => false,
    })
}

fn text_tokenizer(index: &Index) -> &str {
    index.option(option::TEXT_TOKENIZER_NAME).unwrap_or(DEFAULT_TOKENIZER)
}

fn text_tokenizer_version(index: &Index) -> Result<i32> {
    let version = index.option(option::TEXT_TOKENIZER_VERSION).unwrap_or("0");
    version
        .parse()
        .map_err(|_| invalid(index, "the tokenizer's version is no number").with("version", version))
}

/// Whether both values mean the same: an option may be set to its default, or left out where it was the default.
fn same_by_default(kind: &str, name: &str, old: Option<&str>, new: Option<&str>) -> bool {
    let default = DEFAULTS
        .iter()
        .find(|(default_kind, default_name, _)| *default_kind == kind && *default_name == name);
    match default {
        Some((_, _, default)) => old.unwrap_or(default).eq_ignore_ascii_case(new.unwrap_or(default)),
        None => false,
    }
}

fn grouping(index: &Index) -> Option<&Grouping> {
    match index.root_expression() {
        KeyExpression::Grouping(grouping) => Some(grouping),
        _ => None,
    }
}

fn ungrouped(index: &Index) -> Error {
    invalid_expression(index, "this index type needs a grouping: use group_by or ungrouped")
}

fn invalid(index: &Index, message: &'static str) -> Error {
    Error::new(ErrorKind::MetaData, message).with("type", index.kind())
}

fn invalid_expression(index: &Index, message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidExpression, message)
        .with("type", index.kind())
        .with("expression", index.root_expression())
}

/// Java's `DefaultTextTokenizer`, which has one version.
const DEFAULT_TOKENIZER: &str = "default";
const DEFAULT_TOKENIZER_VERSION: i32 = 0;

/// Aggregates whose value zero says something.
const CANNOT_CLEAR_WHEN_ZERO: [&str; 8] = [
    index_type::COUNT_UPDATES,
    index_type::MIN_EVER,
    index_type::MAX_EVER,
    index_type::MIN_EVER_LONG,
    index_type::MAX_EVER_LONG,
    index_type::MIN_EVER_TUPLE,
    index_type::MAX_EVER_TUPLE,
    index_type::MAX_EVER_VERSION,
];

/// Options whose default may be written out or left out. Java: `RankedSet.Config`, `RTree.Config`.
const DEFAULTS: [(&str, &str, &str); 9] = [
    (index_type::RANK, option::RANK_NLEVELS, "6"),
    (index_type::RANK, option::RANK_HASH_FUNCTION, "JDK"),
    (index_type::RANK, option::RANK_COUNT_DUPLICATES, "false"),
    (index_type::MULTIDIMENSIONAL, "rtreeMinimumM", "16"),
    (index_type::MULTIDIMENSIONAL, "rtreeMaximumM", "32"),
    (index_type::MULTIDIMENSIONAL, "rtreeSplitS", "2"),
    (index_type::MULTIDIMENSIONAL, "rtreeStorage", "BY_NODE"),
    (index_type::MULTIDIMENSIONAL, "rtreeStoreHilbertValues", "true"),
    (index_type::MULTIDIMENSIONAL, "rtreeUseNodeSlotIndex", "false"),
];

#[cfg(test)]
mod tests;
