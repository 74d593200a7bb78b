//! Several builders that share the work of the same indexes. Java class: `IndexingMutuallyByRecords`.
//!
//! The primary keys are divided into fragments, and each builder goes through them in an order of its own: first those of
//! which nothing is built, then what is left of the others. Nothing but the ranges that are noted down tells them of each
//! other; two that meet in one fragment conflict, and one of them leaves it to the other.

use parking_lot::Mutex;
use record_store_kv::env::Rng;
use record_store_kv::tuple::Tuple;
use record_store_kv::{Bytes, KeyRange};

use crate::index::structure::RangeSet;
use crate::{RecordStore, Result};

/// The fragments, and where among them a builder is.
#[derive(Debug)]
pub(super) struct Fragments {
    ranges: Vec<KeyRange>,
    step: usize,
    first: usize,
    place: Mutex<Place>,
}

#[derive(Debug)]
struct Place {
    current: usize,
    pass: Pass,
    /// What is being built, over several transactions.
    working: Option<KeyRange>,
    /// What the last transaction was to begin with, if it met another builder.
    met_at: Option<KeyRange>,
    last: Option<KeyRange>,
}

/// Which fragments are built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// Those of which nothing is built.
    Untouched,
    /// All that others do not work on.
    Left,
    /// All.
    Any,
}

impl Fragments {
    /// Divides the keys at `boundaries`; without any, where the store's records make parts of some size.
    ///
    /// Errors: FoundationDB's.
    pub(super) async fn divide(store: &RecordStore, boundaries: &[Tuple], rng: &dyn Rng) -> Result<Self> {
        let bounds: Vec<Bytes> = match boundaries {
            [] => store.packed_key_boundaries(FRAGMENT_BYTES).await?,
            given => given.iter().map(|boundary| boundary.pack().into()).collect(),
        };
        Ok(Self::between(bounds, rng))
    }

    fn between(mut bounds: Vec<Bytes>, rng: &dyn Rng) -> Self {
        bounds.push(Bytes::from_static(RangeSet::FIRST));
        bounds.push(Bytes::from_static(RangeSet::LAST));
        bounds.sort_unstable();
        bounds.dedup();
        let ranges: Vec<KeyRange> = bounds
            .windows(2)
            .filter_map(|pair| match pair {
                [begin, end] => Some(KeyRange {
                    begin: begin.clone(),
                    end: end.clone(),
                }),
                _ => None,
            })
            .collect();
        let count = ranges.len().max(1);
        let below = |bound: usize| usize::try_from(rng.next_u64() % bound as u64).unwrap_or(0);
        // Any step that has no divisor in common with their number leads to all of them.
        let step = (below(count)..count)
            .find(|step| greatest_common_divisor(*step, count) == 1)
            .unwrap_or(1);
        let first = below(count);
        Fragments {
            ranges,
            step,
            first,
            place: Mutex::new(Place {
                current: first,
                pass: Pass::Untouched,
                working: None,
                met_at: None,
                last: None,
            }),
        }
    }

    /// Takes note that the last transaction conflicted, perhaps with another builder.
    pub(super) fn conflicted(&self) {
        let mut place = self.place.lock();
        place.met_at = place.last.clone();
    }

    /// What to build next, of what is missing; none if nothing is.
    pub(super) fn next(&self, missing: &[KeyRange]) -> Option<KeyRange> {
        let first_missing = missing.first()?;
        let mut place = self.place.lock();
        let met_at = place.met_at.take();
        if let Some(working) = place.working.take() {
            match part_missing(missing, &working) {
                // Another builder has been here since: the fragment is its own.
                Some(range) if place.pass != Pass::Any && met_at.is_some_and(|before| before != range) => {
                    self.go_on(&mut place);
                }
                Some(range) => {
                    place.working = Some(working);
                    place.last = Some(range.clone());
                    return Some(range);
                }
                None => self.go_on(&mut place),
            }
        }
        for _ in 0..PASSES * self.ranges.len() {
            let fragment = self.ranges.get(place.current)?;
            let range = match place.pass {
                Pass::Untouched if !is_all_missing(missing, fragment) => None,
                _ => part_missing(missing, fragment),
            };
            if let Some(range) = range {
                place.working = Some(fragment.clone());
                place.last = Some(range.clone());
                return Some(range);
            }
            self.go_on(&mut place);
        }
        place.last = Some(first_missing.clone());
        Some(first_missing.clone())
    }

    fn go_on(&self, place: &mut Place) {
        place.current = (place.current + self.step) % self.ranges.len().max(1);
        if place.current == self.first {
            place.pass = match place.pass {
                Pass::Untouched => Pass::Left,
                Pass::Left | Pass::Any => Pass::Any,
            };
        }
    }
}

/// Whether nothing of a fragment is built.
fn is_all_missing(missing: &[KeyRange], fragment: &KeyRange) -> bool {
    missing
        .iter()
        .any(|range| range.begin <= fragment.begin && fragment.end <= range.end)
}

/// The first part of a fragment that is missing.
fn part_missing(missing: &[KeyRange], fragment: &KeyRange) -> Option<KeyRange> {
    missing.iter().find_map(|range| {
        let part = KeyRange {
            begin: range.begin.clone().max(fragment.begin.clone()),
            end: range.end.clone().min(fragment.end.clone()),
        };
        (part.begin < part.end).then_some(part)
    })
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// About how many bytes of records make a fragment.
const FRAGMENT_BYTES: i64 = 10_000_000;

/// How often all fragments are looked at for something that is missing: once in each pass, and once more.
const PASSES: usize = 4;
