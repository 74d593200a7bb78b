//! One answer of the database to a mapped range read: some rows of the range, and what they lead to. Its limits are those of FoundationDB's
//! storage servers (`getMappedKeyValuesQ`, `mapKeyValues`).

use bytes::Bytes;
use record_store_kv::{Error, KeyValue, MappedKeyValue, MappedRangeBatch, Result, fdb_code, strinc};

use super::mapper::Mapper;
use crate::buggify::Section;
use crate::client::snapshot::Snapshot;
use crate::cluster::ScanLimits;
use crate::key::key_after;

/// The rows between two keys, until a limit is reached.
///
/// **Errors**: those of the mapper; 2032 for a prefix without bytes; those of the database.
pub(super) fn ask(
    snapshot: &Snapshot,
    (begin, end): (&[u8], &[u8]),
    mapper: &Mapper,
    limits: ScanLimits,
    reverse: bool,
) -> Result<MappedRangeBatch> {
    snapshot.check_buggify(Section::GetRange)?;
    let mut entries = Vec::new();
    let index_limits = ScanLimits {
        rows: limits.rows,
        bytes: (limits.bytes / INDEX_SHARE).max(1),
    };
    let more = snapshot.scan(begin, end, reverse, index_limits, &mut entries)?;
    let mut rows = Vec::with_capacity(entries.len());
    let mut bytes_left = limits.bytes;
    for together in entries.chunks(READS_TOGETHER) {
        if bytes_left == 0 {
            break;
        }
        for entry in together {
            let row = follow(snapshot, mapper, entry)?;
            bytes_left = bytes_left.saturating_sub(size(entry, &row, mapper));
            rows.push(row);
        }
    }
    let more = more || rows.len() < entries.len();
    if !mapper.is_prefix {
        blank_inner(&mut rows);
    }
    Ok(MappedRangeBatch { rows, more })
}

/// Makes the read that a row leads to.
fn follow(snapshot: &Snapshot, mapper: &Mapper, entry: &KeyValue) -> Result<MappedKeyValue> {
    let begin = Bytes::from(mapper.key(entry)?);
    let (end, rows, more);
    if mapper.is_prefix {
        let mut found = Vec::new();
        end = strinc(&begin).ok_or_else(|| Error::fdb(fdb_code::MAPPER_BAD_RANGE_DESCRIPTOR))?;
        more = snapshot.scan(&begin, &end, false, SECOND_LIMITS, &mut found)?;
        rows = found;
    } else {
        let value = snapshot.get(&begin)?;
        let row = value.map(|value| KeyValue {
            key: begin.clone(),
            value,
        });
        end = key_after(&begin).to_vec();
        rows = row.into_iter().collect();
        more = false;
    }
    Ok(MappedKeyValue {
        key: entry.key.clone(),
        value: entry.value.clone(),
        begin,
        end: end.into(),
        rows,
        more,
    })
}

/// What a row counts.
fn size(entry: &KeyValue, row: &MappedKeyValue, mapper: &Mapper) -> usize {
    let index = ROW_OVERHEAD + entry.key.len() + entry.value.len();
    let found = |row: &KeyValue| ROW_OVERHEAD + row.key.len() + row.value.len();
    if mapper.is_prefix {
        index + row.rows.iter().map(found).sum::<usize>()
    } else {
        index + row.begin.len() + row.rows.iter().map(|row| row.value.len()).sum::<usize>()
    }
}

/// Of single reads a server sends the rows that led to them for the outermost alone, from which a client can go on.
fn blank_inner(rows: &mut [MappedKeyValue]) {
    if let [_, inner @ .., _] = rows {
        for row in inner {
            (row.key, row.value) = (Bytes::new(), Bytes::new());
        }
    }
}

/// Which part of a reply's bytes the rows of the range may take: a fifth (`FRACTION_INDEX_BYTELIMIT_PREFETCH`).
const INDEX_SHARE: usize = 5;
/// How many second reads are made before their bytes are counted (`MAX_PARALLEL_QUICK_GET_VALUE`).
const READS_TOGETHER: usize = 10;
/// What a row counts beside its key and value.
const ROW_OVERHEAD: usize = 24;
/// The limits of a second read (`QUICK_GET_KEY_VALUES_LIMIT`, `…_BYTES`).
const SECOND_LIMITS: ScanLimits = ScanLimits {
    rows: 2_000,
    bytes: 10_000_000,
};
