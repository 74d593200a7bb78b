//! What transactions saw and did, and whether one order of them explains it all.

use std::collections::BTreeMap;

use record_store_kv::MutationType;

/// The keys and values of a database.
pub(super) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// One call of a transaction, with what it gave.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Get {
        key: Vec<u8>,
        snapshot: bool,
        found: Option<Vec<u8>>,
    },
    Range {
        begin: Vec<u8>,
        end: Vec<u8>,
        limit: usize,
        reverse: bool,
        snapshot: bool,
        found: Vec<(Vec<u8>, Vec<u8>)>,
    },
    Set(Vec<u8>, Vec<u8>),
    Clear(Vec<u8>, Vec<u8>),
    Atomic(MutationType, Vec<u8>, Vec<u8>),
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It committed at this version.
    Committed(i64),
    /// It wrote nothing.
    ReadOnly,
    /// It is certain that it did not commit.
    Failed,
    /// Nobody told.
    Unknown,
}

/// One attempt of a transaction.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    pub(super) read_version: i64,
    pub(super) steps: Vec<Step>,
    pub(super) outcome: Outcome,
}

/// When an attempt committed, as its own mark in the database tells: version and place in the group.
pub(super) type Stamp = (i64, u16);

/// Judges a history: `attempts`, the marks that those that committed left, and what is in the database at the end.
pub(super) fn judge(attempts: &[Attempt], stamps: &BTreeMap<usize, Stamp>, end: &Rows) -> Result<(), String> {
    for (number, attempt) in attempts.iter().enumerate() {
        let stamp = stamps.get(&number);
        let is_right = match attempt.outcome {
            Outcome::Committed(version) => stamp.is_some_and(|(stamped, _)| *stamped == version),
            Outcome::Failed | Outcome::ReadOnly => stamp.is_none(),
            Outcome::Unknown => true,
        };
        if !is_right {
            return Err(format!(
                "attempt {number} ended as {:?}, its mark is {stamp:?}",
                attempt.outcome
            ));
        }
    }
    let mut order: Vec<(Stamp, usize)> = stamps.iter().map(|(number, stamp)| (*stamp, *number)).collect();
    order.sort_unstable();
    // The states after each commit, by its version.
    let mut states = vec![(i64::MIN, Rows::new())];
    for ((version, _), number) in order {
        let attempt = attempts.get(number).ok_or("a mark of no attempt")?;
        let (_, before) = states.last().ok_or("no state at all")?;
        // Serializability: at the place of its commit it would have seen the same.
        let mut rows = before.clone();
        replay(&attempt.steps, &mut rows, false)
            .map_err(|why| format!("attempt {number}, committed at {version}, is not serializable: {why}"))?;
        states.push((version, rows));
    }
    for (number, attempt) in attempts.iter().enumerate() {
        let at = states.partition_point(|(version, _)| *version <= attempt.read_version);
        let (_, rows) = states.get(at - 1).ok_or("no state at all")?;
        replay(&attempt.steps, &mut rows.clone(), true)
            .map_err(|why| format!("attempt {number} saw no snapshot at {}: {why}", attempt.read_version))?;
    }
    let (_, last) = states.last().ok_or("no state at all")?;
    if last != end {
        return Err(format!("at the end there is {end:?}, expected {last:?}"));
    }
    Ok(())
}

/// Takes the steps on `rows`; an error if a read would have given something else. Snapshot reads are held to that only `with_snapshots`.
fn replay(steps: &[Step], rows: &mut Rows, with_snapshots: bool) -> Result<(), String> {
    for step in steps {
        match step {
            Step::Get { key, snapshot, found } => {
                let expected = rows.get(key);
                if (with_snapshots || !snapshot) && expected != found.as_ref() {
                    return Err(format!("{step:?}, expected {expected:?}"));
                }
            }
            Step::Range {
                begin,
                end,
                limit,
                reverse,
                snapshot,
                found,
            } => {
                if !with_snapshots && *snapshot {
                    continue;
                }
                let within = rows.range(begin.clone()..end.clone().max(begin.clone()));
                let row = |(key, value): (&Vec<u8>, &Vec<u8>)| (key.clone(), value.clone());
                let expected: Vec<_> = if *reverse {
                    within.rev().take(*limit).map(row).collect()
                } else {
                    within.take(*limit).map(row).collect()
                };
                if expected != *found {
                    return Err(format!("{step:?}, expected {expected:?}"));
                }
            }
            Step::Set(key, value) => drop(rows.insert(key.clone(), value.clone())),
            Step::Clear(begin, end) => rows.retain(|key, _| key < begin || key >= end),
            Step::Atomic(mutation, key, operand) => match atomic(*mutation, rows.get(key), operand) {
                Some(value) => drop(rows.insert(key.clone(), value)),
                None => drop(rows.remove(key)),
            },
        }
    }
    Ok(())
}

/// What FoundationDB's documentation says of the operations that simulations use.
fn atomic(mutation: MutationType, existing: Option<&Vec<u8>>, operand: &[u8]) -> Option<Vec<u8>> {
    match mutation {
        MutationType::Add => {
            let mut sum = existing.cloned().unwrap_or_default();
            sum.resize(operand.len(), 0);
            let mut carry = 0;
            for (digit, added) in sum.iter_mut().zip(operand) {
                let total = u16::from(*digit) + u16::from(*added) + carry;
                (*digit, carry) = (total.to_le_bytes()[0], total >> 8);
            }
            Some(sum)
        }
        MutationType::ByteMax => Some(existing.map_or(operand, |existing| operand.max(existing)).to_vec()),
        MutationType::AppendIfFits => Some([existing.map_or(&[][..], Vec::as_slice), operand].concat()),
        MutationType::CompareAndClear => existing.filter(|existing| *existing != operand).cloned(),
        _ => existing.cloned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(key: &[u8], found: Option<&[u8]>) -> Step {
        Step::Get {
            key: key.to_vec(),
            snapshot: false,
            found: found.map(<[u8]>::to_vec),
        }
    }

    fn set(key: &[u8], value: &[u8]) -> Step {
        Step::Set(key.to_vec(), value.to_vec())
    }

    /// Two transactions that each read what the other wrote, as their snapshots were, commit one after the other.
    #[test]
    fn the_judge_sees_write_skew() {
        let attempt = |read: &[u8], write: &[u8], version| Attempt {
            read_version: 1,
            steps: vec![get(read, None), set(write, b"x")],
            outcome: Outcome::Committed(version),
        };
        let attempts = [attempt(b"a", b"b", 2), attempt(b"b", b"a", 3)];
        let stamps = BTreeMap::from([(0, (2, 0)), (1, (3, 0))]);
        let end = Rows::from([(b"a".to_vec(), b"x".to_vec()), (b"b".to_vec(), b"x".to_vec())]);
        let why = judge(&attempts, &stamps, &end).unwrap_err();
        assert!(why.contains("attempt 1, committed at 3, is not serializable"), "{why}");
    }

    #[test]
    fn the_judge_sees_lost_commits_lies_and_stale_reads() {
        let attempt = |steps, outcome| Attempt {
            read_version: 5,
            steps,
            outcome,
        };
        let none = BTreeMap::new();
        let committed = [attempt(vec![set(b"a", b"1")], Outcome::Committed(3))];
        assert!(
            judge(&committed, &none, &Rows::new()).is_err(),
            "an acknowledged commit is gone"
        );
        let failed = [attempt(vec![set(b"a", b"1")], Outcome::Failed)];
        let one = BTreeMap::from([(0, (3, 0))]);
        let end = Rows::from([(b"a".to_vec(), b"1".to_vec())]);
        assert!(judge(&failed, &one, &end).is_err(), "a failed commit is there");
        let stale = [
            attempt(vec![set(b"a", b"1")], Outcome::Committed(3)),
            attempt(vec![get(b"a", None)], Outcome::ReadOnly),
        ];
        assert!(judge(&stale, &one, &end).is_err(), "a read at 5 misses a commit at 3");
        let unknown = [attempt(vec![set(b"a", b"1")], Outcome::Unknown)];
        assert_eq!(judge(&unknown, &one, &end), Ok(()));
        assert_eq!(judge(&unknown, &none, &Rows::new()), Ok(()));
        assert!(judge(&unknown, &one, &Rows::new()).is_err(), "half a commit");
    }
}
