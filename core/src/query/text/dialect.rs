//! [`FilterDialect`]: which of SQL's spellings the text of a filter knows.

use sqlparser::dialect::Dialect;

/// Standard SQL, with names as protobuf has them and `IN ()`, which is never true.
#[derive(Debug)]
pub(super) struct FilterDialect;

impl Dialect for FilterDialect {
    fn is_identifier_start(&self, character: char) -> bool {
        character.is_ascii_alphabetic() || character == '_'
    }

    fn is_identifier_part(&self, character: char) -> bool {
        character.is_ascii_alphanumeric() || character == '_'
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        character == '"'
    }

    fn supports_in_empty_list(&self) -> bool {
        true
    }
}
