//! What stands around every exported function: failures become what the function returns for them, and panics too.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::abi::handle::{self, FDBFuture};
use crate::error::{Code, codes};
use crate::future::Future;

/// What an exported function returns.
pub(crate) trait Returned {
    /// What it returns for a failure.
    fn failed(code: Code) -> Self;
}

impl Returned for () {
    fn failed(_: Code) -> Self {}
}

/// A code; for functions that return a number it is an answer too.
impl Returned for c_int {
    fn failed(code: Code) -> Self {
        code
    }
}

impl Returned for f64 {
    fn failed(_: Code) -> Self {
        0.0
    }
}

/// The future of a failure.
impl Returned for *mut FDBFuture {
    fn failed(code: Code) -> Self {
        handle::give(Future::ready(Err(code)))
    }
}

/// Runs the body of an exported function.
pub(crate) fn guard<T: Returned>(body: impl FnOnce() -> Result<T, Code>) -> T {
    // What a panic leaves half done is behind locks that do not poison.
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(returned)) => returned,
        Ok(Err(code)) => T::failed(code),
        Err(_) => T::failed(codes::INTERNAL_ERROR),
    }
}

/// Exports functions to C. The body of each gives a result.
macro_rules! export {
    ($($(#[$doc:meta])* fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $returned:ty $body:block)*) => {
        $(
            $(#[$doc])*
            #[unsafe(no_mangle)]
            pub(crate) extern "C" fn $name($($argument: $type),*) -> $returned {
                crate::abi::guard::guard(move || -> Result<$returned, crate::error::Code> { $body })
            }
        )*
    };
}
pub(crate) use export;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_and_not_an_unwinding() {
        assert_eq!(guard::<c_int>(|| panic!("in the middle")), 4100);
        assert_eq!(guard::<c_int>(|| Err(2000)), 2000);
        assert_eq!(guard::<c_int>(|| Ok(0)), 0);
    }
}
