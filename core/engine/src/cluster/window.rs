//! The window: the changes of the last five seconds as an ordered map with versions, laid over the base.
//!
//! Each entry describes its key *and the gap* up to the next entry, at every version of the window. A range clear is thus
//! a state of gaps and costs what lies in the window, never what lies in the base. Where no version says anything, the
//! base holds. When changes have gone into the base, [`Window::trim`] takes them out here.
//!
//! The window does no locking and knows neither the base nor which versions may be read.

mod filter;

use std::collections::{BTreeMap, btree_map};
use std::ops::Bound;

use bytes::Bytes;
use smallvec::SmallVec;

use self::filter::Filter;
use super::change::Change;
use crate::key::Key;
use crate::mutation::KeyRange;

/// An ordered multi-version map of changes.
#[derive(Default)]
pub(crate) struct Window {
    entries: BTreeMap<Key, History>,
    /// The keys of the entries.
    filter: Filter,
    /// How many entries clear the gap after them at some version. While there is none, which is the rule, a key says all there
    /// is to say of it, and nobody has to look for the entry before it.
    clearing: usize,
}

/// What the window says about one key at one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyState {
    /// Nothing: the base holds.
    Base,
    /// It has no value.
    Absent,
    /// It has this value.
    Value(Bytes),
}

/// What the window says about the keys between two entries at one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GapState {
    /// Nothing: the base holds.
    Base,
    /// None of them has a value.
    Cleared,
}

/// An entry at one version: its key, what it says of that, and of the gap after it.
pub(crate) type Entry<'a> = (&'a Key, &'a KeyState, GapState);

/// Entries of which there are not many.
pub(crate) type FewEntries<'a> = SmallVec<[Entry<'a>; FEW]>;

/// A record has one key, or two with its version; another one behind it is seen while they are read.
const FEW: usize = 4;

/// Entries that were taken out, whose memory is yet to be freed.
#[derive(Default)]
pub(crate) struct Gone(Vec<History>);

/// The versions of an entry, oldest first; before the first one the base holds.
#[derive(Default)]
struct History {
    moments: SmallVec<[Moment; 1]>,
    /// How many of the moments are forgotten already. They go when they are more than half, so that a key which every
    /// commit changes does not have its thousands of moments moved for each one that is forgotten.
    forgotten: usize,
}

/// An entry from one version on.
struct Moment {
    version: i64,
    key: KeyState,
    gap: GapState,
}

impl Window {
    /// The state of `key` at `version`.
    pub(crate) fn get(&self, key: &[u8], version: i64) -> KeyState {
        if self.clearing == 0 && !self.filter.may_have(key) {
            return KeyState::Base;
        }
        // Keys are compared faster than slices.
        let key = &Key::new(key);
        if self.clearing == 0 {
            let moment = self.entries.get(key).and_then(|history| history.at(version));
            return moment.map_or(KeyState::Base, |at| at.key.clone());
        }
        match self.floor(key) {
            Some((found, history)) if found == key => history.at(version).map_or(KeyState::Base, |at| at.key.clone()),
            Some((_, history)) => history.gap_at(version).of_key(),
            None => KeyState::Base,
        }
    }

    /// The state of the gap in which `key` lies, or which follows `key` if that is an entry.
    pub(crate) fn gap_after(&self, key: &[u8], version: i64) -> GapState {
        if self.clearing == 0 {
            return GapState::Base;
        }
        self.floor(&Key::new(key))
            .map_or(GapState::Base, |(_, history)| history.gap_at(version))
    }

    /// The entries of `[begin, end)` with the states of key and following gap at `version`.
    pub(crate) fn entries(
        &self,
        begin: &[u8],
        end: &[u8],
        version: i64,
    ) -> impl DoubleEndedIterator<Item = Entry<'_>> + use<'_> {
        // Keys are compared faster than slices, and there are two searches for each read.
        let (begin, end) = (Key::new(begin), Key::new(end));
        self.entries
            .range::<Key, _>((Bound::Included(&begin), Bound::Excluded(&end)))
            .map(move |(key, history)| history.entry_at(key, version))
    }

    /// What it says of `[begin, end)` at `version`, if that is little: the state of the gap in which `begin` lies unless it is an
    /// entry, and the entries. It takes one search, where [`Window::gap_after`] and [`Window::entries`] take three; most reads
    /// are of one record.
    pub(crate) fn few_entries(&self, begin: &[u8], end: &[u8], version: i64) -> Option<(GapState, FewEntries<'_>)> {
        let below_end = (Bound::Unbounded, Bound::Excluded(&Key::new(end)));
        let mut few = FewEntries::new();
        for (key, history) in self.entries.range::<Key, _>(below_end).rev() {
            if key.as_slice() < begin {
                few.reverse();
                return Some((history.gap_at(version), few));
            }
            if few.len() == FEW {
                return None;
            }
            few.push(history.entry_at(key, version));
        }
        few.reverse();
        Some((GapState::Base, few))
    }

    /// Makes `change` at `version`, which is at least that of every earlier call.
    pub(crate) fn apply(&mut self, change: &Change, version: i64) {
        match change {
            Change::Put { key, value } => self.boundary(key).set_key(version, KeyState::Value(value.clone())),
            Change::Delete { key } => self.boundary(key).set_key(version, KeyState::Absent),
            Change::ClearRange(range) => self.clear(range, version),
        }
    }

    /// Makes the changes of `groups`, in their order, in a window that has none, for reads at or above the last version.
    ///
    /// Without range clears only the last change of a key matters. Sorted, a million of them are in the map in a fraction of the
    /// time that it takes to look for the place of each.
    pub(crate) fn load(&mut self, groups: &[(i64, Vec<Change>)]) {
        let changes = || {
            groups
                .iter()
                .flat_map(|(version, changes)| changes.iter().map(move |change| (*version, change)))
        };
        let mut entries = Vec::with_capacity(changes().count());
        for (version, change) in changes() {
            let (key, state) = match change {
                Change::Put { key, value } => (key, KeyState::Value(value.clone())),
                Change::Delete { key } => (key, KeyState::Absent),
                Change::ClearRange(_) => {
                    changes().for_each(|(version, change)| self.apply(change, version));
                    return;
                }
            };
            entries.push((key.clone(), version, state));
        }
        // Stable: the changes of a key stay in their order, and the map takes the last one.
        entries.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        self.entries = entries
            .into_iter()
            .map(|(key, version, key_state)| (key, History::beginning(version, key_state)))
            .collect();
        self.entries.keys().for_each(|key| self.filter.add(key));
    }

    /// Forgets what entry `key` says at or below `version`.
    fn trim(&mut self, key: &Key, version: i64, gone: &mut Gone) {
        // The entry and the one before it, in one descent.
        let bounds = (Bound::Unbounded, Bound::Included(key));
        let mut downwards = self.entries.range_mut::<Key, _>(bounds).rev();
        let Some((_, history)) = downwards.next().filter(|(found, _)| *found == key) else {
            return;
        };
        self.clearing -= usize::from(history.clears_gap());
        history.forget(version);
        self.clearing += usize::from(history.clears_gap());
        let says_nothing = history.says_nothing();
        if says_nothing && downwards.next().is_none_or(|(_, before)| !before.clears_gap()) {
            gone.0.extend(self.entries.remove(key));
            self.filter.remove(key);
        }
    }

    /// Forgets what the entries of `[begin, end]` say at or below `version`, because the base says it now; at most `most`
    /// entries. Gives the key to go on with; what nobody needs any more goes to `gone`.
    ///
    /// An entry that says nothing more stays only if the gap before it says something, which ends there. Trimming what all
    /// changes touched, in ascending order, therefore leaves nothing behind.
    pub(crate) fn trim_range(
        &mut self,
        begin: &Key,
        end: &[u8],
        version: i64,
        most: usize,
        gone: &mut Gone,
    ) -> Option<Key> {
        if **begin == *end {
            self.trim(begin, version, gone);
            return None;
        }
        let bounds = (Bound::Included(&**begin), Bound::Included(end));
        let mut keys: Vec<Key> = self
            .entries
            .range::<[u8], _>(bounds)
            .take(most + 1)
            .map(|(key, _)| key.clone())
            .collect();
        let next = if keys.len() > most { keys.pop() } else { None };
        for key in keys {
            self.trim(&key, version, gone);
        }
        next
    }

    fn clear(&mut self, range: &KeyRange, version: i64) {
        self.boundary(&range.end);
        self.boundary(&range.begin);
        let bounds = (Bound::Included(&range.begin[..]), Bound::Excluded(&range.end[..]));
        for (_, history) in self.entries.range_mut::<[u8], _>(bounds) {
            self.clearing += usize::from(!history.clears_gap());
            history.clear(version);
        }
    }

    /// The entry of `key`; a new one says what the gap said in which it lies.
    fn boundary(&mut self, key: &Key) -> &mut History {
        let before = if self.clearing > 0 { self.floor(key) } else { None };
        let inherited = match before {
            Some((found, before)) if found != key => History::of_gap(before),
            _ => History::default(),
        };
        self.clearing += usize::from(inherited.clears_gap());
        match self.entries.entry(key.clone()) {
            btree_map::Entry::Vacant(vacant) => {
                self.filter.add(key);
                vacant.insert(inherited)
            }
            btree_map::Entry::Occupied(occupied) => occupied.into_mut(),
        }
    }

    fn floor(&self, key: &Key) -> Option<(&Key, &History)> {
        self.entries
            .range::<Key, _>((Bound::Unbounded, Bound::Included(key)))
            .next_back()
    }
}

impl GapState {
    fn of_key(self) -> KeyState {
        match self {
            GapState::Base => KeyState::Base,
            GapState::Cleared => KeyState::Absent,
        }
    }
}

impl History {
    /// The history of a key that has this state from `version` on.
    fn beginning(version: i64, key: KeyState) -> Self {
        let mut history = History::default();
        history.moments.push(Moment {
            version,
            key,
            gap: GapState::Base,
        });
        history
    }

    fn moments(&self) -> &[Moment] {
        self.moments.get(self.forgotten..).unwrap_or_default()
    }

    fn at(&self, version: i64) -> Option<&Moment> {
        let moments = self.moments();
        // Most reads are of the latest version.
        if let Some(last) = moments.last().filter(|last| last.version <= version) {
            return Some(last);
        }
        let later = moments.partition_point(|moment| moment.version <= version);
        moments.get(later.checked_sub(1)?)
    }

    fn entry_at<'a>(&'a self, key: &'a Key, version: i64) -> Entry<'a> {
        match self.at(version) {
            Some(at) => (key, &at.key, at.gap),
            None => (key, &KeyState::Base, GapState::Base),
        }
    }

    fn gap_at(&self, version: i64) -> GapState {
        self.at(version).map_or(GapState::Base, |moment| moment.gap)
    }

    fn says_nothing(&self) -> bool {
        self.moments().is_empty()
    }

    /// Whether it says anything of the gap, at any version.
    fn clears_gap(&self) -> bool {
        // A gap once cleared stays so (see `forget`), hence the last moment knows.
        self.moments().last().is_some_and(|last| last.gap == GapState::Cleared)
    }

    /// The history of a key inside the gap that `before` describes, and of the gap after it.
    fn of_gap(before: &History) -> History {
        let moments = before.moments();
        let cleared = moments.partition_point(|moment| moment.gap == GapState::Base);
        let mut history = History::default();
        history.moments.extend(moments.get(cleared).map(|moment| Moment {
            version: moment.version,
            key: KeyState::Absent,
            gap: GapState::Cleared,
        }));
        history
    }

    fn set_key(&mut self, version: i64, key: KeyState) {
        self.now(version).key = key;
    }

    fn clear(&mut self, version: i64) {
        let dead = |last: &Moment| last.key == KeyState::Absent && last.gap == GapState::Cleared;
        if !self.moments().last().is_some_and(dead) {
            let now = self.now(version);
            now.key = KeyState::Absent;
            now.gap = GapState::Cleared;
        }
    }

    /// The moment of `version`, which is the latest; a new one says what the one before said.
    fn now(&mut self, version: i64) -> &mut Moment {
        let last = self.moments().last();
        if last.is_none_or(|last| last.version < version) {
            let (key, gap) = last.map_or((KeyState::Base, GapState::Base), |last| (last.key.clone(), last.gap));
            self.moments.push(Moment { version, key, gap });
        }
        self.moments.last_mut().expect("a moment was pushed if there was none")
    }

    /// Forgets what is said at or below `version`: the base says it too.
    fn forget(&mut self, version: i64) {
        let count = self.moments().partition_point(|moment| moment.version <= version);
        let (forgotten, kept) = self.moments.split_at_mut(self.forgotten + count);
        let newly = forgotten.get_mut(self.forgotten..).unwrap_or_default();
        // A gap once cleared stays empty for as long as it is one, because a set inside makes an entry. If the base has
        // the clear, later moments only repeat it, and must not: its end would have to stay as long as they do.
        if newly.last().is_some_and(|last| last.gap == GapState::Cleared) {
            let repeats = kept.iter_mut().take_while(|moment| moment.gap == GapState::Cleared);
            repeats.for_each(|moment| moment.gap = GapState::Base);
        }
        newly.iter_mut().for_each(|moment| moment.key = KeyState::Base);
        self.forgotten += count;
        if self.forgotten * 2 > self.moments.len() {
            self.moments.drain(..self.forgotten);
            self.forgotten = 0;
        }
    }
}
