//! [`RecordVersion`]: when a record was saved, as a total order over the whole database.
//!
//! This file knows the 12 bytes of a version. Where they are stored is the business of `split` and `store`.

use std::fmt;

use record_store_kv::TransactionVersion;
use record_store_kv::tuple::Versionstamp;

use crate::{Error, ErrorKind, Result};

/// The version of a record: the 10-byte version of the transaction that saved it, then a 2-byte number that orders
/// the records saved by one transaction.
///
/// Until its transaction commits, a version is *incomplete*: only the local number is known. Incomplete versions are
/// greater than all complete ones.
///
/// Java class: `FDBRecordVersion`.
///
/// ```
/// use record_store::RecordVersion;
/// let pending = RecordVersion::incomplete(3);
/// assert!(!pending.is_complete());
///
/// let saved = pending.complete_with([0, 0, 0, 0, 0, 15, 66, 64, 0, 0])?;
/// assert_eq!(saved.database_version(), Some(1_000_000));
/// assert_eq!(saved.local_version(), 3);
/// assert!(saved < pending);
/// # Ok::<(), record_store::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordVersion {
    global: TransactionVersion,
    local: u16,
}

impl RecordVersion {
    /// The length of a version in bytes.
    pub const LENGTH: usize = 12;

    /// A version whose transaction has not committed yet.
    pub fn incomplete(local: u16) -> Self {
        RecordVersion {
            global: INCOMPLETE_GLOBAL,
            local,
        }
    }

    /// A version from its two parts.
    ///
    /// **Errors**: `InvalidArgument` if `global` is the mark of an incomplete version.
    pub fn complete(global: TransactionVersion, local: u16) -> Result<Self> {
        if global == INCOMPLETE_GLOBAL {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "ten bytes of ff mark an incomplete version and cannot be the version of a commit",
            ));
        }
        Ok(RecordVersion { global, local })
    }

    /// This version with the version of the commit filled in; a complete one stays as it is.
    ///
    /// **Errors**: `InvalidArgument` if `global` is the mark of an incomplete version.
    pub fn complete_with(self, global: TransactionVersion) -> Result<Self> {
        if self.is_complete() {
            return Ok(self);
        }
        RecordVersion::complete(global, self.local)
    }

    /// A version from its 12 bytes; ten bytes of `ff` in front mean that it is incomplete.
    ///
    /// **Errors**: `InvalidArgument` for another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (global, local) = bytes
            .split_first_chunk::<10>()
            .and_then(|(global, local)| Some((*global, local.try_into().ok()?)))
            .ok_or_else(|| {
                Error::new(ErrorKind::InvalidArgument, "a record version has 12 bytes").with("length", bytes.len())
            })?;
        Ok(RecordVersion {
            global,
            local: u16::from_be_bytes(local),
        })
    }

    /// The 12 bytes; those of an incomplete version begin with ten times `ff`.
    pub fn to_bytes(self) -> [u8; Self::LENGTH] {
        let mut bytes = [0; Self::LENGTH];
        let (global, local) = bytes.split_at_mut(self.global.len());
        global.copy_from_slice(&self.global);
        local.copy_from_slice(&self.local.to_be_bytes());
        bytes
    }

    /// Whether the transaction of this version has committed.
    pub fn is_complete(self) -> bool {
        self.global != INCOMPLETE_GLOBAL
    }

    /// The 10 bytes that order transactions; `None` for an incomplete version.
    pub fn global_version(self) -> Option<TransactionVersion> {
        self.is_complete().then_some(self.global)
    }

    /// FoundationDB's commit version; `None` for an incomplete version.
    pub fn database_version(self) -> Option<i64> {
        let global = self.global_version()?;
        global.first_chunk::<8>().map(|version| i64::from_be_bytes(*version))
    }

    /// The number that orders the records of one transaction.
    pub fn local_version(self) -> u16 {
        self.local
    }

    /// The next version in order.
    ///
    /// **Errors**: `InvalidArgument` for the greatest version, and for the greatest local number of an incomplete one.
    pub fn next(self) -> Result<Self> {
        self.step(1, "this is the greatest record version")
    }

    /// The previous version in order.
    ///
    /// **Errors**: `InvalidArgument` for the smallest version, and for the smallest local number of an incomplete one.
    pub fn previous(self) -> Result<Self> {
        self.step(-1, "this is the smallest record version")
    }

    fn step(self, by: i8, at_the_end: &'static str) -> Result<Self> {
        let refused = || Error::new(ErrorKind::InvalidArgument, at_the_end).with("version", self);
        let mut wide = [0; 16];
        wide[4..].copy_from_slice(&self.to_bytes());
        let number = u128::from_be_bytes(wide);
        let number = match by {
            1 => number.checked_add(1),
            _ => number.checked_sub(1),
        };
        let wide = number.ok_or_else(refused)?.to_be_bytes();
        let stepped = RecordVersion::from_bytes(&wide[4..])?;
        // A step may cross neither the end of the 12 bytes nor the border between complete and incomplete.
        if wide[..4] != [0; 4] || stepped.is_complete() != self.is_complete() {
            return Err(refused());
        }
        Ok(stepped)
    }
}

impl From<RecordVersion> for Versionstamp {
    fn from(version: RecordVersion) -> Self {
        match version.global_version() {
            Some(global) => Versionstamp::complete(global, version.local),
            None => Versionstamp::incomplete(version.local),
        }
    }
}

impl From<Versionstamp> for RecordVersion {
    fn from(stamp: Versionstamp) -> Self {
        RecordVersion {
            global: stamp.transaction_version(),
            local: stamp.user_version(),
        }
    }
}

impl fmt::Display for RecordVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_complete() {
            return write!(f, "incomplete:{}", self.local);
        }
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RecordVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordVersion({self})")
    }
}

/// What stands in place of the version of a commit that has not happened yet; FoundationDB never gives it out.
const INCOMPLETE_GLOBAL: TransactionVersion = [0xff; 10];

#[cfg(test)]
mod tests {
    use super::*;

    fn version(hex: &str) -> RecordVersion {
        let bytes: Vec<u8> = (0..hex.len() / 2)
            .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        RecordVersion::from_bytes(&bytes).unwrap()
    }

    #[test]
    fn steps_stay_within_complete_and_incomplete_versions() {
        // (version, next, previous)
        let table = [
            ("000000000000000000000000", Some("000000000000000000000001"), None),
            ("fffffffffffffffffffeffff", None, Some("fffffffffffffffffffefffe")),
            ("ffffffffffffffffffff0000", Some("ffffffffffffffffffff0001"), None),
            ("ffffffffffffffffffffffff", None, Some("fffffffffffffffffffffffe")),
            (
                "00000000000000010002ffff",
                Some("000000000000000100030000"),
                Some("00000000000000010002fffe"),
            ),
            (
                "00000000000f424000000000",
                Some("00000000000f424000000001"),
                Some("00000000000f423fffffffff"),
            ),
        ];
        for (at, next, previous) in table {
            assert_eq!(version(at).next().ok(), next.map(version), "after {at}");
            assert_eq!(version(at).previous().ok(), previous.map(version), "before {at}");
        }
    }

    #[test]
    fn the_parts_are_those_of_the_bytes() {
        let some = version("000102030405060708090a0b");
        assert_eq!(some.database_version(), Some(283_686_952_306_183));
        assert_eq!(some.local_version(), 2571);
        assert_eq!(some.to_string(), "000102030405060708090a0b");
        assert_eq!(RecordVersion::from(Versionstamp::from(some)), some);
        assert_eq!(version("ffffffffffffffffffff0007"), RecordVersion::incomplete(7));
        assert_eq!(RecordVersion::incomplete(7).global_version(), None);
    }

    #[test]
    fn wrong_lengths_and_impossible_commits_are_refused() {
        assert!(RecordVersion::from_bytes(&[0; 11]).is_err());
        assert!(RecordVersion::from_bytes(&[0; 13]).is_err());
        assert!(RecordVersion::complete([0xff; 10], 0).is_err());
    }
}
