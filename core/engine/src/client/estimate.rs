//! Sizes and split points of ranges, from the sample that FoundationDB's storage servers would have of them at the latest version:
//! coarse for ranges of less than some megabytes, and at the cost of the sample. A transaction's own version and writes do not matter.

use bytes::Bytes;
use record_store_kv::Result;

use super::snapshot::Snapshot;

/// About the bytes of the keys and values of a range.
pub(crate) fn range_size(snapshot: &Snapshot, begin: &[u8], end: &[u8]) -> Result<i64> {
    Ok(snapshot.sample(begin, end)?.iter().map(|(_, size)| size).sum())
}

/// The two ends of a range and keys between them, about `chunk_size` bytes apart.
pub(crate) fn split_points(snapshot: &Snapshot, begin: &[u8], end: &[u8], chunk_size: i64) -> Result<Vec<Bytes>> {
    let mut points = vec![Bytes::copy_from_slice(begin)];
    points.extend(splits(begin, snapshot.sample(begin, end)?, chunk_size.max(0)));
    points.push(Bytes::copy_from_slice(end));
    Ok(points)
}

/// The keys of the sample with which the sum over the keys before and themselves comes to be more than a chunk.
fn splits(begin: &[u8], sample: Vec<(Bytes, i64)>, chunk_size: i64) -> Vec<Bytes> {
    let mut points = Vec::new();
    let mut since: i64 = 0;
    for (key, size) in sample {
        if since.saturating_add(size) > chunk_size && *key != *begin {
            points.push(key);
            since = 0;
        }
        since = since.saturating_add(size);
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_end_where_foundationdb_ends_them() {
        type Case = (&'static str, i64, &'static [&'static str]);
        // Each key stands for ten bytes.
        let cases: [Case; 6] = [
            ("a", 100, &[]),
            ("a", 25, &["c", "e"]),
            // The sum has to be more than a chunk, and the next chunk begins with the key that ends one.
            ("a", 20, &["c", "e"]),
            ("a", 9, &["b", "c", "d", "e"]),
            ("a", 0, &["b", "c", "d", "e"]),
            ("", 0, &["a", "b", "c", "d", "e"]),
        ];
        for (begin, chunk, expected) in cases {
            let sample = ["a", "b", "c", "d", "e"].map(|key| (Bytes::from(key), 10));
            let points = splits(begin.as_bytes(), sample.to_vec(), chunk);
            assert_eq!(points, expected, "{begin:?} in chunks of {chunk}");
        }
    }
}
