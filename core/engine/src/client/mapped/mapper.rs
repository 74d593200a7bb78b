//! [`Mapper`]: the pattern by which a row of a mapped range names its second read. Its rules are those of FoundationDB's storage
//! servers (`preprocessMappedKey`, `constructMappedKey`).

use record_store_kv::{Error, KeyValue, Result, fdb_code};

use super::elements::{elements, pack_string, string};

/// A mapper, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Mapper {
    parts: Vec<Part>,
    /// Whether the second read is of all keys that begin so, and not of one.
    pub(crate) is_prefix: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// Stands for itself.
    Element(Vec<u8>),
    /// Stands for an element of the row's key or value; `None` if its number is none.
    Reference(Side, Option<i32>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Key,
    Value,
}

impl Mapper {
    /// Takes a mapper apart. Errors: 2043 for one that is no tuple, 2032 for `{...}` that is not its last element.
    pub(crate) fn new(mapper: &[u8]) -> Result<Self> {
        let elements = elements(mapper).ok_or_else(|| Error::fdb(fdb_code::MAPPER_NOT_TUPLE))?;
        let mut parts = Vec::with_capacity(elements.len());
        let mut rest = elements.into_iter();
        while let Some(element) = rest.next() {
            let text = string(element).unwrap_or_default();
            let unescaped = halved(&halved(&text, b'{'), b'}');
            if unescaped != text {
                parts.push(Part::Element(pack_string(&unescaped)));
            } else if let Some((side, number)) = reference(&text) {
                parts.push(Part::Reference(side, leading_number(number)));
            } else if text == b"{...}" {
                if rest.next().is_some() {
                    return Err(Error::fdb(fdb_code::MAPPER_BAD_RANGE_DESCRIPTOR));
                }
                return Ok(Mapper { parts, is_prefix: true });
            } else {
                parts.push(Part::Element(element.to_vec()));
            }
        }
        Ok(Mapper {
            parts,
            is_prefix: false,
        })
    }

    /// The key that a row leads to. Errors: 2030 for an element that is not there, 2041 and 2042 for a key and a value that have none.
    pub(crate) fn key(&self, row: &KeyValue) -> Result<Vec<u8>> {
        let mut mapped = Vec::new();
        for part in &self.parts {
            match part {
                Part::Element(element) => mapped.extend_from_slice(element),
                Part::Reference(side, number) => {
                    let bad_index = || Error::fdb(fdb_code::MAPPER_BAD_INDEX);
                    let number = number.ok_or_else(bad_index)?;
                    let (tuple, no_tuple) = match side {
                        Side::Key => (&row.key, fdb_code::KEY_NOT_TUPLE),
                        Side::Value => (&row.value, fdb_code::VALUE_NOT_TUPLE),
                    };
                    let elements = elements(tuple).ok_or_else(|| Error::fdb(no_tuple))?;
                    let element = usize::try_from(number).ok().and_then(|number| elements.get(number));
                    mapped.extend_from_slice(element.ok_or_else(bad_index)?);
                }
            }
        }
        Ok(mapped)
    }
}

/// `text` with one `brace` in the place of each two in a row, from the left.
fn halved(text: &[u8], brace: u8) -> Vec<u8> {
    let mut halved = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        halved.push(*first);
        rest = match after {
            [second, after @ ..] if *first == brace && *second == brace => after,
            _ => after,
        };
    }
    halved
}

/// What `{K[…]}` and `{V[…]}` refer to, and the text between the brackets, if there is any.
fn reference(text: &[u8]) -> Option<(Side, &[u8])> {
    let (side, rest) = match text {
        [b'{', b'K', b'[', rest @ ..] => (Side::Key, rest),
        [b'{', b'V', b'[', rest @ ..] => (Side::Value, rest),
        _ => return None,
    };
    let number = rest.strip_suffix(b"]}")?;
    (!number.is_empty()).then_some((side, number))
}

/// The number that a text begins with, as C's `strtol` reads it.
fn leading_number(text: &[u8]) -> Option<i32> {
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'\x0b';
    let from = text.iter().position(|byte| !is_space(byte))?;
    let text = text.get(from..)?;
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let signs = text.len() - digits.len();
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = text.get(..signs + count)?;
    std::str::from_utf8(number).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
