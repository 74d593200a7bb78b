//! [`FormatVersion`]: which layout a store has on disk.
//!
//! Java class: `FormatVersion`. Each version says what it changes; code asks [`FormatVersion::is_at_least`], never a number.

use crate::{Error, ErrorKind, Result};

/// The layout of a store on disk. A store keeps the greatest version that ever opened it and is never taken back.
///
/// ```
/// use record_store::FormatVersion;
/// assert!(FormatVersion::default().is_at_least(FormatVersion::SaveVersionWithRecord));
/// assert_eq!(FormatVersion::from_number(7)?, FormatVersion::CacheableState);
/// assert!(FormatVersion::from_number(99).is_err());
/// # Ok::<(), record_store::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(i32)]
#[non_exhaustive]
pub enum FormatVersion {
    /// The store has a header.
    InfoAdded = 1,
    /// Records are counted. Stores from before are counted when they are opened.
    RecordCountAdded = 2,
    /// The header holds the key by which records are counted; another key means counting again.
    RecordCountKeyAdded = 3,
    /// The version of a store follows who opens it. Changes no byte.
    FormatControl = 4,
    /// Unsplit records get a suffix in stores that do not split, too. Stores from before keep bare keys, and a mark in
    /// the header that says so.
    SaveUnsplitWithSuffix = 5,
    /// Record versions stand beside their records. Opening an older store moves them, unless it has bare keys.
    SaveVersionWithRecord = 6,
    /// The header says whether the state of the store may be cached. Java's default.
    CacheableState = 7,
    /// The header has fields of the user.
    HeaderUserFields = 8,
    /// An index may be built but wait for duplicates to be resolved.
    ReadableUniquePending = 9,
    /// Writes during an index build ask how it is built. The greatest version of Java's 4.1.4.0, and ours for new stores.
    #[default]
    CheckIndexBuildTypeDuringUpdate = 10,
    /// The header holds the state of the record count.
    RecordCountState = 11,
    /// The header may lock the store against changes of records.
    StoreLockState = 12,
    /// The header counts moves of the store between clusters.
    Incarnation = 13,
    /// The header may lock the store against being opened; unknown locks refuse to open.
    FullStoreLock = 14,
    /// An index may queue its updates while it is built.
    WriteOnlyWithQueue = 15,
}

impl FormatVersion {
    /// Every version, in order.
    pub const ALL: [FormatVersion; 15] = [
        FormatVersion::InfoAdded,
        FormatVersion::RecordCountAdded,
        FormatVersion::RecordCountKeyAdded,
        FormatVersion::FormatControl,
        FormatVersion::SaveUnsplitWithSuffix,
        FormatVersion::SaveVersionWithRecord,
        FormatVersion::CacheableState,
        FormatVersion::HeaderUserFields,
        FormatVersion::ReadableUniquePending,
        FormatVersion::CheckIndexBuildTypeDuringUpdate,
        FormatVersion::RecordCountState,
        FormatVersion::StoreLockState,
        FormatVersion::Incarnation,
        FormatVersion::FullStoreLock,
        FormatVersion::WriteOnlyWithQueue,
    ];

    /// The number in the header.
    pub fn number(self) -> i32 {
        self as i32
    }

    /// The version with this number.
    ///
    /// **Errors**: `NewerFormat` for a number that this release does not know.
    pub fn from_number(number: i32) -> Result<Self> {
        FormatVersion::ALL
            .into_iter()
            .find(|version| version.number() == number)
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::NewerFormat,
                    "the store has a format version that this release does not know; open it with a newer release",
                )
                .with("format_version", number)
                .with("newest_known", FormatVersion::WriteOnlyWithQueue.number())
            })
    }

    /// Whether a store of this version has what `other` brought.
    pub fn is_at_least(self, other: FormatVersion) -> bool {
        self >= other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_numbered_from_one() {
        for (at, version) in (1..).zip(FormatVersion::ALL) {
            assert_eq!(version.number(), at);
            assert_eq!(FormatVersion::from_number(at).unwrap(), version);
        }
        for unknown in [-1, 0, 16, i32::MAX] {
            assert!(FormatVersion::from_number(unknown).is_err(), "{unknown}");
        }
    }
}
