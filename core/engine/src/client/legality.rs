//! Which keys and values a call may name, and how long they may be.

use record_store_kv::fdb_code;

use super::tenant::PREFIX_BYTES;
use crate::limits::{KEY_SIZE_MAX, SYSTEM_KEY_SIZE_MAX, VALUE_SIZE_MAX};

/// The end of the ordinary key space.
pub(crate) const NORMAL_KEYS_END: &[u8] = b"\xff";
/// The end of the system key space, and the begin of the special one.
pub(crate) const SYSTEM_KEYS_END: &[u8] = b"\xff\xff";
/// The end of the special key space.
const SPECIAL_KEYS_END: &[u8] = b"\xff\xff\xff";
/// The one system key that every transaction may read and, with a versionstamp, write.
pub(crate) const METADATA_VERSION_KEY: &[u8] = b"\xff/metadataVersion";
/// The only operand that the metadata version takes: a versionstamp at position 0.
pub(crate) const METADATA_VERSION_OPERAND: &[u8] = &[0; 14];

/// Whether `key` belongs to the special key space, which is no part of the database.
pub(crate) fn is_special(key: &[u8]) -> bool {
    key >= SYSTEM_KEYS_END && key < SPECIAL_KEYS_END
}

/// The longest legal key that begins like `key`.
pub(crate) fn key_size_max(key: &[u8]) -> usize {
    if key.starts_with(NORMAL_KEYS_END) {
        SYSTEM_KEY_SIZE_MAX
    } else {
        KEY_SIZE_MAX
    }
}

/// Whether `key` is longer than any key of the database.
pub(crate) fn is_too_long(key: &[u8]) -> bool {
    key.len() > key_size_max(key)
}

/// `key` cut to one byte more than the longest key of the database, which may be one of a tenant with its prefix: no key lies
/// between the two.
pub(crate) fn truncated(key: &[u8]) -> &[u8] {
    let tenant = if key.starts_with(NORMAL_KEYS_END) {
        0
    } else {
        PREFIX_BYTES
    };
    key.get(..=key_size_max(key) + tenant).unwrap_or(key)
}

/// Checks the lengths of a key and the value or operand to write to it. Errors: 2102, 2103.
pub(crate) fn check_sizes(key: &[u8], value: &[u8]) -> Result<(), i32> {
    if is_too_long(key) {
        return Err(fdb_code::KEY_TOO_LARGE);
    }
    if value.len() > VALUE_SIZE_MAX {
        return Err(fdb_code::VALUE_TOO_LARGE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_have_their_limits() {
        assert_eq!(check_sizes(&[b'k'; 10_000], &[0; 100_000]), Ok(()));
        assert_eq!(check_sizes(&[b'k'; 10_001], &[]), Err(fdb_code::KEY_TOO_LARGE));
        assert_eq!(check_sizes(&[0xFF; 30_000], &[]), Ok(()));
        assert_eq!(check_sizes(b"k", &[0; 100_001]), Err(fdb_code::VALUE_TOO_LARGE));
        assert_eq!(truncated(&[b'k'; 20_000]).len(), 10_009);
        assert_eq!(truncated(&[0xFF; 40_000]).len(), 30_001);
        assert_eq!(truncated(b"k"), b"k");
    }
}
