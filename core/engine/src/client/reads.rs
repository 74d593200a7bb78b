//! Calls that read: what they see, what they conflict with, what of them counts for the size.

use bytes::Bytes;
use record_store_kv::{Error, KeySelector, KeyValue, RangeBatch, RangeRequest, Result, fdb_code};

use super::batch::BatchLimits;
use super::legality::{self, METADATA_VERSION_KEY, SYSTEM_KEYS_END};
use super::merge::View;
use super::range::{RangeFound, RangeRead};
use super::read::{self, Got, Selector};
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
        self.has_read = true;
        let result = self.get_unnoted(key, snapshot);
        let got = self.noted(result)?;
        self.note_get(key, &got, snapshot);
        Ok(got.value)
    }

    /// Reads a legal key as a watch does: nothing shows yet, and a failure does not fail the commit. Tells whether the value is
    /// there without asking the database.
    pub(crate) fn get_for_watch(&mut self, key: &[u8]) -> Result<(Got, bool)> {
        self.has_read = true;
        let known = self.knows_of(key, &key_after(key));
        let got = self.get_unnoted(key, false)?;
        let here = known || !got.needs_database;
        Ok((got, here))
    }

    /// Remembers the reads of watches that have arrived: all of them when the transaction waits for the database.
    pub(crate) fn note_watches(&mut self, waited: bool) {
        if self.watches.is_empty() {
            return;
        }
        let (reads, woken) = self.watches.arrive(self.snapshot.cluster().env(), waited);
        self.wakers.extend(woken);
        for read in reads {
            let (key, got) = read.result();
            self.note_get(key, got, false);
        }
    }

    fn get_unnoted(&mut self, key: &[u8], snapshot: bool) -> Result<Got> {
        read::get(self.view(snapshot), key, self.options.bypass_unreadable)
            .or_else(|error| self.get_known(key, snapshot, error))
    }

    /// What was read of a key before, if its version has become too old meanwhile; else `error`.
    fn get_known(&mut self, key: &[u8], snapshot: bool, error: Error) -> Result<Got> {
        let too_old = error.fdb_code() == Some(fdb_code::TRANSACTION_TOO_OLD);
        let unmodified = self.view(snapshot).writes.is_untouched(key, &key_after(key));
        if !too_old || !unmodified || self.options.read_your_writes_disabled {
            return Err(error);
        }
        let (_, known) = self.sight(snapshot);
        known.value(key).map(Got::stored).ok_or(error)
    }

    /// Remembers that a key was read: for conflicts, and for what later reads do.
    pub(crate) fn note_get(&mut self, key: &[u8], got: &Got, snapshot: bool) {
        if !got.needs_database {
            return;
        }
        let disabled = self.options.read_your_writes_disabled;
        self.make_room_for_read();
        match (disabled, snapshot) {
            (true, true) => {}
            (true, false) => self.read_conflicts.push_key(key),
            (false, false) if got.as_stored => {
                self.read_conflicts.push_read_key(key);
                self.known.note_value(got.value.as_ref());
                self.approximate_size += size::of_key(key);
            }
            (false, false) => {
                self.read_conflicts.push_read(key, &key_after(key));
                self.approximate_size += size::of_key(key);
            }
            (false, true) if got.as_stored => self.known.note_key(key, got.value.as_ref()),
            (false, true) => self.known.note_range(key, &key_after(key)),
        }
    }

    /// Before a read is added to the conflicts: takes over what they know when that has become much.
    fn make_room_for_read(&mut self) {
        const MUCH: usize = 1024;
        if self.read_conflicts.untaken_count() >= MUCH {
            self.known.take_read(&mut self.read_conflicts);
        }
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
        let (begin, end) = (&read.begin.key[..], &read.end.key[..]);
        if self.is_plain(read, snapshot) && !self.knows_of(begin, end) {
            let result = read.limits.read(self.view(snapshot), begin, end, read.reverse);
            let (rows, more) = self.noted(result)?;
            self.note_batch((begin, end), &rows, more, (read.reverse, snapshot));
            return Ok(RangeFound {
                rows,
                more,
                ..RangeFound::default()
            });
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

    /// Whether a read goes from key to key over what the transaction has not written.
    fn is_plain(&self, read: &RangeRead, snapshot: bool) -> bool {
        let (begin, end) = (&read.begin, &read.end);
        let view = self.view(snapshot);
        let from_key_to_key = begin.offset == 1 && end.offset == 1 && begin.key < end.key && *end.key <= *view.max_key;
        from_key_to_key && view.writes.is_untouched(&begin.key, &end.key)
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
            && !self.knows_of(begin, end)
    }

    /// Whether something from `begin` to `end` was read before.
    pub(crate) fn knows_of(&mut self, begin: &[u8], end: &[u8]) -> bool {
        let read = self.read_conflicts.read_overlaps(begin, end).unwrap_or_else(|| {
            self.known.take_read(&mut self.read_conflicts);
            false
        });
        read || self.known.overlaps(begin, end)
    }

    /// Reads the first batch of a range of which [`State::sees_database_only`] holds.
    pub(crate) fn get_range_plainly(&mut self, begin: &[u8], end: &[u8], snapshot: bool) -> Result<RangeBatch> {
        self.has_read = true;
        let result = BatchLimits::WANT_ALL.read(self.view(snapshot), begin, end, false);
        let (rows, more) = self.noted(result)?;
        self.note_batch((begin, end), &rows, more, (false, snapshot));
        Ok(RangeBatch { rows, more })
    }

    /// Remembers a batch of the rows from `begin` to `end` that were read from the database as they are.
    fn note_batch(&mut self, range: (&[u8], &[u8]), rows: &[KeyValue], more: bool, (reverse, snapshot): (bool, bool)) {
        let after;
        let (begin, end) = match rows.last().filter(|_| more) {
            Some(last) if reverse => (&last.key[..], range.1),
            Some(last) => {
                after = key_after(&last.key);
                (range.0, &after[..])
            }
            None => range,
        };
        if snapshot {
            self.known.note_range(begin, end);
        } else if !self.writes.has_no_entry(begin, end) {
            // Where the transaction's own conflict ranges end, the read counts once more.
            self.known.note_range(begin, end);
            self.add_read_conflict(begin, end);
        } else {
            self.make_room_for_read();
            self.read_conflicts.push_read(begin, end);
            self.approximate_size += size::of_range(begin, end);
        }
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
        let found = request::find(&self.snapshot, selector, self.native_end())?.into_key(self.native_end());
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
    pub(crate) fn native_view(&self) -> View<'_> {
        View {
            max_key: self.native_end(),
            ..self.view(true)
        }
    }

    /// Where a selector ends that leads behind the last key, as far as conflicts go. A cluster always has system keys of
    /// its own right behind the others.
    pub(crate) fn native_end(&self) -> &'static [u8] {
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
