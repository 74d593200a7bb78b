//! What C and we reach into each other's memory for: bytes, arrays and options that come in are copied, results are put where C
//! wants them. The only file with `unsafe` code.
//!
//! Pointers get here only from the parameters of exported functions, whose documentation is the contract: a pointer is NULL,
//! or it is what the function says, for the time of the call. Whatever can be checked of that is checked.

use std::mem::{MaybeUninit, size_of};

use record_store::{Error, ErrorKind};

use crate::database::{rs_open_options, rs_run_options};
use crate::diff::{rs_change, rs_changes, rs_schema_versions};
use crate::error::Result;
use crate::index::{rs_index_entry, rs_uniqueness_violation};
use crate::index_build::{rs_build_options, rs_build_progress, rs_build_summary};
use crate::index_state::{rs_index_states, rs_named_index_state};
use crate::memory::{rs_buffer, rs_list, rs_memory};
use crate::query::rs_query_options;
use crate::record::{rs_put_item, rs_put_options, rs_record};
use crate::scan::rs_scan_options;
use crate::space::rs_space_options;

/// Bytes, or text in UTF-8: where they begin and how many there are. No NUL stands at the end, and some may stand within.
///
/// Given to a function they are copied before it returns; NULL with a length is an error. `rs_str` makes one of a C string.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_bytes {
    /// Where they begin; may be NULL when there are none.
    pub data: *const u8,
    /// How many there are.
    pub len: usize,
}

// SAFETY: a pointer and a length are plain values. What they point to is looked at only here, by the rules above.
unsafe impl Send for rs_bytes {}
// SAFETY: as above.
unsafe impl Sync for rs_bytes {}

impl rs_bytes {
    /// No bytes at all.
    pub(crate) const NONE: rs_bytes = rs_bytes {
        data: std::ptr::null(),
        len: 0,
    };

    /// A view of bytes, which stay where they are as long as C may look at them.
    pub(crate) fn view(bytes: &[u8]) -> Self {
        rs_bytes {
            data: bytes.as_ptr(),
            len: bytes.len(),
        }
    }

    pub(crate) fn is_null(self) -> bool {
        self.data.is_null() && self.len == 0
    }

    /// **Errors**: `InvalidArgument` for NULL with a length, and for a length that no memory has.
    pub(crate) fn copied(self, name: &'static str) -> Result<Vec<u8>> {
        copied(self.data, self.len, name)
    }

    /// **Errors**: those of [`copied`](rs_bytes::copied); `InvalidArgument` for bytes that are no UTF-8.
    pub(crate) fn text(self, name: &'static str) -> Result<String> {
        String::from_utf8(self.copied(name)?).map_err(|error| {
            Error::new(ErrorKind::InvalidArgument, "a text is not UTF-8")
                .with("argument", name)
                .with("valid_up_to", error.utf8_error().valid_up_to())
                .into()
        })
    }
}

/// Types that C shares with us by value: any bytes are a value, and so are all zeros.
///
/// # Safety
/// The type has only fields for which that is true: integers, floats, raw pointers and such types.
pub(crate) unsafe trait Plain: Copy {}

macro_rules! plain {
    ($($plain:ty)*) => {
        // SAFETY: fields are integers, raw pointers, optional functions (any address but NULL is one) and such types; a
        // `bool` goes out only and is never read.
        $(unsafe impl Plain for $plain {})*
    };
}

plain! {
    bool u8 i32 u32 i64 u64 usize f64
    rs_bytes rs_buffer rs_list rs_record rs_put_item rs_index_entry
    rs_open_options rs_run_options rs_space_options rs_put_options rs_scan_options rs_query_options
    rs_build_options rs_build_progress rs_build_summary
    rs_uniqueness_violation rs_named_index_state rs_index_states rs_change rs_changes rs_schema_versions
}

// SAFETY: a raw pointer is an address.
unsafe impl<T> Plain for *mut T {}
// SAFETY: as above.
unsafe impl<T> Plain for *const T {}

/// Copies an array.
///
/// **Errors**: `InvalidArgument` for NULL with a length, for a pointer that is not aligned and for a length that no memory has.
pub(crate) fn copied<T: Plain>(data: *const T, len: usize, name: &'static str) -> Result<Vec<T>> {
    let refuse = |message| {
        Err(Error::new(ErrorKind::InvalidArgument, message)
            .with("argument", name)
            .into())
    };
    if len == 0 {
        return Ok(Vec::new());
    }
    if data.is_null() {
        return refuse("a pointer is NULL but its length is not zero");
    }
    if !data.is_aligned() {
        return refuse("a pointer is not aligned");
    }
    if len
        .checked_mul(size_of::<T>())
        .is_none_or(|size| size > isize::MAX as usize)
    {
        return refuse("a length is more than memory has");
    }
    // SAFETY: by the contract at the head there are `len` values at `data`; the pointer is not NULL, is aligned, and its
    // length does not overflow. Any bytes are a `T`, and the slice is gone before the function of C returns.
    Ok(unsafe { std::slice::from_raw_parts(data, len) }.to_vec())
}

/// Option structs: their first field is their size, so that a program that was compiled with fewer options can be told from
/// one with more.
pub(crate) trait Options: Plain {}

impl Options for rs_open_options {}
impl Options for rs_run_options {}
impl Options for rs_space_options {}
impl Options for rs_put_options {}
impl Options for rs_scan_options {}
impl Options for rs_query_options {}
impl Options for rs_build_options {}

/// Copies options; NULL, and what the program does not know, are zeros, which are the defaults.
///
/// **Errors**: `InvalidArgument` for a size that is none, or that a later release of the library has.
pub(crate) fn options<T: Options>(options: *const T) -> Result<T> {
    let mut known = MaybeUninit::<T>::zeroed();
    // SAFETY: all zeros are a `T`.
    let zeros = unsafe { known.assume_init() };
    if options.is_null() {
        return Ok(zeros);
    }
    let refuse = |message, size: usize| {
        Err(Error::new(ErrorKind::InvalidArgument, message)
            .with("size", size)
            .with("known", size_of::<T>())
            .into())
    };
    if !options.is_aligned() {
        return refuse("options are not aligned", 0);
    }
    // SAFETY: by the contract at the head options begin with their size, and the pointer is aligned.
    let size = unsafe { options.cast::<usize>().read() };
    if size < size_of::<usize>() {
        return refuse(
            "options do not begin with their size: make them with their _init function",
            size,
        );
    }
    if size > size_of::<T>() {
        return refuse(
            "options are of a newer release than the library, or do not begin with their size",
            size,
        );
    }
    // SAFETY: by the contract at the head there are `size` bytes, which fit; the two do not overlap, as one is ours. Any
    // bytes are a `T`.
    unsafe {
        std::ptr::copy_nonoverlapping(options.cast::<u8>(), known.as_mut_ptr().cast::<u8>(), size);
        Ok(known.assume_init())
    }
}

/// Where a function puts a result. It is zero from the beginning, so that it is zero after a failure.
pub(crate) struct Out<T>(*mut T);

impl<T: Plain> Out<T> {
    pub(crate) fn new(place: *mut T) -> Self {
        let place = if place.is_aligned() {
            place
        } else {
            std::ptr::null_mut()
        };
        if !place.is_null() {
            // SAFETY: by the contract at the head a `T` can be written here; zeros are one.
            unsafe { place.write_bytes(0, 1) };
        }
        Out(place)
    }

    /// **Errors**: `InvalidArgument` when there is no place.
    pub(crate) fn required(&self, name: &'static str) -> Result<&Self> {
        if self.0.is_null() {
            let message = "the place for a result is NULL or not aligned";
            return Err(Error::new(ErrorKind::InvalidArgument, message)
                .with("argument", name)
                .into());
        }
        Ok(self)
    }

    pub(crate) fn is_wanted(&self) -> bool {
        !self.0.is_null()
    }

    /// Puts the result, if there is a place for it.
    pub(crate) fn set(&self, value: T) {
        if !self.0.is_null() {
            // SAFETY: as in `new`.
            unsafe { self.0.write(value) };
        }
    }
}

/// Forgets a struct of C that names memory of the library, and gives the memory's handle.
pub(crate) fn disown<T: Plain>(owned: *mut T, owner: impl FnOnce(&T) -> *mut rs_memory) -> *mut rs_memory {
    if owned.is_null() || !owned.is_aligned() {
        return std::ptr::null_mut();
    }
    // SAFETY: by the contract at the head there is a `T` here, and any bytes are one.
    let value = unsafe { owned.read() };
    Out::new(owned);
    owner(&value)
}

/// Has a function called in the child after each fork; where there are no forks it does nothing.
pub(crate) fn after_fork_in_child(function: extern "C" fn()) {
    #[cfg(unix)]
    // SAFETY: the function does what a child may do after a fork: it sets an atomic. That there is no memory to note it down
    // is the only failure, and leaves a process in which forks are not noticed.
    unsafe {
        libc::pthread_atfork(None, None, Some(function));
    }
    #[cfg(not(unix))]
    let _ = function;
}
