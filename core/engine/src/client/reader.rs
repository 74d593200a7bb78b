//! [`Reader`]: range reads and key selectors over own writes, what is known of the database, and the database, as FoundationDB's
//! client executes them (`RYWImpl`).
//!
//! A read walks from part to part. Known parts give their rows; at an unknown one the reader asks the database for it and
//! for what follows up to the next range that is known to be empty, remembers the answer and goes on. If it has rows already, it may
//! end the batch there instead.

use bytes::Bytes;
use record_store_kv::{Error, Result, fdb_code};

use super::edge::Edge;
use super::known::Known;
use super::merge::{Cursor, Kind, View};
use super::range::RangeFound;
use super::read::Selector;
use super::request::{Limits, Reply, ask};
use crate::key::{Key, key_after};

mod down;
mod up;

/// Executes reads.
pub(crate) struct Reader<'a> {
    view: View<'a>,
    known: &'a mut Known,
}

/// One end of a range: where its selector leads as far as that is known, and the part there.
struct End<'a> {
    selector: Selector,
    at: Cursor<'a>,
    /// What was left of the offset when the selector led over an end of the key space.
    offset: i64,
}

/// A request may go over so many parts that are known beside those that it must.
const PARTS_AHEAD: usize = 100;

impl<'a> Reader<'a> {
    /// A reader of what `view` shows.
    pub(crate) fn new(view: View<'a>, known: &'a mut Known) -> Self {
        Reader { view, known }
    }

    /// Reads a batch of a range. Errors: 1036 on the way through an unreadable part; those of the database.
    pub(crate) fn range(
        mut self,
        (begin, end): (&Selector, &Selector),
        limits: Limits,
        reverse: bool,
    ) -> Result<RangeFound> {
        let found = if reverse {
            self.down(begin.clone(), end.clone(), limits)
        } else {
            self.up(begin.clone(), end.clone(), limits)
        };
        self.known.let_go();
        found
    }

    /// The key that a selector leads to. Errors: as [`Reader::range`].
    pub(crate) fn key(mut self, selector: &Selector) -> Result<Bytes> {
        let key = self.resolve(selector);
        self.known.let_go();
        key
    }

    fn resolve(&mut self, selector: &Selector) -> Result<Bytes> {
        let one = Limits::new(1, None);
        let max_key = Bytes::from_static(self.view.max_key);
        let mut selector = selector.clone();
        let (found, far, outside) = if selector.offset > 0 {
            let found = self.up(selector, Selector::first_from(max_key.clone()), one)?;
            let (begin, end) = (found.read_to_begin, found.read_through_end);
            (found, max_key.clone(), [(begin, Bytes::new()), (end, max_key)])
        } else {
            selector.offset += 1;
            let found = self.down(Selector::first_from(""), selector, one)?;
            let (begin, end) = (found.read_to_begin, found.read_through_end);
            (found, Bytes::new(), [(end, max_key), (begin, Bytes::new())])
        };
        let outside = outside.into_iter().find(|(led_there, _)| *led_there);
        let first = found.rows.into_iter().next().map(|row| row.key);
        Ok(outside.map(|(_, key)| key).or(first).unwrap_or(far))
    }

    fn cursor(&mut self, key: &[u8]) -> Result<Cursor<'a>> {
        Cursor::new(self.view, self.known, key)
    }

    fn next(&mut self, cursor: &mut Cursor<'a>) -> Result<()> {
        cursor.next(self.view, self.known)
    }

    fn previous(&mut self, cursor: &mut Cursor<'a>) -> Result<()> {
        cursor.previous(self.view, self.known)
    }

    fn end(&mut self, selector: Selector, found: &mut RangeFound) -> Result<End<'a>> {
        let (at, offset) = (self.cursor(&selector.key)?, selector.offset);
        let mut end = End { selector, at, offset };
        self.follow(&mut end, found)?;
        Ok(end)
    }

    /// Follows a selector as far as that is possible without the database: to the row that it leads to, to an end of the key space, or
    /// to an unknown or unreadable part.
    fn follow(&mut self, end: &mut End<'a>, found: &mut RangeFound) -> Result<()> {
        let max_key = self.view.max_key;
        let mut offset = end.selector.offset;
        let was_settled = offset == 1;
        let mut at = self.cursor(&end.selector.key)?;
        if offset <= 0 && at.starts_at(&end.selector.key) && !end.selector.key.is_empty() {
            self.previous(&mut at)?;
        }
        let mut key: Option<Vec<u8>> = None;
        while offset > 1 && at.is_known() && at.ends_before(max_key) {
            offset -= i64::from(at.kind() == Kind::Row);
            self.next(&mut at)?;
            key = Some(at.begin().to_vec());
        }
        while offset < 1 && at.is_known() && !at.is_first() {
            if at.kind() == Kind::Row {
                offset += 1;
                if offset == 1 {
                    key = Some(at.begin().to_vec());
                    break;
                }
            }
            self.previous(&mut at)?;
            key = at.end().map(Edge::to_vec);
        }
        if !was_settled {
            end.offset = offset;
        }
        let outside: Option<&'static [u8]> = match offset {
            _ if !at.is_known() => None,
            ..1 => {
                found.read_to_begin = true;
                Some(&[])
            }
            2.. => {
                found.read_through_end = true;
                Some(max_key)
            }
            1 => None,
        };
        if let Some(outside) = outside {
            end.selector = Selector::first_from(Bytes::from_static(outside));
            end.at = at;
            return Ok(());
        }
        while at.kind() == Kind::Empty && at.ends_before(max_key) {
            self.next(&mut at)?;
            key = Some(at.begin().to_vec());
        }
        if let Some(key) = key {
            end.selector.key = key.into();
        }
        end.selector.offset = offset;
        end.at = at;
        Ok(())
    }

    /// Follows both ends again after something has become known.
    fn follow_both(&mut self, first: &mut End<'a>, second: &mut End<'a>, found: &mut RangeFound) -> Result<()> {
        self.follow(first, found)?;
        self.follow(second, found)
    }

    /// Asks the database, and remembers the answer.
    fn ask(&mut self, (begin, end): (&Selector, &Selector), limits: Limits, reverse: bool) -> Result<()> {
        let mut reply = ask(self.view.snapshot, (begin, end), limits, reverse, self.view.max_key)?;
        if let Some((from, to)) = known_range(&reply, (begin, end), reverse) {
            if reverse {
                reply.rows.reverse();
            }
            self.known.insert(&from, &to, Some(reply.rows));
        }
        Ok(())
    }
}

impl<'a> End<'a> {
    /// Whether the selector names exactly this key.
    fn is(&self, key: &[u8]) -> bool {
        self.selector.is_first_from(key)
    }

    /// Whether it is known between which keys the end lies.
    fn is_settled(&self) -> bool {
        self.selector.offset == 1
    }

    fn key(&self) -> &[u8] {
        &self.selector.key
    }
}

/// An unreadable part cannot be passed.
fn unreadable<T>() -> Result<T> {
    Err(Error::fdb(fdb_code::ACCESSED_UNREADABLE))
}

/// What an answer tells (`getKnownKeyRange`).
fn known_range(reply: &Reply, (begin, end): (&Selector, &Selector), reverse: bool) -> Option<(Key, Key)> {
    let far: &[u8] = super::legality::SYSTEM_KEYS_END;
    let reached_begin = !(reverse && reply.more) && begin.offset <= 1;
    let reached_end = (reverse || !reply.more) && end.offset >= 1;
    let mut from: &[u8] = if reached_begin { &begin.key } else { far };
    let mut to: &[u8] = if reached_end { &end.key } else { &[] };
    if reply.read_to_begin {
        from = &[];
    }
    if reply.read_through_end {
        to = far;
    }
    let (first, last) = (reply.rows.first(), reply.rows.last());
    let (smallest, largest) = if reverse { (last, first) } else { (first, last) };
    let after;
    if let (Some(smallest), Some(largest)) = (smallest, largest) {
        from = from.min(&smallest.key);
        after = key_after(&largest.key);
        to = to.max(&after);
    }
    (from < to).then(|| (Key::new(from), Key::new(to)))
}
