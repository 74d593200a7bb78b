//! A range read over window and base: the window's part is taken down as patches under its lock, the base is read after.

use std::cmp::Ordering;
use std::ops::ControlFlow;

use bytes::Bytes;
use record_store_kv::{KeyValue, Result};

use super::base::{Row, Snapshot};
use super::window::{GapState, KeyState, Window};

/// Where a range read stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ScanLimits {
    /// After so many rows.
    pub(crate) rows: usize,
    /// After the row that brings the sum to so many bytes; a row counts 24 and its key and value.
    pub(crate) bytes: usize,
}

impl ScanLimits {
    /// No limit.
    #[cfg(test)]
    pub(crate) const NONE: ScanLimits = ScanLimits {
        rows: usize::MAX,
        bytes: usize::MAX,
    };
}

/// The rows found so far, and what is left of the limits.
pub(crate) struct Rows<'a> {
    out: &'a mut Vec<KeyValue>,
    left: ScanLimits,
}

impl<'a> Rows<'a> {
    /// Rows go to the end of `out`.
    pub(crate) fn new(out: &'a mut Vec<KeyValue>, limits: ScanLimits) -> Self {
        Rows { out, left: limits }
    }

    /// Whether a limit is reached.
    pub(crate) fn is_full(&self) -> bool {
        self.left.rows == 0 || self.left.bytes == 0
    }

    /// How many more rows may come.
    pub(crate) fn rows_left(&self) -> usize {
        self.left.rows
    }

    fn push(&mut self, row: KeyValue) {
        let bytes = ROW_OVERHEAD + row.key.len() + row.value.len();
        self.left.rows = self.left.rows.saturating_sub(1);
        self.left.bytes = self.left.bytes.saturating_sub(bytes);
        self.out.push(row);
    }
}

/// What FoundationDB adds to key and value when it counts the bytes of a batch (`sizeof(KeyValueRef)`).
const ROW_OVERHEAD: usize = 24;

/// The window's part of a piece of a range at one version.
pub(crate) struct Patches {
    patches: Vec<Patch>,
    /// The piece, `[begin, end)`.
    begin: Bytes,
    end: Bytes,
    reverse: bool,
}

/// Something that the base must not show as it is.
enum Patch {
    /// The key has this value.
    Row(KeyValue),
    /// The key has no value.
    Gone(Bytes),
    /// No key of `[begin, end)` has a value, if no other patch says otherwise.
    Hidden { begin: Bytes, end: Bytes },
}

impl Patches {
    /// Takes down what `window` says about the first piece of `[begin, end)` (the last one in reverse): at most `entries`
    /// entries and `rows` rows of it.
    pub(crate) fn take(
        window: &Window,
        (begin, end): (&Bytes, &Bytes),
        reverse: bool,
        version: i64,
        entries: usize,
        rows: usize,
    ) -> Self {
        let mut patches = Patches {
            patches: Vec::new(),
            begin: begin.clone(),
            end: end.clone(),
            reverse,
        };
        if !window.is_empty() {
            patches.fill(window, version, entries, rows);
        }
        patches
    }

    /// What remains of `[begin, end)` after this piece.
    pub(crate) fn rest(&self, begin: &Bytes, end: &Bytes) -> Option<(Bytes, Bytes)> {
        let rest = if self.reverse {
            (begin, &self.begin)
        } else {
            (&self.end, end)
        };
        (rest.0 < rest.1).then(|| (rest.0.clone(), rest.1.clone()))
    }

    /// The rows of the piece, from the patches and from `base`.
    pub(crate) fn merge(self, base: &dyn Snapshot, rows: &mut Rows<'_>) -> Result<()> {
        let Patches {
            patches,
            mut begin,
            mut end,
            reverse,
        } = self;
        let mut merge = Merge {
            patches: patches.into_iter().peekable(),
            reverse,
            rows,
        };
        loop {
            let mut skipped = 0;
            let mut resume = None;
            base.scan(&begin, &end, reverse, &mut |row| match merge.step(row) {
                Step::Taken if merge.rows.is_full() => ControlFlow::Break(()),
                Step::Taken | Step::Skipped(None) => ControlFlow::Continue(()),
                Step::Skipped(to) => {
                    skipped += 1;
                    if skipped < ROWS_SKIPPED {
                        return ControlFlow::Continue(());
                    }
                    resume = to;
                    ControlFlow::Break(())
                }
            })?;
            match resume {
                Some(to) if reverse => end = to,
                Some(to) => begin = to,
                None => break,
            }
            if begin >= end {
                break;
            }
        }
        merge.finish();
        Ok(())
    }

    fn fill(&mut self, window: &Window, version: i64, most_entries: usize, most_rows: usize) {
        let (begin, end) = (self.begin.clone(), self.end.clone());
        let mut entries = window.entries(&begin, &end, version);
        let mut found_rows = 0;
        if !self.reverse {
            let mut gap = (&begin, window.gap_after(&begin, version));
            for (seen, (key, state, after)) in entries.enumerate() {
                self.add_gap(gap.0, key, gap.1);
                if seen == most_entries || found_rows == most_rows {
                    self.end = key.clone();
                    return;
                }
                found_rows += usize::from(self.add_key(key, state));
                gap = (key, after);
            }
            self.add_gap(gap.0, &end, gap.1);
        } else {
            let mut upper = &end;
            let mut seen = 0;
            while let Some((key, state, after)) = entries.next_back() {
                self.add_gap(key, upper, after);
                found_rows += usize::from(self.add_key(key, state));
                upper = key;
                seen += 1;
                if seen == most_entries || found_rows == most_rows {
                    self.begin = upper.clone();
                    return;
                }
            }
            self.add_gap(&begin, upper, window.gap_after(&begin, version));
        }
    }

    /// Notes the state of a key; tells whether it is a row.
    fn add_key(&mut self, key: &Bytes, state: KeyState) -> bool {
        match state {
            KeyState::Base => false,
            KeyState::Absent => {
                // Downwards, the gap after the key has been noted already and hides the key too.
                let hidden = matches!(self.patches.last(), Some(Patch::Hidden { begin, .. }) if begin == key);
                if !(self.reverse && hidden) {
                    self.patches.push(Patch::Gone(key.clone()));
                }
                false
            }
            KeyState::Value(value) => {
                self.patches.push(Patch::Row(KeyValue {
                    key: key.clone(),
                    value,
                }));
                true
            }
        }
    }

    /// Notes the state of the keys between `begin` and `end`; joins it with what lies beside it.
    fn add_gap(&mut self, begin: &Bytes, end: &Bytes, state: GapState) {
        if state == GapState::Base || begin >= end {
            return;
        }
        let mut hidden = (begin.clone(), end.clone());
        if !self.reverse {
            self.patches
                .pop_if(|last| matches!(last, Patch::Gone(key) if *key == hidden.0));
            if let Some(Patch::Hidden { begin, .. }) = self
                .patches
                .pop_if(|last| matches!(last, Patch::Hidden { end, .. } if *end == hidden.0))
            {
                hidden.0 = begin;
            }
        } else {
            if let Some(Patch::Hidden { end, .. }) = self
                .patches
                .pop_if(|last| matches!(last, Patch::Hidden { begin, .. } if *begin == hidden.1))
            {
                hidden.1 = end;
            }
        }
        self.patches.push(Patch::Hidden {
            begin: hidden.0,
            end: hidden.1,
        });
    }
}

struct Merge<'a, 'r> {
    patches: std::iter::Peekable<std::vec::IntoIter<Patch>>,
    reverse: bool,
    rows: &'a mut Rows<'r>,
}

/// What became of a row of the base.
enum Step {
    /// It is in the result, unless a limit was reached before it.
    Taken,
    /// It is shadowed. So are the rows up to the key given, if one is given.
    Skipped(Option<Bytes>),
}

impl Merge<'_, '_> {
    fn step(&mut self, row: Row<'_>) -> Step {
        while let Some(patch) = self.patches.peek() {
            match patch.compare(row.key()) {
                Ordering::Equal => return Step::Skipped(patch.far_end(self.reverse)),
                order if order.is_gt() == self.reverse => {
                    if let Some(Patch::Row(row)) = self.patches.next() {
                        self.rows.push(row);
                        if self.rows.is_full() {
                            return Step::Taken;
                        }
                    }
                }
                _ => break,
            }
        }
        self.rows.push(row.to_key_value());
        Step::Taken
    }

    /// The base has no more rows.
    fn finish(self) {
        for patch in self.patches {
            if self.rows.is_full() {
                return;
            }
            if let Patch::Row(row) = patch {
                self.rows.push(row);
            }
        }
    }
}

impl Patch {
    /// Where the patch lies, seen from `key`; equal means that it covers the key.
    fn compare(&self, key: &[u8]) -> Ordering {
        match self {
            Patch::Row(KeyValue { key: own, .. }) | Patch::Gone(own) => own[..].cmp(key),
            Patch::Hidden { end, .. } if end[..] <= *key => Ordering::Less,
            Patch::Hidden { begin, .. } if begin[..] > *key => Ordering::Greater,
            Patch::Hidden { .. } => Ordering::Equal,
        }
    }

    /// Where a scan may go on that has met this patch.
    fn far_end(&self, reverse: bool) -> Option<Bytes> {
        match self {
            Patch::Hidden { begin, .. } if reverse => Some(begin.clone()),
            Patch::Hidden { end, .. } => Some(end.clone()),
            Patch::Row(_) | Patch::Gone(_) => None,
        }
    }
}

/// How many hidden rows of the base are stepped over before a seek is tried: about what a seek costs.
const ROWS_SKIPPED: usize = 8;
