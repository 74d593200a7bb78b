//! A range read over window and base: the window's part is taken down under its lock, the base is read after.
//!
//! The window's rows go straight to the result. Only if the base has rows in between are they taken back and merged.

use std::cmp::Ordering;
use std::iter::Peekable;
use std::ops::ControlFlow;
use std::vec;

use record_store_kv::{KeyValue, Result};

use super::base::{Row, Snapshot, Value};
use super::rows::{Mark, Rows};
use super::window::{Entry, GapState, KeyState, Window};
use crate::key::Key;

/// The window's part of a piece of a range at one version.
pub(crate) struct Piece {
    /// Before the rows that the window has.
    mark: Mark,
    shadows: Vec<Shadow>,
    reverse: bool,
    /// Where the piece ends if that is before the end of the range, seen in its direction.
    stop: Option<Key>,
}

/// Something beside the window's rows that hides keys of the base.
enum Shadow {
    /// The key has no value.
    Gone(Key),
    /// No key of `[begin, end)` has a value, if the window has no row for it.
    Hidden { begin: Key, end: Key },
}

impl Piece {
    /// Takes down what `window` says about the first piece of `[begin, end)` (the last one in reverse): at most `entries`
    /// entries, and no more rows than there is room for.
    pub(crate) fn take(
        window: &Window,
        (begin, end): (&[u8], &[u8]),
        reverse: bool,
        version: i64,
        entries: usize,
        rows: &mut Rows<'_>,
    ) -> Self {
        let mut piece = Piece {
            mark: rows.mark(),
            shadows: Vec::new(),
            reverse,
            stop: None,
        };
        match window.few_entries(begin, end, version) {
            Some((gap, few)) => {
                rows.expect(few.len());
                piece.fill((begin, end), gap, few.into_iter(), entries, rows);
            }
            None => {
                let gap = window.gap_after(begin, version);
                piece.fill((begin, end), gap, window.entries(begin, end, version), entries, rows);
            }
        }
        piece
    }

    /// Adds the rows of the piece that `base` has, and gives the key where the next piece of the range begins (in reverse:
    /// ends), if there is one.
    pub(crate) fn merge(
        self,
        base: &dyn Snapshot,
        (begin, end): (&[u8], &[u8]),
        rows: &mut Rows<'_>,
    ) -> Result<Option<Key>> {
        let Piece {
            mark,
            shadows,
            reverse,
            stop,
        } = self;
        let (begin, end) = match &stop {
            Some(stop) if reverse => (&stop[..], end),
            Some(stop) => (begin, &stop[..]),
            None => (begin, end),
        };
        let mut merge = Merge {
            window: None,
            mark,
            shadows: shadows.into_iter().peekable(),
            reverse,
            rows,
        };
        let mut resume: Option<Key> = None;
        loop {
            let (begin, end) = rest_from((begin, end), resume.as_ref(), reverse);
            let (mut skipped, mut next) = (0, None);
            base.scan(begin, end, reverse, &mut |row| match merge.step(row) {
                Step::Taken if merge.rows.is_full() => ControlFlow::Break(()),
                Step::Taken | Step::Skipped(None) => ControlFlow::Continue(()),
                Step::Skipped(to) => {
                    skipped += 1;
                    if skipped < ROWS_SKIPPED {
                        return ControlFlow::Continue(());
                    }
                    next = to;
                    ControlFlow::Break(())
                }
            })?;
            resume = next;
            if resume.is_none() {
                break;
            }
        }
        merge.finish();
        Ok(stop)
    }

    /// Takes the entries between two keys down; `gap` is the state of the gap in which `begin` lies.
    fn fill<'w>(
        &mut self,
        (begin, end): (&[u8], &[u8]),
        gap: GapState,
        entries: impl DoubleEndedIterator<Item = Entry<'w>>,
        most: usize,
        rows: &mut Rows<'_>,
    ) {
        if self.reverse {
            let mut upper = end;
            for (seen, (key, state, after)) in (1..).zip(entries.rev()) {
                self.add_gap(key, upper, after);
                self.add_key(key, state, rows);
                if seen == most || rows.is_full() {
                    self.stop = Some(key.clone());
                    return;
                }
                upper = key;
            }
            self.add_gap(begin, upper, gap);
        } else {
            let mut lower = (begin, gap);
            for (seen, (key, state, after)) in entries.enumerate() {
                self.add_gap(lower.0, key, lower.1);
                if seen == most || rows.is_full() {
                    self.stop = Some(key.clone());
                    return;
                }
                self.add_key(key, state, rows);
                lower = (key, after);
            }
            self.add_gap(lower.0, end, lower.1);
        }
    }

    fn add_key(&mut self, key: &Key, state: &KeyState, rows: &mut Rows<'_>) {
        match state {
            KeyState::Base => {}
            KeyState::Absent => {
                // Downwards, the gap after the key has been noted already and hides the key too.
                let hidden = matches!(self.shadows.last(), Some(Shadow::Hidden { begin, .. }) if begin == key);
                if !(self.reverse && hidden) {
                    self.shadows.push(Shadow::Gone(key.clone()));
                }
            }
            KeyState::Value(value) => rows.push(Row {
                key,
                value: Value::Shared(value),
            }),
        }
    }

    /// Notes the state of the keys between `begin` and `end`; joins it with what lies beside it.
    fn add_gap(&mut self, begin: &[u8], end: &[u8], state: GapState) {
        if state == GapState::Base || begin >= end {
            return;
        }
        if !self.reverse {
            self.shadows
                .pop_if(|last| matches!(last, Shadow::Gone(key) if **key == *begin));
        }
        match self.shadows.last_mut() {
            Some(Shadow::Hidden { end: last, .. }) if !self.reverse && **last == *begin => *last = Key::new(end),
            Some(Shadow::Hidden { begin: last, .. }) if self.reverse && **last == *end => *last = Key::new(begin),
            _ => self.shadows.push(Shadow::Hidden {
                begin: Key::new(begin),
                end: Key::new(end),
            }),
        }
    }
}

struct Merge<'a, 'r> {
    /// The window's rows, once the base has shown a row among them.
    window: Option<Peekable<vec::IntoIter<KeyValue>>>,
    mark: Mark,
    shadows: Peekable<vec::IntoIter<Shadow>>,
    reverse: bool,
    rows: &'a mut Rows<'r>,
}

/// What became of a row of the base.
enum Step {
    /// It is in the result, unless a limit was reached before it.
    Taken,
    /// It is shadowed. So are the rows up to the key given, if one is given.
    Skipped(Option<Key>),
}

impl Merge<'_, '_> {
    fn step(&mut self, row: Row<'_>) -> Step {
        let window = self
            .window
            .get_or_insert_with(|| self.rows.take_back(self.mark).into_iter().peekable());
        while let Some(own) = window.peek() {
            match in_direction(own.key[..].cmp(row.key), self.reverse) {
                Ordering::Less => {
                    if let Some(own) = window.next() {
                        self.rows.push_whole(own);
                    }
                    if self.rows.is_full() {
                        return Step::Taken;
                    }
                }
                Ordering::Equal => return Step::Skipped(None),
                Ordering::Greater => break,
            }
        }
        while let Some(shadow) = self.shadows.peek() {
            match in_direction(shadow.compare(row.key), self.reverse) {
                Ordering::Less => drop(self.shadows.next()),
                Ordering::Equal => return Step::Skipped(shadow.far_end(self.reverse)),
                Ordering::Greater => break,
            }
        }
        self.rows.push(row);
        Step::Taken
    }

    /// The base has no more rows.
    fn finish(self) {
        for row in self.window.into_iter().flatten() {
            if self.rows.is_full() {
                return;
            }
            self.rows.push_whole(row);
        }
    }
}

/// What is left of `[begin, end)` once a read has come to `from`.
pub(crate) fn rest_from<'a>(
    (begin, end): (&'a [u8], &'a [u8]),
    from: Option<&'a Key>,
    reverse: bool,
) -> (&'a [u8], &'a [u8]) {
    match from {
        Some(from) if reverse => (begin, from),
        Some(from) => (from, end),
        None => (begin, end),
    }
}

/// The order seen in the direction of the read.
fn in_direction(order: Ordering, reverse: bool) -> Ordering {
    if reverse { order.reverse() } else { order }
}

impl Shadow {
    /// Where the shadow lies, seen from `key`; equal means that it covers the key.
    fn compare(&self, key: &[u8]) -> Ordering {
        match self {
            Shadow::Gone(own) => (**own).cmp(key),
            Shadow::Hidden { end, .. } if **end <= *key => Ordering::Less,
            Shadow::Hidden { begin, .. } if **begin > *key => Ordering::Greater,
            Shadow::Hidden { .. } => Ordering::Equal,
        }
    }

    /// Where a scan may go on that has met this shadow.
    fn far_end(&self, reverse: bool) -> Option<Key> {
        match self {
            Shadow::Hidden { begin, .. } if reverse => Some(begin.clone()),
            Shadow::Hidden { end, .. } => Some(end.clone()),
            Shadow::Gone(_) => None,
        }
    }
}

/// How many hidden rows of the base are stepped over before a seek is tried: about what a seek costs.
const ROWS_SKIPPED: usize = 8;
