//! Sizes and split points of ranges, from the rows themselves at the latest version: a transaction's own version and writes
//! do not matter.

use bytes::Bytes;
use record_store_kv::{KeyValue, Result};

use super::merge::REPLY_BYTES;
use super::snapshot::Snapshot;
use crate::cluster::ScanLimits;
use crate::key::key_after;

/// The bytes of the keys and values of a range.
pub(crate) fn range_size(snapshot: &Snapshot, begin: &[u8], end: &[u8]) -> Result<i64> {
    let mut sum = 0;
    for_each_row(snapshot, begin, end, |row| sum += size_of(row))?;
    Ok(sum)
}

/// The two ends of a range and keys between them, about `chunk_size` bytes apart.
pub(crate) fn split_points(snapshot: &Snapshot, begin: &[u8], end: &[u8], chunk_size: i64) -> Result<Vec<Bytes>> {
    let mut points = vec![Bytes::copy_from_slice(begin)];
    let mut since = 0;
    for_each_row(snapshot, begin, end, |row| {
        if since >= chunk_size.max(1) {
            points.push(row.key.clone());
            since = 0;
        }
        since += size_of(row);
    })?;
    points.push(Bytes::copy_from_slice(end));
    Ok(points)
}

fn for_each_row(snapshot: &Snapshot, begin: &[u8], end: &[u8], mut visit: impl FnMut(&KeyValue)) -> Result<()> {
    let snapshot = snapshot.latest();
    let limits = ScanLimits {
        rows: usize::MAX,
        bytes: REPLY_BYTES,
    };
    let mut from = Bytes::copy_from_slice(begin);
    let mut rows = Vec::new();
    while from < end {
        rows.clear();
        let more = snapshot.scan(&from, end, false, limits, &mut rows)?;
        rows.iter().for_each(&mut visit);
        match rows.last() {
            Some(last) if more => from = key_after(&last.key),
            _ => break,
        }
    }
    Ok(())
}

fn size_of(row: &KeyValue) -> i64 {
    i64::try_from(row.key.len() + row.value.len()).unwrap_or(i64::MAX)
}
