//! Log records.
//!
//! ```text
//! ┌────────────┬────────────┬─────────────┬───────────┬────────────┬───────────────┐
//! │ length u32 │ crc32c u32 │ version i64 │ lease i64 │ synced i64 │ changes …     │
//! └────────────┴────────────┴─────────────┴───────────┴────────────┴───────────────┘
//! put:    1, key length u32, value length u32, key, value
//! delete: 2, key length u32, key
//! clear:  3, begin length u32, end length u32, begin, end
//! ```
//! All numbers are little-endian. `length` is that of the changes; the checksum covers the salt of the segment and everything but itself. `synced` is the
//! version of the last record that was known to be on disk when this one was written.
//!
//! A record without changes whose `synced` is its `version` is a mark: it says of the record before it, which has the same
//! version, that it is on disk. Nobody waits for a mark to be there itself.

use std::io;

use bytes::Bytes;

use crate::cluster::change::Change;
use crate::key::Key;
use crate::mutation::KeyRange;

/// The numbers of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) version: i64,
    pub(crate) lease: i64,
    pub(crate) synced: i64,
}

/// A record, its changes not decoded.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) stamp: Stamp,
    changes: &'a [u8],
}

/// Appends a record of a segment with this salt to `out`. Fails for changes of 4 GiB.
pub(crate) fn encode(out: &mut Vec<u8>, salt: u64, stamp: Stamp, changes: &[Change]) -> io::Result<()> {
    let begin = out.len();
    out.extend_from_slice(&[0; 8]);
    for number in [stamp.version, stamp.lease, stamp.synced] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    for change in changes {
        match change {
            Change::Put { key, value } => encode_change(out, PUT, &[key, value])?,
            Change::Delete { key } => encode_change(out, DELETE, &[key])?,
            Change::ClearRange(range) => encode_change(out, CLEAR, &[&range.begin, &range.end])?,
        }
    }
    let record = out.get_mut(begin..).unwrap_or_default();
    let length = length_u32(record.len() - HEADER)?.to_le_bytes();
    let (prefix, body) = record.split_at_mut(8);
    let checksum = checksum(salt, &length, body).to_le_bytes();
    prefix.copy_from_slice(&[length, checksum].concat());
    Ok(())
}

/// The record of a segment with this salt at the beginning of `bytes`, and what follows it; `None` if there is no whole one.
pub(crate) fn split(salt: u64, bytes: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (expected, rest) = rest.split_first_chunk::<4>()?;
    let changes = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (body, after) = rest.split_at_checked(changes.checked_add(HEADER - 8)?)?;
    let (stamp, changes) = split_stamp(body)?;
    let versions = stamp.synced..=stamp.lease;
    let may_be_synced = stamp.synced < stamp.version || changes.is_empty();
    let plausible = 0 <= stamp.synced && may_be_synced && versions.contains(&stamp.version);
    (plausible && stamp.lease < VERSION_LIMIT && checksum(salt, length, body) == u32::from_le_bytes(*expected))
        .then_some((Record { stamp, changes }, after))
}

impl Record<'_> {
    /// Whether it only says that the one before it is on disk.
    pub(crate) fn is_mark(&self) -> bool {
        self.stamp.synced == self.stamp.version
    }

    /// The changes; `None` if they make no sense, which a good checksum rules out.
    ///
    /// The values share one piece of memory: the changes of a record go into the base together.
    pub(crate) fn changes(&self) -> Option<Vec<Change>> {
        let memory = Bytes::copy_from_slice(self.changes);
        let mut changes = Vec::new();
        let mut rest = &memory[..];
        while let Some((tag, after)) = rest.split_first() {
            let change;
            (change, rest) = match *tag {
                PUT => {
                    let ([key, value], rest) = split_parts(after)?;
                    let key = Key::new(key);
                    let value = memory.slice_ref(value);
                    (Change::Put { key, value }, rest)
                }
                DELETE => {
                    let ([key], rest) = split_parts(after)?;
                    (Change::Delete { key: Key::new(key) }, rest)
                }
                CLEAR => {
                    let ([begin, end], rest) = split_parts(after)?;
                    if begin > end {
                        return None;
                    }
                    (Change::ClearRange(KeyRange::new(begin, end)), rest)
                }
                _ => return None,
            };
            changes.push(change);
        }
        Some(changes)
    }
}

fn checksum(salt: u64, length: &[u8], body: &[u8]) -> u32 {
    let salted = crc32c::crc32c(&salt.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c_append(salted, length), body)
}

fn split_stamp(bytes: &[u8]) -> Option<(Stamp, &[u8])> {
    let (version, rest) = bytes.split_first_chunk()?;
    let (lease, rest) = rest.split_first_chunk()?;
    let (synced, rest) = rest.split_first_chunk()?;
    let stamp = Stamp {
        version: i64::from_le_bytes(*version),
        lease: i64::from_le_bytes(*lease),
        synced: i64::from_le_bytes(*synced),
    };
    Some((stamp, rest))
}

fn encode_change(out: &mut Vec<u8>, tag: u8, parts: &[&[u8]]) -> io::Result<()> {
    out.push(tag);
    for part in parts {
        out.extend_from_slice(&length_u32(part.len())?.to_le_bytes());
    }
    for part in parts {
        out.extend_from_slice(part);
    }
    Ok(())
}

fn split_parts<const N: usize>(mut bytes: &[u8]) -> Option<([&[u8]; N], &[u8])> {
    let mut lengths = [0; N];
    for length in &mut lengths {
        let (number, rest) = bytes.split_first_chunk()?;
        *length = usize::try_from(u32::from_le_bytes(*number)).ok()?;
        bytes = rest;
    }
    let mut parts = [&[][..]; N];
    for (part, length) in parts.iter_mut().zip(lengths) {
        (*part, bytes) = bytes.split_at_checked(length)?;
    }
    Some((parts, bytes))
}

fn length_u32(length: usize) -> io::Result<u32> {
    u32::try_from(length).map_err(|_| io::Error::other("a commit group of 4 GiB or more"))
}

/// The bytes of a record before its changes.
pub(crate) const HEADER: usize = 32;
/// No database gets to this version; one that says so would leave no room for those of a later start.
const VERSION_LIMIT: i64 = i64::MAX / 2;
const PUT: u8 = 1;
const DELETE: u8 = 2;
const CLEAR: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    const SALT: u64 = 0x1234_5678_9abc_def0;

    fn record() -> (Vec<u8>, Vec<Change>) {
        let changes = vec![
            Change::Put {
                key: Key::new(b"key"),
                value: "value".into(),
            },
            Change::Delete { key: Key::new(b"") },
            Change::ClearRange(KeyRange::new(b"", b"z")),
        ];
        let mut bytes = Vec::new();
        encode(
            &mut bytes,
            SALT,
            Stamp {
                version: 7,
                lease: 9,
                synced: 5,
            },
            &changes,
        )
        .unwrap();
        (bytes, changes)
    }

    #[test]
    fn a_record_reads_as_it_was_written() {
        let (mut bytes, changes) = record();
        assert_eq!(bytes[..4], 32_u32.to_le_bytes());
        assert_eq!(
            bytes[8..32],
            [7_i64.to_le_bytes(), 9_i64.to_le_bytes(), 5_i64.to_le_bytes()].concat()
        );
        bytes.push(1);
        let (read, rest) = split(SALT, &bytes).unwrap();
        assert_eq!(
            (read.stamp.version, read.stamp.lease, read.stamp.synced, rest),
            (7, 9, 5, &[1][..])
        );
        assert_eq!(read.changes().unwrap(), changes);
    }

    #[test]
    fn a_record_cut_short_or_with_any_bit_changed_is_none() {
        let (bytes, _) = record();
        for length in 0..bytes.len() {
            assert!(split(SALT, &bytes[..length]).is_none(), "{length} bytes");
        }
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(split(SALT, &damaged).is_none(), "byte {at}");
        }
        assert!(split(SALT + 1, &bytes).is_none(), "a record of another segment");
    }
}
