//! Handles: what C holds of our objects. A handle is the address of an object with a counted reference on it.

use std::sync::Arc;

use crate::database::{Database, Tenant};
use crate::error::{Code, codes};
use crate::future::Future;
use crate::location::Named;
use crate::transaction::Transaction;

/// A type that C knows by name alone.
pub(crate) trait Handle: Sized {
    /// What it is.
    type Object: Send + Sync;
}

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident = $object:ty;)*) => {
        $(
            $(#[$doc])*
            #[repr(C)]
            pub(crate) struct $name {
                _opaque: [u8; 0],
            }

            impl Handle for $name {
                type Object = $object;
            }
        )*
    };
}

handles! {
    /// A future.
    FDBFuture = Future;
    /// A result that is there at once: the code with which all of them fail.
    FDBResult = Code;
    /// What programs before API version 610 opened databases of.
    FDBCluster = Named;
    /// A database.
    FDBDatabase = Database;
    /// A tenant.
    FDBTenant = Tenant;
    /// A transaction.
    FDBTransaction = Transaction;
}

/// Gives an object to C, which destroys it some day.
pub(crate) fn give<H: Handle>(object: Arc<H::Object>) -> *mut H {
    Arc::into_raw(object).cast_mut().cast()
}

/// The object of a handle, for the time of the call.
///
/// **Errors**: 2000 for NULL.
pub(crate) fn object<'call, H: Handle>(handle: *mut H) -> Result<&'call H::Object, Code> {
    // SAFETY: a handle that is not NULL is one that `give` made and that was not destroyed, so the object is there.
    unsafe { handle.cast::<H::Object>().as_ref() }.ok_or(codes::CLIENT_INVALID_OPERATION)
}

/// The object of a handle, to be kept.
///
/// **Errors**: 2000 for NULL.
pub(crate) fn share<H: Handle>(handle: *mut H) -> Result<Arc<H::Object>, Code> {
    object(handle)?;
    let object = handle.cast_const().cast();
    // SAFETY: as in `object`; `give` got the address from `Arc::into_raw`. The count goes up for the reference made here.
    Ok(unsafe {
        Arc::increment_strong_count(object);
        Arc::from_raw(object)
    })
}

/// Takes an object back from C; nothing for NULL.
pub(crate) fn take<H: Handle>(handle: *mut H) -> Option<Arc<H::Object>> {
    if handle.is_null() {
        return None;
    }
    // SAFETY: as in `share`; C gives its one reference back and does not use the handle again.
    Some(unsafe { Arc::from_raw(handle.cast_const().cast()) })
}

/// What C sees of an object that we hold, for the time of a callback.
pub(crate) fn lend<H: Handle>(object: &Arc<H::Object>) -> *mut H {
    Arc::as_ptr(object).cast_mut().cast()
}
