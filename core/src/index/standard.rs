//! [`EntryShape`]: how the entries of most index types lie in the database.
//!
//! The key is the columns of the index, then those columns of the primary key that are not among them; the value is the
//! covered columns. Java class: `StandardIndexMaintainer`.

use std::sync::Arc;

use record_store_kv::tuple::{Decoder, Tuple};
use smallvec::SmallVec;

use super::IndexEntry;
use crate::key_expression::Row;
use crate::metadata::Index;
use crate::{Error, ErrorKind, Result};

/// How the entries of an index lie in the database.
#[derive(Clone, Debug)]
pub(crate) struct EntryShape {
    index: Arc<Index>,
    key_columns: usize,
}

impl EntryShape {
    /// The shape of an index's entries.
    pub(crate) fn new(index: &Arc<Index>) -> Self {
        EntryShape {
            key_columns: index.root_expression().column_count(),
            index: Arc::clone(index),
        }
    }

    /// The index.
    pub(crate) fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// The packed columns of the key.
    pub(crate) fn key_columns<'a>(&self, row: &Row<'a>) -> &'a [u8] {
        row.columns(0..self.key_columns)
    }

    /// The packed columns of the value, nothing unless the index covers some.
    pub(crate) fn value<'a>(&self, row: &Row<'a>) -> &'a [u8] {
        row.columns(self.key_columns..row.column_count())
    }

    /// Whether a column of the key is a null that never conflicts.
    pub(crate) fn has_non_unique_null(&self, row: &Row<'_>) -> bool {
        row.has_non_unique_null(0..self.key_columns)
    }

    /// Appends the key of an entry behind the prefix of the index.
    ///
    /// Errors: `Corrupt` for a primary key that is no tuple.
    pub(crate) fn append_key(&self, row: &Row<'_>, primary_key: &[u8], key: &mut Vec<u8>) -> Result<()> {
        key.extend_from_slice(self.key_columns(row));
        self.append_primary_key(primary_key, key)
    }

    /// Appends what of the primary key is no column of the index.
    ///
    /// Errors: `Corrupt` for a primary key that is no tuple.
    pub(crate) fn append_primary_key(&self, primary_key: &[u8], key: &mut Vec<u8>) -> Result<()> {
        let Some(positions) = self.index.primary_key_component_positions() else {
            key.extend_from_slice(primary_key);
            return Ok(());
        };
        let mut columns = Decoder::new(primary_key);
        for position in positions {
            if let Some(column) = columns.skip_element()?
                && position.is_none()
            {
                key.extend_from_slice(column);
            }
        }
        key.extend_from_slice(columns.remaining());
        Ok(())
    }

    /// Appends the packed primary key of an entry, from its key behind the prefix of the index.
    ///
    /// Errors: `Corrupt` for a key that is no entry.
    pub(crate) fn extract_primary_key(&self, key: &[u8], primary_key: &mut Vec<u8>) -> Result<()> {
        let mut rest = Decoder::new(key);
        let mut columns: SmallVec<[&[u8]; 4]> = SmallVec::new();
        for _ in 0..self.key_columns {
            columns.push(self.next_column(key, &mut rest)?);
        }
        let Some(positions) = self.index.primary_key_component_positions() else {
            primary_key.extend_from_slice(rest.remaining());
            return Ok(());
        };
        for position in positions {
            let column = match position {
                None => self.next_column(key, &mut rest)?,
                Some(position) => columns.get(*position).copied().ok_or_else(|| {
                    Error::new(
                        ErrorKind::Unsupported,
                        "the index covers a column of the primary key by its value, so that its entries do not tell the key \
                         of their record: leave the column out of the value",
                    )
                    .with("index", self.index.name())
                })?,
            };
            primary_key.extend_from_slice(column);
        }
        Ok(())
    }

    /// The packed primary key of an entry. Errors: those of [`extract_primary_key`](EntryShape::extract_primary_key).
    pub(crate) fn primary_key(&self, key: &[u8]) -> Result<Vec<u8>> {
        let mut primary_key = Vec::new();
        self.extract_primary_key(key, &mut primary_key)?;
        Ok(primary_key)
    }

    fn next_column<'a>(&self, key: &[u8], columns: &mut Decoder<'a>) -> Result<&'a [u8]> {
        match columns.skip_element() {
            Ok(Some(column)) => Ok(column),
            Ok(None) => Err(self.corrupt(key)),
            Err(error) => Err(self.corrupt(key).caused_by(error)),
        }
    }

    /// Reads an entry.
    ///
    /// Errors: `Corrupt` for what is no entry.
    pub(crate) fn decode(&self, key: &[u8], value: &[u8]) -> Result<IndexEntry> {
        let tuple = |bytes: &[u8]| Tuple::unpack(bytes).map_err(|error| self.corrupt(key).caused_by(error));
        Ok(IndexEntry {
            key: tuple(key)?,
            value: tuple(value)?,
            primary_key: tuple(&self.primary_key(key)?)?,
        })
    }

    /// Checks an entry with these packed columns.
    ///
    /// Errors: `TooLarge` for an entry that FoundationDB cannot hold.
    pub(crate) fn check_sizes(&self, key: &[u8], value: &[u8], columns: &[u8], primary_key: &[u8]) -> Result<()> {
        let refuse = |message, size: usize, limit: usize| {
            Err(Error::new(ErrorKind::TooLarge, message)
                .with("index", self.index.name())
                .with("size", size)
                .with("limit", limit)
                .with("value", beginning_of(columns))
                .with("primary_key", beginning_of(primary_key)))
        };
        if key.len() > KEY_SIZE_MAX {
            return refuse(
                "the values make an index entry longer than a database key may be",
                key.len(),
                KEY_SIZE_MAX,
            );
        }
        if value.len() > VALUE_SIZE_MAX {
            return refuse(
                "the covered values make an index entry longer than a database value may be",
                value.len(),
                VALUE_SIZE_MAX,
            );
        }
        Ok(())
    }

    fn corrupt(&self, key: &[u8]) -> Error {
        Error::new(ErrorKind::Corrupt, "a key of the index is no entry of it")
            .with("index", self.index.name())
            .with("key", key.escape_ascii())
    }
}

/// A tuple, cut to a length that an error can carry.
pub(crate) fn beginning_of(packed: &[u8]) -> String {
    let mut text = match Tuple::unpack(packed) {
        Ok(tuple) => tuple.to_string(),
        Err(_) => packed.escape_ascii().to_string(),
    };
    if let Some((cut, _)) = text.char_indices().nth(SHOWN_MAX) {
        text.truncate(cut);
        text.push('…');
    }
    text
}

/// FoundationDB's limits.
const KEY_SIZE_MAX: usize = 10_000;
const VALUE_SIZE_MAX: usize = 100_000;

/// How many characters of a value an error shows.
const SHOWN_MAX: usize = 80;
