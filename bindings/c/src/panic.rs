//! What stands around every exported function: a failure becomes a status, and a panic becomes one too.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use record_store::{Error, ErrorKind};

use crate::buffer::Out;
use crate::error::{Failure, Result, rs_error};
use crate::status::rs_status;

/// Runs the body of an exported function. `error` is zero afterwards, or has the error of the status.
pub(crate) fn call(error: *mut *mut rs_error, body: impl FnOnce() -> Result<rs_status>) -> rs_status {
    let error = Out::new(error);
    // What a panic leaves half done is behind locks that do not poison, in objects that the caller frees.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => failure.report(error),
        Err(panic) => Failure::from(broken_promise(panic.as_ref())).report(error),
    }
}

/// Runs the body of an exported function that has no error to fill.
pub(crate) fn call_without_error(body: impl FnOnce() -> Result<rs_status>) -> rs_status {
    call(std::ptr::null_mut(), body)
}

/// Runs the body of an exported function that gives a value, or `instead` when it cannot.
pub(crate) fn value_or<T>(instead: T, body: impl FnOnce() -> Result<T>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(_)) | Err(_) => instead,
    }
}

fn broken_promise(panic: &(dyn Any + Send)) -> Error {
    let said = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::new(ErrorKind::Internal, "the library panicked").with("panic", said.unwrap_or("without a word"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{RS_INTERNAL, RS_OK};

    #[test]
    fn a_panic_is_a_status_and_not_an_unwinding() {
        assert_eq!(call_without_error(|| panic!("in the middle")), RS_INTERNAL);
        assert_eq!(call_without_error(|| Ok(RS_OK)), RS_OK);
        assert_eq!(value_or(7, || panic!("{}", "in the middle")), 7);
    }
}
