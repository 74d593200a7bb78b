//! Codes: what failures of the engine are called in FoundationDB, and what FoundationDB's client says of each code.

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::sync::LazyLock;

use record_store_kv::{Error, ErrorKind, fdb_code};

/// FoundationDB's number of an error.
pub(crate) type Code = i32;

pub(crate) use record_store_kv::fdb_code as codes;

/// The code of an error: its own, or the nearest one of FoundationDB's for what only an embedded engine knows.
pub(crate) fn code(error: &Error) -> Code {
    error.fdb_code().unwrap_or(match error.kind() {
        ErrorKind::Io => codes::IO_ERROR,
        ErrorKind::Corrupt => codes::FILE_CORRUPT,
        ErrorKind::Locked => codes::LOCK_FILE_FAILURE,
        // There is something, and it is no database: as if there was none.
        ErrorKind::NotADatabase => codes::NO_CLUSTER_FILE_FOUND,
        ErrorKind::NewerFormat => codes::SERIALIZATION_FAILED,
        ErrorKind::Unsupported => codes::UNSUPPORTED_OPERATION,
        ErrorKind::InvalidArgument | ErrorKind::Directory => codes::CLIENT_INVALID_OPERATION,
        _ => codes::INTERNAL_ERROR,
    })
}

/// What FoundationDB's client says of a code.
pub(crate) fn text(code: Code) -> &'static CStr {
    /// What it says of codes that are none.
    const NONE: Code = codes::UNKNOWN_ERROR;
    let code = if (0..=30_000).contains(&code) { code } else { NONE };
    TEXTS.get(&code).map_or(c"UNKNOWN_ERROR", |text| text)
}

/// The texts of FoundationDB 7.3's client, by code: what programs show to people and look for in logs. `tests/traces` holds
/// them as a client saw them.
static TEXTS: LazyLock<HashMap<Code, CString>> = LazyLock::new(|| {
    let lines = include_str!("error_texts.tsv").lines();
    let row = |line: &str| {
        let (code, text) = line.split_once('\t')?;
        Some((code.parse().ok()?, CString::new(text).ok()?))
    };
    lines.filter_map(row).collect()
});

/// Whether a code has a property, by the number of the test in `fdb_c_options.g.h`.
pub(crate) fn predicate(test: i32, code: Code) -> bool {
    match test {
        50_000 => fdb_code::is_retryable(code),
        50_001 => fdb_code::is_maybe_committed(code),
        50_002 => fdb_code::is_retryable_not_committed(code),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_texts_is_one() {
        assert_eq!(TEXTS.len(), include_str!("error_texts.tsv").lines().count());
    }

    #[test]
    fn codes_have_texts_and_strange_ones_have_one_too() {
        for (code, expected) in [
            (0, "Success"),
            (
                1020,
                "Transaction not committed due to conflict with another transaction",
            ),
            (1013, "UNKNOWN_ERROR"),
            (30_000, "UNKNOWN_ERROR"),
            (30_001, "An unknown error occurred"),
            (-1, "An unknown error occurred"),
        ] {
            assert_eq!(text(code).to_str(), Ok(expected), "{code}");
        }
    }

    #[test]
    fn every_code_that_the_seam_knows_has_a_text() {
        /// Of snapshots of disks; what a client says of them was not recorded.
        const NOT_RECORDED: [Code; 2] = [2505, 2509];
        let without: Vec<Code> = fdb_code::all().filter(|code| !TEXTS.contains_key(code)).collect();
        assert_eq!(without, NOT_RECORDED);
    }

    #[test]
    fn failures_of_the_engine_have_codes() {
        for (error, expected) in [
            (Error::fdb(1020), 1020),
            (Error::new(ErrorKind::Locked, ""), 1529),
            (Error::new(ErrorKind::Corrupt, "").with_fdb_code(1520), 1520),
            (Error::new(ErrorKind::Corrupt, ""), 1522),
            (Error::from(std::io::Error::other("")), 1510),
        ] {
            assert_eq!(code(&error), expected, "{error}");
        }
    }
}
