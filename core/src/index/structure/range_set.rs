//! [`RangeSet`]: which ranges of keys are done, as a set of ranges in the database.
//!
//! Java class: `async.RangeSet`. A range lies at its begin, as a tuple of one byte string, and its value is its end, as it is.

use record_store_kv::tuple::{Element, Encoder, Tuple};
use record_store_kv::{
    Bytes, ConflictRangeType, KeyRange, KeyValue, RangeBatch, RangeRequest, Read, Subspace, Transaction,
};

use crate::{Error, ErrorKind, Result};

/// Ranges of keys between [`RangeSet::FIRST`] and [`RangeSet::LAST`]. Those kept do not overlap.
#[derive(Clone, Debug)]
pub(crate) struct RangeSet {
    subspace: Subspace,
}

impl RangeSet {
    /// The first key that a set can contain.
    pub(crate) const FIRST: &[u8] = &[0x00];
    /// The key behind all that a set can contain.
    pub(crate) const LAST: &[u8] = &[0xFF];

    /// The set in a subspace.
    pub(crate) fn new(subspace: Subspace) -> Self {
        RangeSet { subspace }
    }

    /// Asks whether `key` is in the set; the read is under way when this returns. Conflicts with those who add or remove
    /// this key alone.
    ///
    /// Errors: `InvalidArgument` for a key that no set can contain.
    pub(crate) fn contains(&self, transaction: &Transaction, key: &[u8]) -> Result<Contains> {
        check_key(key)?;
        let place = self.pack(key);
        let behind = key_after(&place);
        transaction.add_conflict_range(&place, &behind, ConflictRangeType::Read)?;
        let request = RangeRequest::keys(self.subspace.range().begin, behind)
            .limit(1)
            .reverse(true);
        Ok(Contains {
            key: key.to_vec(),
            before: transaction.get_range(&request, true),
        })
    }

    /// Adds what is missing of a range; says whether anything was.
    ///
    /// Errors: `InvalidArgument` for an inverted range or keys that no set can contain.
    pub(crate) async fn insert(&self, transaction: &Transaction, begin: &[u8], end: &[u8]) -> Result<bool> {
        let mut changed = false;
        for gap in self.read_gaps(transaction, begin, end, usize::MAX, true).await? {
            self.write(transaction, &gap.begin, &gap.end)?;
            changed = true;
        }
        Ok(changed)
    }

    /// Adds a range of which nothing is in the set; says whether that was so. A range that ends where this one begins grows.
    ///
    /// Errors: those of [`insert`](RangeSet::insert).
    pub(crate) async fn insert_if_empty(&self, transaction: &Transaction, begin: &[u8], end: &[u8]) -> Result<bool> {
        check_range(begin, end)?;
        if begin == end {
            return Ok(false);
        }
        let (place, end_place) = (self.pack(begin), self.pack(end));
        transaction.add_conflict_range(&place, &end_place, ConflictRangeType::Read)?;
        let behind = key_after(&place);
        let last = RangeRequest::keys(self.subspace.range().begin, behind.clone())
            .limit(1)
            .reverse(true);
        let before = transaction.get_range(&last, true);
        let within = transaction.get_range(&RangeRequest::keys(behind, end_place.clone()).limit(1), true);
        let before = before.await?.rows.into_iter().next();
        if before.as_ref().is_some_and(|row| begin < &row.value[..]) || !within.await?.rows.is_empty() {
            return Ok(false);
        }
        match before.filter(|row| row.value == begin) {
            Some(row) => {
                transaction.add_conflict_range(&row.key, &key_after(&row.key), ConflictRangeType::Read)?;
                transaction.set(&row.key, end);
            }
            None => transaction.set(&place, end),
        }
        transaction.add_conflict_range(&place, &end_place, ConflictRangeType::Write)?;
        Ok(true)
    }

    /// The first range that is not in the set.
    ///
    /// Errors: `Corrupt` for keys that are no ranges.
    pub(crate) async fn first_missing(&self, transaction: &Transaction) -> Result<Option<KeyRange>> {
        Ok(self.missing(transaction, 1).await?.into_iter().next())
    }

    /// The ranges that are not in the set, the first `ranges_max` of them.
    ///
    /// Errors: `Corrupt` for keys that are no ranges.
    pub(crate) async fn missing(&self, transaction: &Transaction, ranges_max: usize) -> Result<Vec<KeyRange>> {
        self.read_gaps(transaction, RangeSet::FIRST, RangeSet::LAST, ranges_max, false)
            .await
    }

    /// Whether nothing is in the set.
    ///
    /// Errors: `Corrupt` for keys that are no ranges.
    pub(crate) async fn is_empty(&self, transaction: &Transaction) -> Result<bool> {
        let first = self.first_missing(transaction).await?;
        Ok(first.is_some_and(|gap| gap.begin == RangeSet::FIRST && gap.end == RangeSet::LAST))
    }

    /// What of a range is not in the set, the first `gaps_max` of it.
    async fn read_gaps(
        &self,
        transaction: &Transaction,
        begin: &[u8],
        end: &[u8],
        gaps_max: usize,
        to_write: bool,
    ) -> Result<Vec<KeyRange>> {
        check_range(begin, end)?;
        if begin == end {
            return Ok(Vec::new());
        }
        let (place, end_place) = (self.pack(begin), self.pack(end));
        if to_write {
            transaction.add_conflict_range(&place, &end_place, ConflictRangeType::Read)?;
        }
        let behind = key_after(&place);
        // A write has its own conflict range above; a question conflicts with whatever it reads.
        let before_request = RangeRequest::keys(self.subspace.range().begin, behind.clone())
            .limit(1)
            .reverse(true);
        let before = transaction.get_range(&before_request, to_write);
        let mut gaps = Vec::new();
        let mut done = Bytes::copy_from_slice(begin);
        if let Some(row) = before.await?.rows.into_iter().next()
            && done < row.value
        {
            done = row.value;
        }
        let mut request = Some(RangeRequest::keys(behind, end_place));
        while let Some(wanted) = request {
            let batch = transaction.get_range(&wanted, to_write).await?;
            request = wanted.after(&batch);
            for row in batch.rows {
                let next = self.begin_of(&row)?;
                if done < next {
                    gaps.push(KeyRange { begin: done, end: next });
                    if gaps.len() == gaps_max {
                        return Ok(gaps);
                    }
                }
                done = row.value;
            }
        }
        if &done[..] < end {
            gaps.push(KeyRange {
                begin: done,
                end: Bytes::copy_from_slice(end),
            });
        }
        Ok(gaps)
    }

    fn write(&self, transaction: &Transaction, begin: &[u8], end: &[u8]) -> Result<()> {
        let place = self.pack(begin);
        transaction.set(&place, end);
        transaction.add_conflict_range(&place, &self.pack(end), ConflictRangeType::Write)?;
        Ok(())
    }

    fn pack(&self, key: &[u8]) -> Vec<u8> {
        let mut packed = self.subspace.prefix().to_vec();
        Encoder::new(&mut packed).bytes(key);
        packed
    }

    fn begin_of(&self, row: &KeyValue) -> Result<Bytes> {
        let tuple: Option<Tuple> = self.subspace.unpack(&row.key).ok();
        let begin = tuple.as_deref().and_then(|elements| match elements {
            [Element::Bytes(begin)] => Some(begin.clone()),
            _ => None,
        });
        begin.ok_or_else(|| {
            Error::new(ErrorKind::Corrupt, "a key of a set of ranges is no range").with("key", row.key.escape_ascii())
        })
    }
}

/// The answer to come of [`RangeSet::contains`].
#[must_use]
pub(crate) struct Contains {
    key: Vec<u8>,
    before: Read<RangeBatch>,
}

impl Contains {
    /// Whether the key is in the set.
    pub(crate) async fn answer(self) -> Result<bool> {
        let before = self.before.await?;
        Ok(before.rows.first().is_some_and(|row| self.key < row.value))
    }
}

fn check_key(key: &[u8]) -> Result<()> {
    if !key.is_empty() && key < RangeSet::LAST {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        "a set of ranges holds keys that are not empty and do not begin with ff",
    )
    .with("key", key.escape_ascii()))
}

fn check_range(begin: &[u8], end: &[u8]) -> Result<()> {
    check_key(begin)?;
    if begin <= end && end <= RangeSet::LAST {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidArgument,
        "the range ends before it begins, or behind all keys of the set",
    )
    .with("begin", begin.escape_ascii())
    .with("end", end.escape_ascii()))
}

fn key_after(key: &[u8]) -> Vec<u8> {
    [key, &[0x00]].concat()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use futures_executor::block_on;
    use serde_json::{Value, json};

    use super::*;
    use crate::Database;

    fn bytes(text: &Value, otherwise: &[u8]) -> Vec<u8> {
        let Some(text) = text.as_str() else {
            return otherwise.to_vec();
        };
        (0..text.len() / 2)
            .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
            .collect()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn dump(transaction: &Transaction, subspace: &Subspace) -> Value {
        let rows = transaction
            .get_range_all(&subspace.range().request(), true)
            .await
            .unwrap();
        let rows = rows
            .iter()
            .map(|row| json!([hex(subspace.strip(&row.key).unwrap()), hex(&row.value)]));
        Value::Array(rows.collect())
    }

    async fn replay(case: &Value) {
        let database = Database::in_memory().unwrap();
        let subspace = Subspace::from((case["name"].as_str().unwrap(),));
        let set = RangeSet::new(subspace.clone());
        for transaction in case["transactions"].as_array().unwrap() {
            let context = database.transaction();
            let running = context.transaction();
            for op in transaction["ops"].as_array().unwrap() {
                if op.get("error").is_some() {
                    let (begin, end) = (bytes(&op["begin"], &[]), bytes(&op["end"], &[]));
                    assert!(
                        set.insert(running, &begin, &end).await.is_err(),
                        "{}: {op}",
                        case["name"]
                    );
                    continue;
                }
                let (begin, end) = (bytes(&op["begin"], RangeSet::FIRST), bytes(&op["end"], RangeSet::LAST));
                let result = match op["op"].as_str().unwrap() {
                    "range_set_insert" if op["require_empty"] == true => {
                        json!(set.insert_if_empty(running, &begin, &end).await.unwrap())
                    }
                    "range_set_insert" => json!(set.insert(running, &begin, &end).await.unwrap()),
                    "range_set_contains" => {
                        let contains = set.contains(running, &bytes(&op["key"], &[])).unwrap();
                        json!(contains.answer().await.unwrap())
                    }
                    "range_set_missing" => {
                        let gaps = set.missing(running, usize::MAX).await;
                        let first = set.first_missing(running).await.unwrap();
                        let gaps = gaps.unwrap();
                        assert_eq!(gaps.first(), first.as_ref());
                        gaps.iter().map(|gap| json!([hex(&gap.begin), hex(&gap.end)])).collect()
                    }
                    other => panic!("operation {other}"),
                };
                assert_eq!(result, op["result"], "{}: {op}", case["name"]);
            }
            context.commit().await.unwrap();
            if let Some(expected) = transaction.get("keys_after") {
                let after = database.transaction();
                assert_eq!(
                    dump(after.transaction(), &subspace).await,
                    *expected,
                    "{}",
                    case["name"]
                );
            }
        }
    }

    #[test]
    fn sets_are_those_that_java_wrote() {
        let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/cases");
        for name in ["range_set.json", "range_set_random.json"] {
            let case = serde_json::from_str(&fs::read_to_string(cases.join(name)).unwrap()).unwrap();
            block_on(replay(&case));
        }
    }

    #[test]
    fn keys_that_no_set_can_hold_are_refused() {
        let database = Database::in_memory().unwrap();
        let context = database.transaction();
        let set = RangeSet::new(Subspace::from(("s",)));
        for key in [&b""[..], b"\xff", b"\xff\x01"] {
            assert!(set.contains(context.transaction(), key).is_err(), "{key:?}");
        }
        let inverted = block_on(set.insert(context.transaction(), b"b", b"a"));
        assert_eq!(inverted.unwrap_err().kind(), ErrorKind::InvalidArgument);
    }

    #[test]
    fn a_question_conflicts_with_who_adds_its_key_and_nobody_else() {
        block_on(async {
            let database = Database::in_memory().unwrap();
            let set = RangeSet::new(Subspace::from(("s",)));
            for (begin, end, conflicts) in [(b"a", b"c", true), (b"c", b"d", false)] {
                let asking = database.transaction();
                let contains = set.contains(asking.transaction(), b"b").unwrap();
                assert!(!contains.answer().await.unwrap());
                asking.transaction().set(b"x", b"");

                let adding = database.transaction();
                set.insert(adding.transaction(), begin, end).await.unwrap();
                adding.commit().await.unwrap();

                let committed = asking.commit().await;
                assert_eq!(committed.is_err(), conflicts, "{begin:?}");
                let clearing = database.transaction();
                clearing.transaction().clear_range(b"", b"\xff");
                clearing.commit().await.unwrap();
            }
        });
    }
}
