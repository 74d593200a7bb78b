//! Range reads upwards (`getRangeValue`).

use record_store_kv::Result;

use super::{End, PARTS_AHEAD, Reader, unreadable};
use crate::client::edge::Edge;
use crate::client::merge::{Cursor, Kind};
use crate::client::range::RangeFound;
use crate::client::read::Selector;
use crate::client::request::Limits;

/// A read on its way.
struct Walk<'a> {
    begin: End<'a>,
    end: End<'a>,
    limits: Limits,
    found: RangeFound,
    requests: u32,
}

impl<'a> Reader<'a> {
    /// Reads the rows from `begin` on.
    pub(super) fn up(&mut self, begin: Selector, end: Selector, limits: Limits) -> Result<RangeFound> {
        let max_key = self.view.max_key;
        let mut found = RangeFound::default();
        let begin = self.end(begin, &mut found)?;
        let end = self.end(end, &mut found)?;
        if begin.offset >= end.offset && begin.key() >= end.key() {
            return Ok(RangeFound::default());
        }
        if begin.is(max_key) || end.is(b"") {
            return Ok(found);
        }
        let mut walk = Walk {
            begin,
            end,
            limits,
            found,
            requests: 0,
        };
        if !walk.end.is_settled() && walk.begin.key() > walk.end.key() {
            // Where the range ends must be known before the walk can begin.
            let end = self.resolve(&walk.end.selector)?;
            walk.found.read_to_begin |= end.is_empty();
            walk.found.read_through_end |= *end == *max_key;
            if *walk.begin.key() >= *end && walk.begin.selector.offset > 0 {
                return Ok(RangeFound::default());
            }
            if end.is_empty() {
                return Ok(walk.found);
            }
            self.follow_both(&mut walk.begin, &mut walk.end, &mut walk.found)?;
        }
        self.collect(walk)
    }

    fn collect(&mut self, mut walk: Walk<'a>) -> Result<RangeFound> {
        let max_key = self.view.max_key;
        // Rows after the limits that show whether the range goes back behind those before.
        let mut rows_behind = 0;
        loop {
            let Walk {
                begin,
                end,
                limits,
                found,
                ..
            } = &mut walk;
            let enough_behind = rows_behind >= 1 - end.selector.offset;
            if found.rows.is_empty() && begin.offset >= end.offset && begin.key() >= end.key() {
                return Ok(RangeFound::default());
            }
            let nothing = RangeFound {
                read_to_begin: found.read_to_begin,
                read_through_end: found.read_through_end,
                ..RangeFound::default()
            };
            if end.selector.offset <= 1 && end.key().is_empty() {
                return Ok(nothing);
            }
            let met = begin.selector.offset >= end.selector.offset && begin.key() >= end.key();
            if met || (begin.selector.offset >= 1 && begin.key() >= max_key) {
                if end.is_settled() || found.rows.is_empty() {
                    break;
                }
                let key = self.resolve(&end.selector)?;
                found.read_to_begin |= key.is_empty();
                found.read_through_end |= *key == *max_key;
                end.selector = Selector::first_from(key);
                break;
            }
            let at = &begin.at;
            if at.is_known() && at.begin() > end.at.begin() {
                if end.is_settled() {
                    break;
                }
                return Ok(nothing);
            }
            if limits.is_reached() && enough_behind {
                break;
            }
            let stops_here = begin.selector.offset > 0 && end.is_settled() && at.starts_at(end.key());
            if at.is_at(&end.at) && (at.is_known() || stops_here) {
                break;
            }
            match at.kind() {
                Kind::Unreadable => return unreadable(),
                Kind::Unknown if limits.may_end() && !found.rows.is_empty() && enough_behind => {
                    found.more = true;
                    break;
                }
                Kind::Unknown => self.ask_up(&mut walk)?,
                Kind::Empty => self.next(&mut begin.at)?,
                Kind::Row => {
                    let bound = if end.is_settled() { end.key() } else { max_key };
                    begin.at.run_up(bound, |row| {
                        if limits.is_reached() {
                            rows_behind += 1;
                        } else {
                            limits.take(row);
                            found.rows.push(row.clone());
                        }
                    });
                    self.next(&mut begin.at)?;
                }
            }
        }
        let Walk {
            end, limits, mut found, ..
        } = walk;
        found.more |= limits.is_reached();
        if end.is_settled() {
            let keep = found.rows.partition_point(|row| *row.key < *end.key());
            found.more &= keep == found.rows.len();
            found.rows.truncate(keep);
        }
        found.read_through_end &= !found.more;
        Ok(found)
    }

    /// Asks for the unknown part at which the walk stands, and for what follows it.
    fn ask_up(&mut self, walk: &mut Walk<'a>) -> Result<()> {
        let Walk {
            begin,
            end,
            limits,
            found,
            requests,
        } = walk;
        let clears_max = if *requests == 0 { 0 } else { 1 << (*requests).min(20) };
        let mut last = begin.at.clone();
        let mut clears = 0;
        if last.begin() < end.at.begin() {
            clears = self
                .skip_unknown_up(&mut last, &end.at, clears_max + PARTS_AHEAD)?
                .min(clears_max);
        }
        let mut additional = 0;
        let given_back = 1 - end.selector.offset;
        let to = if !last.is_at(&end.at) {
            additional += given_back.max(0);
            Selector::first_from(
                last.end()
                    .map_or_else(|| self.view.max_key.to_vec(), |end| end.to_vec()),
            )
        } else if given_back > 0 {
            additional += given_back;
            Selector::first_from(end.selector.key.clone())
        } else {
            let mut to = end.selector.clone();
            if given_back < 0 {
                clears += self.clears_up(last, clears_max.saturating_sub(clears))?;
                to.offset += i64::try_from(clears).unwrap_or(i64::MAX);
            }
            to
        };
        let mut additional = usize::try_from(additional).unwrap_or_default() + clears;
        let mut from = begin.selector.clone();
        if from.offset == 1 {
            if begin.at.starts_behind(&from.key) {
                from.key = begin.at.begin().to_vec().into();
                begin.selector.key = from.key.clone();
            }
        } else if from.offset > 1 {
            additional += usize::try_from(from.offset - 1).unwrap_or_default();
            from.offset = 1;
        } else {
            let clears = self.clears_down(begin.at.clone(), clears_max)?;
            from.offset -= i64::try_from(clears).unwrap_or(i64::MAX);
            additional += clears;
        }
        let mut to = to;
        if to.key < from.key {
            to.key = from.key.clone();
        }
        let offset = usize::try_from(2 - from.offset).unwrap_or_default();
        let limits = limits.for_request(additional, offset, *requests);
        *requests += 1;
        self.ask((&from, &to), limits, false)?;
        self.follow_both(begin, end, found)
    }

    /// From an unknown part to the last one before a range, of more than one key, that is known to be empty; no further than
    /// `end` and `most` parts. Gives the number of single keys known to be absent on the way.
    fn skip_unknown_up(&mut self, at: &mut Cursor<'a>, end: &Cursor<'a>, most: usize) -> Result<usize> {
        let mut clears = 0;
        // Where the empty range begins that reaches up to here.
        let mut empty_from = at.begin().to_vec();
        let mut left = most;
        while !at.is_at(end) && left > 0 {
            left -= 1;
            match at.kind() {
                Kind::Unreadable => break,
                Kind::Empty if !at.is_single_key_from(&empty_from) => break,
                Kind::Empty => clears += 1,
                Kind::Unknown | Kind::Row => {
                    empty_from = at.end().map(Edge::to_vec).unwrap_or_default();
                }
            }
            self.next(at)?;
        }
        while at.kind() != Kind::Unknown {
            self.previous(at)?;
        }
        Ok(clears)
    }

    /// How many single keys known to be absent follow an unknown part before a range that is known to be empty.
    pub(super) fn clears_up(&mut self, mut at: Cursor<'a>, most: usize) -> Result<usize> {
        let mut clears = 0;
        let mut empty_from = at.begin().to_vec();
        while clears < most && at.ends_before(self.view.max_key) {
            match at.kind() {
                Kind::Unreadable => break,
                Kind::Empty if !at.is_single_key_from(&empty_from) => break,
                Kind::Empty => clears += 1,
                Kind::Unknown | Kind::Row => {
                    empty_from = at.end().map(Edge::to_vec).unwrap_or_default();
                }
            }
            self.next(&mut at)?;
        }
        Ok(clears)
    }
}
