//! Which version of the API the program selected: the versions before 730 behave otherwise in places.

use std::sync::atomic::{AtomicI32, Ordering};

use crate::error::{Code, codes};

/// The newest version, that of the header `fdb_c.h` of FoundationDB 7.3.
pub(crate) const NEWEST: i32 = 730;
/// The oldest one whose differences the engine knows.
const OLDEST: i32 = 510;

/// The selected version; 0 before.
static SELECTED: AtomicI32 = AtomicI32::new(0);

/// Selects the behaviour of version `runtime` for a program that was compiled with the header of version `header`.
///
/// **Errors**: 2201 at a second time, 2202 for a version after the header's, 2203 for one that this library does not know.
pub(crate) fn select(runtime: i32, header: i32) -> Result<(), Code> {
    if SELECTED.load(Ordering::Acquire) != 0 {
        return Err(codes::API_VERSION_ALREADY_SET);
    }
    if runtime > header {
        return Err(codes::API_VERSION_INVALID);
    }
    if header > NEWEST || runtime < OLDEST {
        return Err(codes::API_VERSION_NOT_SUPPORTED);
    }
    SELECTED
        .compare_exchange(0, runtime, Ordering::AcqRel, Ordering::Acquire)
        .map(drop)
        .map_err(|_| codes::API_VERSION_ALREADY_SET)
}

/// The selected version.
///
/// **Errors**: 2200 when none was.
pub(crate) fn selected() -> Result<i32, Code> {
    match SELECTED.load(Ordering::Acquire) {
        0 => Err(codes::API_VERSION_UNSET),
        version => Ok(version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All in one test, because a process selects once.
    #[test]
    fn a_version_is_selected_once_and_within_bounds() {
        assert_eq!(selected(), Err(2200));
        assert_eq!(select(730, 720), Err(2202));
        assert_eq!(select(740, 740), Err(2203));
        assert_eq!(select(23, 730), Err(2203));
        assert_eq!(select(620, 730), Ok(()));
        assert_eq!(selected(), Ok(620));
        assert_eq!(select(620, 730), Err(2201));
        assert_eq!(select(800, 730), Err(2201));
    }
}
