//! Rows of packed columns, and what writes them.

use std::ops::Range;

use record_store_kv::tuple::{Encoder, Tuple, Versionstamp};

use super::super::NullStandin;
use crate::{Error, ErrorKind, Result};

/// Takes columns as they are packed: bytes first, then the end of the column.
pub(crate) trait Sink {
    /// The buffer that the column's bytes are appended to.
    fn bytes(&mut self) -> &mut Vec<u8>;

    /// Ends the column; a null says what it stands for.
    fn end_column(&mut self, standin: Option<NullStandin>);

    /// Writes the version of the record as a column.
    fn version(&mut self, version: Versionstamp);

    /// Writes a null column that stands for something missing.
    fn null(&mut self, standin: NullStandin) {
        Encoder::new(self.bytes()).null();
        self.end_column(Some(standin));
    }
}

/// Writes columns into a key and forgets where they end.
pub(crate) struct KeySink<'a> {
    key: &'a mut Vec<u8>,
    incomplete: bool,
}

impl<'a> KeySink<'a> {
    pub(crate) fn new(key: &'a mut Vec<u8>) -> Self {
        KeySink { key, incomplete: false }
    }

    /// Refuses a key that a commit would have to complete.
    pub(crate) fn finish(self) -> Result<()> {
        if self.incomplete {
            Err(incomplete_version())
        } else {
            Ok(())
        }
    }
}

impl Sink for KeySink<'_> {
    fn bytes(&mut self) -> &mut Vec<u8> {
        self.key
    }

    fn end_column(&mut self, _: Option<NullStandin>) {}

    fn version(&mut self, version: Versionstamp) {
        self.incomplete |= !version.is_complete();
        Encoder::new(self.key).versionstamp(version);
    }
}

/// The rows that a key expression gives for one record, packed. Reused for many records, they stop allocating.
/// Java: a list of `Key.Evaluated`.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    bytes: Vec<u8>,
    columns: Vec<Column>,
    /// Where each row ends among the columns.
    row_ends: Vec<usize>,
    /// Memory for the rows of parts, see [`Rows::combine`].
    parts: Option<Box<Rows>>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    end: usize,
    standin: Option<NullStandin>,
    /// Where the 10 bytes stand that a commit fills in.
    incomplete_version: Option<usize>,
}

impl Rows {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.row_ends.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.row_ends.is_empty()
    }

    /// The row at `index`.
    #[inline]
    pub fn get(&self, index: usize) -> Option<Row<'_>> {
        let end = *self.row_ends.get(index)?;
        let start = index
            .checked_sub(1)
            .and_then(|before| self.row_ends.get(before))
            .map_or(0, |end| *end);
        let first = start
            .checked_sub(1)
            .and_then(|before| self.columns.get(before))
            .map_or(0, |column| column.end);
        Some(Row {
            bytes: &self.bytes,
            start: first,
            columns: self.columns.get(start..end)?,
        })
    }

    /// The rows in the order of evaluation.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.len()).map(|index| self.get(index).expect("the index is below the number of rows"))
    }

    /// Forgets the rows and keeps their memory.
    #[inline]
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.columns.clear();
        self.row_ends.clear();
    }

    /// Makes rows out of the rows of parts: `work` gets these rows and empty ones for the parts. Their memory stays here for
    /// the next record.
    pub(crate) fn combine(&mut self, work: impl FnOnce(&mut Rows, &mut Rows) -> Result<()>) -> Result<()> {
        let mut parts = self.parts.take().unwrap_or_default();
        parts.clear();
        let worked = work(self, &mut parts);
        self.parts = Some(parts);
        worked
    }

    /// The row, where there must be one alone.
    pub(super) fn only(&self) -> Result<Row<'_>> {
        match (self.get(0), self.len()) {
            (Some(row), 1) => Ok(row),
            (_, rows) => {
                Err(Error::new(ErrorKind::InvalidRecord, "the key expression must give one row").with("rows", rows))
            }
        }
    }

    /// Ends the row: its columns are those since the last one.
    #[inline]
    pub(crate) fn end_row(&mut self) -> Result<()> {
        if self.row_ends.len() >= ROWS_MAX {
            return Err(
                Error::new(ErrorKind::TooLarge, "a record gives too many rows of a key expression")
                    .with("limit", ROWS_MAX),
            );
        }
        if self.bytes.len() > BYTES_MAX {
            return Err(
                Error::new(ErrorKind::TooLarge, "a record gives too many bytes of a key expression")
                    .with("limit", BYTES_MAX),
            );
        }
        self.row_ends.push(self.columns.len());
        Ok(())
    }

    /// Appends the columns of `row` to the row at hand.
    pub(super) fn append(&mut self, row: Row<'_>) {
        let (from, to) = (row.start, self.bytes.len());
        self.bytes.extend_from_slice(row.bytes());
        self.columns.extend(row.columns.iter().map(|column| Column {
            end: column.end - from + to,
            standin: column.standin,
            incomplete_version: column.incomplete_version.map(|at| at - from + to),
        }));
    }

    /// Appends one column to the row at hand: a tuple of the columns of `row`.
    pub(super) fn append_nested(&mut self, row: Row<'_>) {
        let mut incomplete_version = None;
        self.bytes.push(NESTED);
        for index in 0..row.column_count() {
            let bytes = row.column(index);
            if let Some(at) = row.columns.get(index).and_then(|column| column.incomplete_version) {
                incomplete_version = Some(at - row.range(index..index).start + self.bytes.len());
            }
            self.bytes.extend_from_slice(bytes);
            if bytes == NULL {
                self.bytes.push(NESTED_NULL);
            }
        }
        self.bytes.push(NESTED_END);
        self.push_column(None, incomplete_version);
    }

    /// Appends rows of `size` rows of `values` each.
    pub(super) fn deal(&mut self, values: &Rows, size: usize) -> Result<()> {
        if !values.len().is_multiple_of(size) {
            return Err(Error::new(
                ErrorKind::InvalidRecord,
                "the number of values is no multiple of the split size",
            )
            .with("values", values.len())
            .with("split_size", size));
        }
        for first in (0..values.len()).step_by(size) {
            for value in (first..first + size).filter_map(|index| values.get(index)) {
                self.append(value);
            }
            self.end_row()?;
        }
        Ok(())
    }

    #[inline]
    fn push_column(&mut self, standin: Option<NullStandin>, incomplete_version: Option<usize>) {
        self.columns.push(Column {
            end: self.bytes.len(),
            standin,
            incomplete_version,
        });
    }
}

impl Sink for Rows {
    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    fn end_column(&mut self, standin: Option<NullStandin>) {
        self.push_column(standin, None);
    }

    fn version(&mut self, version: Versionstamp) {
        Encoder::new(&mut self.bytes).versionstamp(version);
        let at = self.bytes.len() - version.as_bytes().len();
        self.push_column(None, (!version.is_complete()).then_some(at));
    }
}

/// One row: its columns lie packed one after the other, so that any run of them is part of a key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Row<'a> {
    bytes: &'a [u8],
    start: usize,
    columns: &'a [Column],
}

impl<'a> Row<'a> {
    /// How many columns the row has.
    pub fn column_count(&self) -> usize {
        self.columns.len()
    }

    /// All columns, packed.
    pub fn bytes(&self) -> &'a [u8] {
        self.columns(0..self.column_count())
    }

    /// The packed column at `index`; nothing if there is none.
    pub fn column(&self, index: usize) -> &'a [u8] {
        self.columns(index..index + 1)
    }

    /// The packed columns of `range`; what lies behind the last column is nothing.
    #[inline]
    pub fn columns(&self, range: Range<usize>) -> &'a [u8] {
        self.bytes.get(self.range(range)).unwrap_or_default()
    }

    /// Whether the column is null, for whatever reason.
    pub fn is_null(&self, index: usize) -> bool {
        self.column(index) == NULL
    }

    /// What a missing value stands for; `None` for values and for nulls that a function calculated.
    pub fn null_standin(&self, index: usize) -> Option<NullStandin> {
        self.columns.get(index)?.standin
    }

    /// Whether a column of `range` is a null that never conflicts in a unique index. Java: `containsNonUniqueNull`.
    pub fn has_non_unique_null(&self, range: Range<usize>) -> bool {
        let columns = self.columns.get(range).unwrap_or_default();
        columns.iter().any(|column| column.standin == Some(NullStandin::Null))
    }

    /// Where the bytes of the last version stand that is not complete, counted from the row's first byte. A commit fills in
    /// ten of them.
    pub fn incomplete_version(&self) -> Option<usize> {
        self.columns
            .iter()
            .rev()
            .find_map(|column| column.incomplete_version)
            .map(|at| at - self.start)
    }

    /// The row as a tuple.
    ///
    /// # Errors
    /// As [`Tuple::unpack`], for values that nest too deep.
    pub fn to_tuple(&self) -> Result<Tuple> {
        Ok(Tuple::unpack(self.bytes())?)
    }

    /// Refuses a row that cannot be written without a commit.
    pub(crate) fn refuse_incomplete_version(&self) -> Result<()> {
        match self.incomplete_version() {
            Some(_) => Err(incomplete_version()),
            None => Ok(()),
        }
    }

    fn range(&self, range: Range<usize>) -> Range<usize> {
        self.place(range.start)..self.place(range.end)
    }

    /// Where the column at `index` begins.
    #[inline]
    fn place(&self, index: usize) -> usize {
        match index
            .min(self.columns.len())
            .checked_sub(1)
            .and_then(|before| self.columns.get(before))
        {
            Some(column) => column.end,
            None => self.start,
        }
    }
}

fn incomplete_version() -> Error {
    Error::new(
        ErrorKind::InvalidRecord,
        "a version that no commit has completed cannot be a column here",
    )
}

/// A transaction holds 10 MB: more rows than this could not be written.
const ROWS_MAX: usize = 1_000_000;

/// Twice the bytes of a transaction, because bytes that are zero double when they are packed.
const BYTES_MAX: usize = 20_000_000;

/// Codes of FoundationDB's tuple layer, for putting packed columns into a nested tuple.
const NESTED: u8 = 0x05;
const NESTED_NULL: u8 = 0xFF;
const NESTED_END: u8 = 0x00;
const NULL: &[u8] = &[0x00];
