//! Segment files: `log-` and the segment's number in 16 hexadecimal digits; a header, then [records](super::record), then zeros.
//!
//! ```text
//! ┌─────────────────┬──────────────┬──────────────┬───────────┬──────────┬────────────┬───────────┐
//! │ magic, 8 bytes  │ sequence u64 │ previous i64 │ lease i64 │ salt u64 │ crc32c u32 │ records … │
//! └─────────────────┴──────────────┴──────────────┴───────────┴──────────┴────────────┴───────────┘
//! ```
//! `previous` is the version of the last record before this segment; it shows whether a segment is missing. `lease` is the
//! lease at that moment, since the segments before may be gone. `salt` is random and goes into the checksum of every record of
//! the segment: a value that somebody stored cannot look like a record.

/// The numbers at the beginning of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    pub(crate) sequence: u64,
    pub(crate) previous: i64,
    pub(crate) lease: i64,
    pub(crate) salt: u64,
}

impl SegmentHeader {
    /// The bytes.
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.previous.to_le_bytes());
        bytes.extend_from_slice(&self.lease.to_le_bytes());
        bytes.extend_from_slice(&self.salt.to_le_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    /// The header at the beginning of a segment, and the records; `None` if it is not whole.
    pub(crate) fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (header, records) = bytes.split_at_checked(HEADER)?;
        let (body, checksum) = header.split_last_chunk()?;
        let (magic, rest) = body.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (previous, rest) = rest.split_first_chunk()?;
        let (lease, rest) = rest.split_first_chunk()?;
        let (salt, _) = rest.split_first_chunk()?;
        let header = SegmentHeader {
            sequence: u64::from_le_bytes(*sequence),
            previous: i64::from_le_bytes(*previous),
            lease: i64::from_le_bytes(*lease),
            salt: u64::from_le_bytes(*salt),
        };
        (*magic == MAGIC && crc32c::crc32c(body) == u32::from_le_bytes(*checksum)).then_some((header, records))
    }
}

/// The name of a segment's file.
pub(crate) fn name(sequence: u64) -> String {
    format!("log-{sequence:016x}")
}

/// The number of the segment in the file `name`, if that is a segment's name.
pub(crate) fn sequence_of(name: &str) -> Option<u64> {
    let digits = name.strip_prefix("log-").filter(|digits| digits.len() == 16)?;
    // A last number would have no next one; no database gets there.
    u64::from_str_radix(digits, 16)
        .ok()
        .filter(|sequence| *sequence < u64::MAX)
}

/// The last byte is the format of the segment.
const MAGIC: [u8; 8] = *b"rs-log\0\x01";
/// The bytes of a segment before its records.
pub(crate) const HEADER: usize = 44;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_as_it_was_written_and_not_otherwise() {
        let header = SegmentHeader {
            sequence: 3,
            previous: 70,
            lease: 90,
            salt: 11,
        };
        let mut bytes = header.encode();
        bytes.push(5);
        assert_eq!(bytes.len(), HEADER + 1);
        assert_eq!(SegmentHeader::split(&bytes), Some((header, &[5][..])));
        for at in 0..HEADER {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert_eq!(SegmentHeader::split(&damaged), None, "byte {at}");
        }
    }

    #[test]
    fn names_are_hexadecimal() {
        assert_eq!(name(26), "log-000000000000001a");
        assert_eq!(sequence_of("log-000000000000001a"), Some(26));
        for other in ["log-1a", "log-ffffffffffffffff", "log-00000000000000zz", "LOCK"] {
            assert_eq!(sequence_of(other), None, "{other}");
        }
    }
}
