//! Functions of the program's that are called back.

use std::ffi::c_void;

use crate::abi::handle::{self, FDBFuture};
use crate::future::Callback;
use crate::network::Hook;

/// What is called when a future is ready: with the future, and what was given along.
pub(crate) type FDBCallback = extern "C" fn(*mut FDBFuture, *mut c_void);

/// A function of C's as one that is called with a future.
pub(crate) fn callback(function: FDBCallback, parameter: *mut c_void) -> Callback {
    // The program promises that its parameter can be used on the network's thread.
    let parameter = parameter.expose_provenance();
    Box::new(move |future| function(handle::lend(future), std::ptr::with_exposed_provenance_mut(parameter)))
}

/// A function of C's as one that is called when the network stops.
pub(crate) fn hook(function: extern "C" fn(*mut c_void), parameter: *mut c_void) -> Hook {
    let parameter = parameter.expose_provenance();
    Box::new(move || function(std::ptr::with_exposed_provenance_mut(parameter)))
}
