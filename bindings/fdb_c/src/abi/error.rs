//! Errors, and the choice of an API version.

use std::ffi::{c_char, c_int};

use crate::abi::guard::export;
use crate::{api_version, client, error};

/// What a code means, in words. (Not behind the guard: it reads a table that cannot fail.)
#[unsafe(no_mangle)]
pub(crate) extern "C" fn fdb_get_error(code: c_int) -> *const c_char {
    error::text(code).as_ptr()
}

/// The release whose behaviour this is.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn fdb_get_client_version() -> *const c_char {
    client::VERSION.as_ptr()
}

export! {
    /// Whether a code has a property.
    fn fdb_error_predicate(test: c_int, code: c_int) -> c_int {
        Ok(c_int::from(error::predicate(test, code)))
    }

    /// Selects a version of the API.
    fn fdb_select_api_version_impl(runtime_version: c_int, header_version: c_int) -> c_int {
        api_version::select(runtime_version, header_version).map(|()| 0)
    }

    /// The newest version that can be selected.
    fn fdb_get_max_api_version() -> c_int {
        Ok(api_version::NEWEST)
    }
}
