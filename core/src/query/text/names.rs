//! The functions of the text, and names that need quotes.

use std::borrow::Cow;

/// `any(tags)` is a value of a repeated field, `any(lines, …)` a condition on a message in one.
pub(super) const ANY: &str = "any";
/// `matches(address, …)` is a condition on the message in a field.
pub(super) const MATCHES: &str = "matches";
pub(super) const STARTS_WITH: &str = "starts_with";
pub(super) const IS_EMPTY: &str = "is_empty";
pub(super) const IS_NOT_EMPTY: &str = "is_not_empty";
pub(super) const RECORD_TYPE: &str = "record_type";
pub(super) const RECORD_VERSION: &str = "record_version";
pub(super) const UUID: &str = "uuid";
pub(super) const FLOAT: &str = "float";
pub(super) const DOUBLE: &str = "double";
pub(super) const VERSIONSTAMP: &str = "versionstamp";
/// An integer of 32 bits, in the arguments of a key expression's function.
pub(super) const INT: &str = "int";
/// `key_expression(X'…')` is a column, from the message of its expression.
pub(super) const KEY_EXPRESSION: &str = "key_expression";

/// A field's name as it stands in a text: in double quotes where it would mean something else without.
pub(super) fn quoted(name: &str) -> Cow<'_, str> {
    let first = |character: char| character.is_ascii_alphabetic() || character == '_';
    let plain = name.starts_with(first)
        && name
            .chars()
            .all(|character| first(character) || character.is_ascii_digit())
        && RESERVED.binary_search(&name.to_ascii_lowercase().as_str()).is_err();
    match plain {
        true => Cow::Borrowed(name),
        false => Cow::Owned(format!("\"{}\"", name.replace('"', "\"\""))),
    }
}

/// The words that are no field's name without quotes, in order.
pub(super) const RESERVED: &[&str] = &[
    "all",
    "any",
    "current_date",
    "current_time",
    "current_timestamp",
    "distinct",
    "exists",
    "false",
    "interval",
    "localtime",
    "localtimestamp",
    "not",
    "null",
    "returning",
    "select",
    "some",
    "trim",
    "true",
    "with",
];
