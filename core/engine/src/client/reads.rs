//! Calls that read: what they see, what they conflict with, what of them counts for the size.

use bytes::Bytes;
use record_store_kv::{Error, KeySelector, RangeBatch, RangeRequest, Result, fdb_code};

use super::batch::BatchLimits;
use super::legality::{self, METADATA_VERSION_KEY, SYSTEM_KEYS_END};
use super::merge::View;
use super::range::{RangeFound, RangeRead};
use super::read::{self, Selector};
use super::reader::Reader;
use super::state::State;
use super::{conflicts, request, size};
use crate::key::key_after;

impl State {
    /// Reads one key. Errors: 2004; those of the read, which fail the commit as well.
    pub(crate) fn get(&mut self, key: &[u8], snapshot: bool) -> Result<Option<Bytes>> {
        if key >= self.options.max_read_key() && key != METADATA_VERSION_KEY {
            return Err(Error::fdb(fdb_code::KEY_OUTSIDE_LEGAL_RANGE));
        }
        if legality::is_too_long(key) {
            return Ok(None);
        }
        let result = self.get_unnoted(key, snapshot);
        self.noted(result)
    }

    /// As [`State::get`] for a legal key, but a failure does not fail the commit: a watch reads so.
    pub(crate) fn get_unnoted(&mut self, key: &[u8], snapshot: bool) -> Result<Option<Bytes>> {
        self.has_read = true;
        let bypass_unreadable = self.options.bypass_unreadable;
        let (value, needs_database) = if self.options.read_your_writes_disabled {
            (self.snapshot.get(key)?, true)
        } else {
            let (view, known) = self.sight(snapshot);
            read::get(view, known, key, bypass_unreadable)?
        };
        if needs_database && !snapshot {
            self.read_conflicts.push_key(key);
            if !self.options.read_your_writes_disabled {
                self.approximate_size += size::of_key(key);
            }
        }
        Ok(value)
    }

    /// Resolves a key selector. Errors: 2004; those of the read, which fail the commit as well.
    pub(crate) fn get_key(&mut self, selector: &KeySelector, snapshot: bool) -> Result<Bytes> {
        let max_key = self.options.max_read_key();
        if selector.key > max_key {
            return Err(Error::fdb(fdb_code::KEY_OUTSIDE_LEGAL_RANGE));
        }
        self.has_read = true;
        let selector = Selector::new(selector);
        if self.options.read_your_writes_disabled {
            let result = self.get_key_natively(&selector, snapshot);
            return self.noted(result);
        }
        let (view, known) = self.sight(snapshot);
        let result = Reader::new(view, known).key(&selector);
        let result = self.noted(result)?;
        if !snapshot {
            let (begin, end) = conflicts::of_selector(&selector, &result);
            self.add_read_conflict(&begin, &end);
        }
        Ok(result)
    }

    /// Reads a range. Errors: 2004; those of the read, which fail the commit as well.
    pub(crate) fn get_range(&mut self, request: &RangeRequest, read: &RangeRead, snapshot: bool) -> Result<RangeFound> {
        let max_key = self.options.max_read_key();
        if request.begin.key > max_key || request.end.key > max_key {
            return Err(Error::fdb(fdb_code::KEY_OUTSIDE_LEGAL_RANGE));
        }
        if read.is_inverted() {
            return Ok(RangeFound::default());
        }
        self.has_read = true;
        if self.options.read_your_writes_disabled {
            let result = self.get_range_natively(read, snapshot);
            return self.noted(result);
        }
        let (view, known) = self.sight(snapshot);
        let result = read.execute(view, known);
        let found = self.noted(result)?;
        if !snapshot {
            let (begin, end) = conflicts::of_range(read, &found, max_key);
            self.add_read_conflict(&begin, &end);
        }
        Ok(found)
    }

    /// Whether the keys from `begin` to `end` are ordinary ones of which this transaction knows nothing, and the usual options hold:
    /// [`State::get_range_plainly`] reads them as [`State::get_range`] does.
    pub(crate) fn sees_database_only(&mut self, begin: &[u8], end: &[u8], snapshot: bool) -> bool {
        begin < end
            && end <= legality::NORMAL_KEYS_END
            && !legality::is_too_long(begin)
            && !legality::is_too_long(end)
            && !self.options.read_your_writes_disabled
            && self.view(snapshot).writes.has_no_entry(begin, end)
            && !self.known.overlaps(begin, end)
    }

    /// Reads the first batch of a range of which [`State::sees_database_only`] holds.
    pub(crate) fn get_range_plainly(&mut self, begin: &[u8], end: &[u8], snapshot: bool) -> Result<RangeBatch> {
        self.has_read = true;
        let result = BatchLimits::WANT_ALL.read(self.view(snapshot), begin, end, false);
        let (rows, more) = self.noted(result)?;
        self.known.note_batch((begin, end), &rows, more, false);
        if !snapshot {
            match rows.last() {
                Some(last) if more => self.note_read(begin, &key_after(&last.key)),
                _ => self.note_read(begin, end),
            }
        }
        Ok(RangeBatch { rows, more })
    }

    /// Adds a read conflict where the transaction has no writes of its own that hide the database.
    pub(crate) fn add_read_conflict(&mut self, begin: &[u8], end: &[u8]) {
        if begin >= end {
            return;
        }
        if self.writes.is_empty() {
            self.note_read(begin, end);
            return;
        }
        let whole = size::of_range(begin, end);
        for segment in self
            .writes
            .segments(begin)
            .take_while(|segment| segment.begins_before(end))
        {
            if segment.needs_database() {
                self.read_conflicts
                    .push(segment.begin.max(begin), segment.end.map_or(end, |to| to.min(end)));
                self.approximate_size += whole;
            }
        }
    }

    /// Adds a read conflict on a range that holds no own writes.
    fn note_read(&mut self, begin: &[u8], end: &[u8]) {
        self.read_conflicts.push(begin, end);
        self.approximate_size += size::of_range(begin, end);
    }

    fn get_key_natively(&mut self, selector: &Selector, snapshot: bool) -> Result<Bytes> {
        let found = request::find(&self.snapshot, selector, SYSTEM_KEYS_END)?.into_key(self.native_end());
        if !snapshot {
            let (begin, end) = conflicts::of_selector(selector, &found);
            self.read_conflicts.push(&begin, &end);
        }
        Ok(found.min(Bytes::from_static(self.options.max_read_key())))
    }

    fn get_range_natively(&mut self, read: &RangeRead, snapshot: bool) -> Result<RangeFound> {
        let max_key = self.options.max_read_key();
        let mut read = read.clone();
        if read.reverse && read.end.offset > 1 {
            // Downwards the walk must not start among keys that may not be read.
            read.end = Selector {
                key: self.get_key_natively(&read.end, snapshot)?,
                offset: 1,
            };
        }
        let mut found = read.execute_natively(self.native_view())?;
        if !snapshot {
            let (begin, end) = conflicts::of_native_range(&read, &found, self.native_end());
            self.read_conflicts.push(&begin, &end);
        }
        if !read.reverse && found.rows.last().is_some_and(|row| row.key >= max_key) {
            found.rows.retain(|row| row.key < max_key);
            found.more = false;
        }
        Ok(found)
    }

    /// The database without own writes and with all its keys.
    fn native_view(&self) -> View<'_> {
        View {
            max_key: SYSTEM_KEYS_END,
            ..self.view(true)
        }
    }

    /// Where a selector ends that leads behind the last key, as far as conflicts go. A cluster always has system keys of
    /// its own right behind the others.
    fn native_end(&self) -> &'static [u8] {
        if self.options.read_system_keys {
            SYSTEM_KEYS_END
        } else {
            legality::NORMAL_KEYS_END
        }
    }

    /// A failed read also fails the commit; one that waits for its version has not failed.
    fn noted<T>(&mut self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result
            && !self.snapshot.is_waiting()
        {
            self.note_read_failure(error);
        }
        result
    }
}
