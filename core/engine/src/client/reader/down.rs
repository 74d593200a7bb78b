//! Range reads downwards (`getRangeValueBack`).

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
    /// Reads the rows from `end` down.
    pub(super) fn down(&mut self, begin: Selector, end: Selector, limits: Limits) -> Result<RangeFound> {
        let max_key = self.view.max_key;
        let mut found = RangeFound::default();
        let end = self.end(end, &mut found)?;
        let begin = self.end(begin, &mut found)?;
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
        if !walk.begin.is_settled() && walk.begin.key() > walk.end.key() {
            // Where the range begins must be known before the walk can start at its end.
            let begin = self.resolve(&walk.begin.selector)?;
            walk.found.read_to_begin |= begin.is_empty();
            walk.found.read_through_end |= *begin == *max_key;
            if *begin >= *walk.end.key() && walk.end.selector.offset <= 1 {
                return Ok(RangeFound::default());
            }
            if *begin == *max_key {
                return Ok(walk.found);
            }
            self.follow_both(&mut walk.end, &mut walk.begin, &mut walk.found)?;
        }
        self.collect_down(walk)
    }

    fn collect_down(&mut self, mut walk: Walk<'a>) -> Result<RangeFound> {
        let max_key = self.view.max_key;
        // Rows after the limits that show whether the range begins behind those before.
        let mut rows_behind = 0;
        loop {
            let Walk {
                begin,
                end,
                limits,
                found,
                ..
            } = &mut walk;
            let enough_behind = rows_behind >= begin.selector.offset - 1;
            if found.rows.is_empty() && begin.offset >= end.offset && begin.key() >= end.key() {
                return Ok(RangeFound::default());
            }
            let nothing = RangeFound {
                read_to_begin: found.read_to_begin,
                read_through_end: found.read_through_end,
                ..RangeFound::default()
            };
            if begin.selector.offset > 0 && begin.key() >= max_key {
                return Ok(nothing);
            }
            let met = begin.selector.offset >= end.selector.offset && begin.key() >= end.key();
            if met || (end.selector.offset <= 1 && end.key().is_empty()) {
                if begin.is_settled() || found.rows.is_empty() {
                    break;
                }
                let key = self.resolve(&begin.selector)?;
                found.read_to_begin |= key.is_empty();
                found.read_through_end |= *key == *max_key;
                begin.selector = Selector::first_from(key);
                break;
            }
            if enough_behind && end.at.is_known() && end.at.begin() < begin.at.begin() {
                if begin.is_settled() {
                    break;
                }
                return Ok(nothing);
            }
            if limits.is_reached() && enough_behind {
                break;
            }
            if end.is_settled() && end.at.starts_at(end.key()) {
                if enough_behind && end.at.is_at(&begin.at) {
                    break;
                }
                self.previous(&mut end.at)?;
            }
            match end.at.kind() {
                Kind::Unreadable => return unreadable(),
                Kind::Unknown if limits.bytes.is_some() && !found.rows.is_empty() && enough_behind => {
                    found.more = true;
                    break;
                }
                Kind::Unknown => {
                    self.ask_down(&mut walk)?;
                    continue;
                }
                Kind::Empty => {}
                Kind::Row => {
                    let bound = if begin.is_settled() { begin.key() } else { b"" };
                    end.at.run_down(bound, |row| {
                        if limits.is_reached() {
                            rows_behind += 1;
                        } else {
                            limits.take(row);
                            found.rows.push(row.clone());
                        }
                    });
                }
            }
            if end.at.is_at(&begin.at) {
                break;
            }
            self.previous(&mut end.at)?;
        }
        let Walk {
            begin,
            limits,
            mut found,
            ..
        } = walk;
        found.more |= limits.is_reached();
        if begin.is_settled() {
            let keep = found.rows.partition_point(|row| *row.key >= *begin.key());
            found.more &= keep == found.rows.len();
            found.rows.truncate(keep);
        }
        found.read_to_begin &= !found.more;
        Ok(found)
    }

    /// Asks for the unknown part at which the walk stands, and for what comes before it.
    fn ask_down(&mut self, walk: &mut Walk<'a>) -> Result<()> {
        let Walk {
            begin,
            end,
            limits,
            found,
            requests,
        } = walk;
        let clears_max = if *requests == 0 { 0 } else { 1 << (*requests).min(20) };
        let mut last = end.at.clone();
        let mut clears = 0;
        if last.begin() > begin.at.begin() {
            clears = self
                .skip_unknown_down(&mut last, &begin.at, clears_max + PARTS_AHEAD)?
                .min(clears_max);
        }
        let mut additional = 0;
        let given_back = begin.selector.offset - 1;
        let mut from = if !last.is_at(&begin.at) {
            additional += given_back.max(0);
            Selector::first_from(last.begin().to_vec())
        } else if given_back > 0 {
            additional += given_back;
            Selector::first_from(begin.selector.key.clone())
        } else {
            let mut from = begin.selector.clone();
            if given_back < 0 {
                clears += self.clears_down(last, clears_max.saturating_sub(clears))?;
                from.offset -= i64::try_from(clears).unwrap_or(i64::MAX);
            }
            from
        };
        let mut additional = usize::try_from(additional).unwrap_or_default() + clears;
        let mut to = end.selector.clone();
        if to.offset == 1 {
            if end.at.ends_before(&to.key) {
                to.key = end.at.end().map_or_else(|| to.key.clone(), |end| end.to_vec().into());
                end.selector.key = to.key.clone();
            }
        } else if to.offset < 1 {
            additional += usize::try_from(1 - to.offset).unwrap_or_default();
            to.offset = 1;
        } else {
            let clears = self.clears_up(end.at.clone(), clears_max)?;
            to.offset += i64::try_from(clears).unwrap_or(i64::MAX);
            additional += clears;
        }
        if from.key > to.key {
            from.key = to.key.clone();
        }
        let offset = usize::try_from(to.offset).unwrap_or_default();
        let limits = limits.for_request(additional, offset, *requests);
        *requests += 1;
        self.ask((&from, &to), limits, true)?;
        self.follow_both(end, begin, found)
    }

    /// As `skip_unknown_up`, downwards.
    fn skip_unknown_down(&mut self, at: &mut Cursor<'a>, end: &Cursor<'a>, most: usize) -> Result<usize> {
        let mut clears = 0;
        // Where the empty range ends that reaches down to here.
        let mut empty_to = at.end().map(Edge::to_vec);
        let mut left = most;
        while !at.is_at(end) && left > 0 {
            left -= 1;
            match at.kind() {
                Kind::Unreadable => break,
                Kind::Empty if !at.is_single_key_to(empty_to.as_deref()) => break,
                Kind::Empty => clears += 1,
                Kind::Unknown | Kind::Row => empty_to = Some(at.begin().to_vec()),
            }
            self.previous(at)?;
        }
        while at.kind() != Kind::Unknown {
            self.next(at)?;
        }
        Ok(clears)
    }

    /// As `clears_up`, downwards.
    pub(super) fn clears_down(&mut self, mut at: Cursor<'a>, most: usize) -> Result<usize> {
        let mut clears = 0;
        let mut empty_to = at.end().map(Edge::to_vec);
        while clears < most && !at.is_first() {
            match at.kind() {
                Kind::Unreadable => break,
                Kind::Empty if !at.is_single_key_to(empty_to.as_deref()) => break,
                Kind::Empty => clears += 1,
                Kind::Unknown | Kind::Row => empty_to = Some(at.begin().to_vec()),
            }
            self.previous(&mut at)?;
        }
        Ok(clears)
    }
}
