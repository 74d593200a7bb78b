//! Calls that change something: sets, clears, atomic operations and conflict ranges by hand. Errors are codes for
//! [`State::defer`].

use bytes::Bytes;
use record_store_kv::{ConflictRangeType, Error, fdb_code};

use super::fold::Op;
use super::legality::{self, METADATA_VERSION_KEY, METADATA_VERSION_OPERAND};
use super::state::State;
use super::{read, size, special, versionstamp};
use crate::atomic::{AtomicOp, stamp_position};
use crate::key::{Key, is_key_after, key_after};
use crate::mutation::KeyRange;

impl State {
    /// Sets a key. Errors: 2000, 2004, 2017, 2102, 2103, 2114, 2115.
    pub(crate) fn set(&mut self, key: &[u8], value: &[u8]) -> Result<(), i32> {
        if key == METADATA_VERSION_KEY {
            return Err(fdb_code::CLIENT_INVALID_OPERATION);
        }
        if legality::is_special(key) && self.options.api_version >= 700 {
            return special::set(self, key, value);
        }
        let conflict = self.begin_write()?;
        self.check_writable(key)?;
        self.approximate_size += size::of_write(key, value, conflict);
        legality::check_sizes(key, value)?;
        self.write(Key::new(key), Op::Set(Bytes::copy_from_slice(value)), conflict);
        Ok(())
    }

    /// Applies an atomic operation. Errors: those of [`State::set`], 2018.
    pub(crate) fn atomic_op(&mut self, mutation: i32, key: &[u8], operand: &[u8]) -> Result<(), i32> {
        let mut conflict = !self.options.next_write_no_conflict;
        self.options.next_write_no_conflict = false;
        if legality::is_special(key) {
            return Err(fdb_code::KEY_OUTSIDE_LEGAL_RANGE);
        }
        self.check_not_committing()?;
        let op = AtomicOp::from_code(mutation);
        if key == METADATA_VERSION_KEY {
            if op != Some(AtomicOp::SetVersionstampedValue) || operand != METADATA_VERSION_OPERAND {
                return Err(fdb_code::CLIENT_INVALID_OPERATION);
            }
        } else {
            self.check_writable(key)?;
        }
        let op = op.ok_or(fdb_code::INVALID_MUTATION_TYPE)?;
        legality::check_sizes(key, operand)?;
        let (old_key, old_operand);
        let (mut key, mut operand) = (key, operand);
        if self.options.api_version < 520 {
            (old_key, old_operand) = versionstamp::of_old_api(op, key, operand)?;
            (key, operand) = (&old_key, &old_operand);
        }
        let stamped = match op {
            AtomicOp::SetVersionstampedKey => Some(key),
            AtomicOp::SetVersionstampedValue => Some(operand),
            _ => None,
        };
        if stamped.is_some_and(|template| stamp_position(template).is_none()) {
            return Err(fdb_code::CLIENT_INVALID_OPERATION);
        }
        conflict &= op != AtomicOp::SetVersionstampedKey;
        self.approximate_size += size::of_write(key, operand, conflict);
        if op == AtomicOp::SetVersionstampedKey {
            self.stamped_keys.push(key.to_vec());
            if !self.options.read_your_writes_disabled {
                let placeholder = self.make_room_for_stamped_key(key)?;
                let operand = Bytes::copy_from_slice(operand);
                self.write(Key::new(&placeholder), Op::Atomic(op, operand), conflict);
                return Ok(());
            }
        }
        self.write(Key::new(key), Op::Atomic(op, Bytes::copy_from_slice(operand)), conflict);
        Ok(())
    }

    /// Clears a key. Errors: 2004, 2017.
    pub(crate) fn clear(&mut self, key: &[u8]) -> Result<(), i32> {
        if legality::is_special(key) && self.options.api_version >= 700 {
            return special::clear(self, key, &key_after(key));
        }
        let conflict = self.begin_write()?;
        if key >= self.options.max_write_key() {
            return Err(fdb_code::KEY_OUTSIDE_LEGAL_RANGE);
        }
        if legality::is_too_long(key) {
            return Ok(());
        }
        if self.options.read_your_writes_disabled {
            self.clear_natively(KeyRange::single(key), conflict);
        } else {
            self.approximate_size += size::of_clear(key, conflict);
            let key = Key::new(key);
            self.notice_own_write(&key, key.after(), Some(None));
            let after = Key::new(key.after());
            self.writes.clear_range(key, after, conflict);
        }
        Ok(())
    }

    /// Clears a range. Errors: 2004, 2005, 2017.
    pub(crate) fn clear_range(&mut self, begin: &[u8], end: &[u8]) -> Result<(), i32> {
        if begin > end {
            return Err(fdb_code::INVERTED_RANGE);
        }
        if legality::is_special(begin) && end > legality::SYSTEM_KEYS_END && self.options.api_version >= 700 {
            return special::clear(self, begin, end);
        }
        let conflict = self.begin_write()?;
        let max = self.options.max_write_key();
        if begin > max || end > max {
            return Err(fdb_code::KEY_OUTSIDE_LEGAL_RANGE);
        }
        self.approximate_size += size::of_clear_range(begin, end, conflict);
        let (begin, end) = (legality::truncated(begin), legality::truncated(end));
        if begin == end {
            return Ok(());
        }
        if self.options.read_your_writes_disabled {
            self.clear_natively(KeyRange::new(begin, end), conflict);
        } else {
            self.writes.clear_range(Key::new(begin), Key::new(end), conflict);
            self.notice_own_write(begin, end, Some(None));
        }
        Ok(())
    }

    /// Adds a conflict range, whose begin is not greater than its end. Errors: 2004, 2017.
    pub(crate) fn add_conflict_range(&mut self, begin: &[u8], end: &[u8], kind: ConflictRangeType) -> Result<(), i32> {
        self.check_not_committing()?;
        let max = match kind {
            ConflictRangeType::Read => self.options.max_read_key(),
            ConflictRangeType::Write => self.options.max_write_key(),
        };
        let metadata_version =
            kind == ConflictRangeType::Read && begin == METADATA_VERSION_KEY && is_key_after(begin, end);
        if (begin > max || end > max) && !metadata_version {
            return Err(fdb_code::KEY_OUTSIDE_LEGAL_RANGE);
        }
        let (begin, end) = (legality::truncated(begin), legality::truncated(end));
        if begin == end {
            return Ok(());
        }
        match kind {
            ConflictRangeType::Read if self.options.read_your_writes_disabled => {
                self.approximate_size += size::of_range(begin, end);
                self.read_conflicts.push(begin, end);
            }
            ConflictRangeType::Read => self.add_read_conflict(begin, end),
            ConflictRangeType::Write => {
                self.approximate_size += size::of_range(begin, end);
                if self.options.read_your_writes_disabled {
                    self.outgoing.conflicts.push(begin, end);
                } else {
                    self.writes.add_conflict(Key::new(begin), Key::new(end));
                }
            }
        }
        Ok(())
    }

    /// Applies an option. Errors: 2000, 2006 and others of bad values.
    pub(crate) fn set_option(&mut self, code: i32, value: Option<&[u8]>) -> Result<(), i32> {
        const READ_YOUR_WRITES_DISABLE: i32 = 51;
        const TIMEOUT: i32 = 500;
        if code == READ_YOUR_WRITES_DISABLE && (self.has_read || !self.writes.is_empty()) {
            return Err(fdb_code::CLIENT_INVALID_OPERATION);
        }
        /// System keys, the raw key space and a cluster without its proxies are none of a tenant's business.
        const NOT_IN_TENANTS: [i32; 4] = [301, 302, 303, 711];
        if NOT_IN_TENANTS.contains(&code) && self.snapshot.tenant().is_some() {
            return Err(fdb_code::INVALID_OPTION);
        }
        // A timeout that has fired is not taken back by a longer one.
        let _ = self.check_failed();
        self.options.set(code, value)?;
        self.snapshot.set_lock_aware(self.options.lock_aware);
        if code == READ_YOUR_WRITES_DISABLE {
            self.read_conflicts.clear();
        }
        if code == TIMEOUT {
            self.arm_timeout();
        }
        Ok(())
    }

    /// Reads at `version` instead of the latest. Errors: 2010, 2011.
    pub(crate) fn set_read_version(&mut self, version: i64) -> Result<(), i32> {
        if self.has_version() {
            return Err(fdb_code::READ_VERSION_ALREADY_SET);
        }
        if version <= 0 {
            return Err(fdb_code::VERSION_INVALID);
        }
        self.snapshot.set_version(version);
        Ok(())
    }

    /// Reads a system key for the commit; it conflicts with whoever writes it.
    pub(crate) fn read_system(&mut self, key: &[u8]) -> Result<Option<Bytes>, Error> {
        let got = read::get(self.view(false), key, true)?;
        self.read_conflicts.push_key(key);
        Ok(got.value)
    }

    /// Sets a system key with the commit.
    pub(crate) fn set_system(&mut self, key: &[u8], value: &[u8]) {
        self.write(Key::new(key), Op::Set(Bytes::copy_from_slice(value)), true);
    }

    /// Sets a system key with the commit to a value that takes its versionstamp.
    pub(crate) fn stamp_system(&mut self, key: &[u8], value: &[u8]) {
        let op = Op::Atomic(AtomicOp::SetVersionstampedValue, Bytes::copy_from_slice(value));
        self.write(Key::new(key), op, true);
    }

    /// Clears a system key with the commit.
    pub(crate) fn clear_system(&mut self, key: &[u8]) {
        let range = KeyRange::single(key);
        if self.options.read_your_writes_disabled {
            self.clear_natively(range, true);
        } else {
            self.writes.clear_range(range.begin, range.end, true);
        }
    }

    /// Whether the write that begins adds a conflict range. Errors: 2017.
    fn begin_write(&mut self) -> Result<bool, i32> {
        let conflict = self.options.take_write_conflict();
        self.check_not_committing()?;
        Ok(conflict)
    }

    fn check_writable(&self, key: &[u8]) -> Result<(), i32> {
        if key >= self.options.max_write_key() {
            return Err(fdb_code::KEY_OUTSIDE_LEGAL_RANGE);
        }
        Ok(())
    }

    fn write(&mut self, key: Key, op: Op, conflict: bool) {
        if self.options.read_your_writes_disabled {
            if conflict {
                self.outgoing.conflicts.push_key(key.as_slice());
            }
            self.outgoing.op(&key, &op);
            return;
        }
        if !self.watches.is_empty() {
            self.note_watches(false);
            let value = match &op {
                Op::Set(value) => Some(Some(&value[..])),
                Op::Clear => Some(None),
                Op::Atomic(..) => None,
            };
            let woken = self.watches.own_write(key.as_slice(), key.after(), value);
            self.wakers.extend(woken);
        }
        self.writes.mutate(key, op, conflict);
    }

    fn clear_natively(&mut self, range: KeyRange, conflict: bool) {
        if conflict {
            self.outgoing.conflicts.push(&range.begin, &range.end);
        }
        self.outgoing.clear_range(range);
    }

    /// Makes the keys unreadable among which a stamped key comes to lie, and hands on what was written there before.
    /// Gives the key under which the operation waits for the commit.
    fn make_room_for_stamped_key(&mut self, template: &[u8]) -> Result<Vec<u8>, i32> {
        let version = self.snapshot.known_version().unwrap_or(0);
        let (begin, end) = versionstamp::possible_range(template, version, self.options.max_read_key())?;
        if begin < end {
            self.outgoing.add(&self.writes, begin.as_slice(), end.as_slice());
            self.writes.make_unreadable(begin, end);
        }
        Ok(versionstamp::placeholder(template, version))
    }

    fn notice_own_write(&mut self, begin: &[u8], end: &[u8], value: Option<Option<&[u8]>>) {
        if !self.watches.is_empty() {
            self.note_watches(false);
            let woken = self.watches.own_write(begin, end, value);
            self.wakers.extend(woken);
        }
    }
}
