//! Which library this is.

use std::ffi::c_char;

/// The version of this interface: it grows by one when programs must be compiled again.
pub const RS_ABI_VERSION: u32 = 1;

/// The version of the interface of the library that is loaded; a program asks whether it is the RS_ABI_VERSION of its header.
#[unsafe(no_mangle)]
pub extern "C" fn rs_abi_version() -> u32 {
    RS_ABI_VERSION
}

/// The release of the library, such as "0.1.0", with a NUL at its end. It stays for ever.
#[unsafe(no_mangle)]
pub extern "C" fn rs_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
