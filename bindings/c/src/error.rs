//! `rs_error`: what went wrong, for those who want to know more than the status says.

use std::ffi::{CString, c_char};
use std::sync::Arc;

use record_store::{Error, ErrorKind, RunError};

use crate::buffer::Out;
use crate::handle::{self, Kind, Object, Table};
use crate::panic::{call_without_error, value_or};
use crate::status::{RS_OK, rs_status};

/// The result of everything that can fail.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// Why a call gives another status than RS_OK.
#[derive(Clone, Debug)]
pub(crate) enum Failure {
    /// An error of the core, or of this library in the core's words.
    Error(Arc<Error>),
    /// What a callback of the program returned, with the error that it filled in, if it did.
    Returned(rs_status, Option<Arc<Error>>),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Error(Arc::new(error))
    }
}

impl RunError for Failure {
    fn fdb_code(&self) -> Option<i32> {
        self.error().and_then(Error::fdb_code)
    }
}

impl Failure {
    pub(crate) fn status(&self) -> rs_status {
        match self {
            Failure::Error(error) => status_of(error.kind()),
            Failure::Returned(status, _) => *status,
        }
    }

    fn error(&self) -> Option<&Error> {
        match self {
            Failure::Error(error) | Failure::Returned(_, Some(error)) => Some(error),
            Failure::Returned(_, None) => None,
        }
    }

    /// Gives the error to C, if it wants it, and the status.
    pub(crate) fn report(self, place: Out<*mut rs_error>) -> rs_status {
        let status = self.status();
        if let Failure::Error(error) | Failure::Returned(_, Some(error)) = self
            && place.is_wanted()
            && let Ok(handle) = handle::insert(Arc::new(Reported::new(error)))
        {
            place.set(handle);
        }
        status
    }
}

/// The status of a kind of error.
pub(crate) fn status_of(kind: ErrorKind) -> rs_status {
    kind.number().into()
}

/// `InvalidArgument`, of an argument.
pub(crate) fn invalid(message: &'static str, argument: &'static str) -> Failure {
    Error::new(ErrorKind::InvalidArgument, message)
        .with("argument", argument)
        .into()
}

/// What went wrong: made by a call that fails, if it is given a place for it, and freed by the program with `rs_error_free`.
///
/// Threads: may be used by several at once.
pub struct rs_error;

/// An error with its texts as C reads them.
pub(crate) struct Reported {
    error: Arc<Error>,
    message: CString,
    name: CString,
    facts: Vec<(CString, CString)>,
}

static ERRORS: Table<Reported> = Table::new();

impl Object for Reported {
    type Handle = rs_error;
    const KIND: Kind = Kind::Error;

    fn table() -> &'static Table<Self> {
        &ERRORS
    }
}

impl Reported {
    fn new(error: Arc<Error>) -> Self {
        let fact = |(name, value): &(&'static str, String)| (c_string(*name), c_string(value.as_str()));
        Reported {
            message: c_string(text(&error)),
            name: c_string(error.kind().name()),
            facts: error.context().iter().map(fact).collect(),
            error,
        }
    }

    pub(crate) fn error(&self) -> &Arc<Error> {
        &self.error
    }
}

/// What the error says, and in the end its root cause (the operating system's words) if it does not say that itself.
fn text(error: &Error) -> String {
    let text = error.to_string();
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    match causes.last().map(ToString::to_string) {
        Some(cause) if !text.contains(&cause) && !cause.contains(error.message()) => format!("{text} ({cause})"),
        _ => text,
    }
}

/// Text with a NUL at its end; those within are left out.
fn c_string(text: impl Into<String>) -> CString {
    let mut text = text.into();
    text.retain(|letter| letter != '\0');
    CString::new(text).unwrap_or_default()
}

/// The error in words, with a NUL at their end; they stay until the error is freed. "" for what is no error.
#[unsafe(no_mangle)]
pub extern "C" fn rs_error_message(error: *const rs_error) -> *const c_char {
    value_or(c"".as_ptr(), || Ok(handle::get::<Reported>(error)?.message.as_ptr()))
}

/// The name of the error's kind, such as "InvalidRecord"; it stays until the error is freed. "" for what is no error.
#[unsafe(no_mangle)]
pub extern "C" fn rs_error_name(error: *const rs_error) -> *const c_char {
    value_or(c"".as_ptr(), || Ok(handle::get::<Reported>(error)?.name.as_ptr()))
}

/// The status of the error's kind. RS_OK for what is no error.
#[unsafe(no_mangle)]
pub extern "C" fn rs_error_status(error: *const rs_error) -> rs_status {
    value_or(RS_OK, || Ok(status_of(handle::get::<Reported>(error)?.error.kind())))
}

/// FoundationDB's code, or 0 if the error has none.
#[unsafe(no_mangle)]
pub extern "C" fn rs_error_fdb_code(error: *const rs_error) -> i32 {
    value_or(0, || Ok(handle::get::<Reported>(error)?.error.fdb_code().unwrap_or(0)))
}

/// Whether the transaction may be tried again, which `rs_run` does.
#[unsafe(no_mangle)]
pub extern "C" fn rs_error_retryable(error: *const rs_error) -> bool {
    value_or(false, || Ok(handle::get::<Reported>(error)?.error.is_retryable()))
}

/// Whether the commit may have happened nevertheless.
#[unsafe(no_mangle)]
pub extern "C" fn rs_error_maybe_committed(error: *const rs_error) -> bool {
    value_or(false, || Ok(handle::get::<Reported>(error)?.error.is_maybe_committed()))
}

/// How many facts the error has, such as the name of the index that it is about.
#[unsafe(no_mangle)]
pub extern "C" fn rs_error_fact_count(error: *const rs_error) -> usize {
    value_or(0, || Ok(handle::get::<Reported>(error)?.facts.len()))
}

/// The name of a fact, counted from 0, with a NUL at its end; it stays until the error is freed. NULL if there are not so many.
#[unsafe(no_mangle)]
pub extern "C" fn rs_error_fact_name(error: *const rs_error, at: usize) -> *const c_char {
    value_or(std::ptr::null(), || {
        let error = handle::get::<Reported>(error)?;
        Ok(error.facts.get(at).map_or(std::ptr::null(), |(name, _)| name.as_ptr()))
    })
}

/// The value of a fact, counted from 0, with a NUL at its end; it stays until the error is freed. NULL if there are not so many.
#[unsafe(no_mangle)]
pub extern "C" fn rs_error_fact_value(error: *const rs_error, at: usize) -> *const c_char {
    value_or(std::ptr::null(), || {
        let error = handle::get::<Reported>(error)?;
        Ok(error
            .facts
            .get(at)
            .map_or(std::ptr::null(), |(_, value)| value.as_ptr()))
    })
}

/// Frees an error. NULL is freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_error_free(error: *mut rs_error) -> rs_status {
    call_without_error(|| {
        handle::free::<Reported>(error)?;
        Ok(RS_OK)
    })
}
