//! Mapped ranges: a range read in which each row names, by a *mapper*, a second read that the database makes along with it.
//! They fetch the records behind the entries of an index in one call.
//!
//! A mapper is a packed tuple, the pattern of the keys that the second reads begin with:
//!
//! | element | stands for |
//! |---|---|
//! | text or bytes `{K[n]}` | the `n`-th element, from 0, of the row's key, which must be a tuple |
//! | text or bytes `{V[n]}` | the same of its value |
//! | text or bytes `{...}`, last | all keys that begin so; without it, the one key |
//! | text or bytes with `{{` or `}}` | itself as bytes, with `{` and `}` in their place |
//! | any other | itself |

use bytes::Bytes;

use crate::KeyValue;

/// A row of a mapped range with what its second read found.
///
/// FoundationDB limits a second read to 2,000 rows and 10 MB; [`MappedKeyValue::more`] tells whether it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MappedKeyValue {
    /// The row's key. With a mapper for single keys (one without `{...}`) only the first and the last row that the database gives at
    /// once have it; it is empty in the others.
    pub key: Bytes,
    /// The row's value, where the key is.
    pub value: Bytes,
    /// Where the second read begins.
    pub begin: Bytes,
    /// Where it ends.
    pub end: Bytes,
    /// What it found.
    pub rows: Vec<KeyValue>,
    /// Whether a limit ended it.
    pub more: bool,
}

/// One batch of a mapped range, in the direction asked for.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct MappedRangeBatch {
    /// The rows.
    pub rows: Vec<MappedKeyValue>,
    /// Whether rows may follow.
    pub more: bool,
}
