//! The core's errors on their way to JavaScript, where `node/lib/error.js` makes a `RecordStoreError` of each.

use napi_derive::napi;
use record_store::{Error, ErrorKind, RunError};

/// Why a call failed. Promises of the addon give it as a value: an error that JavaScript makes has JavaScript's stack.
#[napi]
#[derive(Debug)]
pub struct Failure {
    /// The stable name of the kind.
    #[napi(readonly)]
    pub code: String,
    /// What happened, for people.
    #[napi(readonly)]
    pub message: String,
    /// FoundationDB's code, if there is one.
    #[napi(readonly)]
    pub fdb_code: Option<i32>,
    /// Whether the transaction may be tried again.
    #[napi(readonly)]
    pub retryable: bool,
    /// Whether the commit may have happened nevertheless.
    #[napi(readonly)]
    pub maybe_committed: bool,
    /// The facts: names and values.
    #[napi(readonly)]
    pub context: Vec<Vec<String>>,
    /// What the causes say, the nearest first.
    #[napi(readonly)]
    pub causes: Vec<String>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
        let causes: Vec<String> = causes.map(ToString::to_string).collect();
        let facts = error.context().iter();
        Failure {
            code: error.kind().name().to_owned(),
            message: text(&error, causes.last()),
            fdb_code: error.fdb_code(),
            retryable: error.is_retryable(),
            maybe_committed: error.is_maybe_committed(),
            context: facts
                .map(|(name, value)| vec![(*name).to_owned(), value.clone()])
                .collect(),
            causes,
        }
    }
}

/// What the error says, and in the end its root cause (the operating system's words) if it does not say that itself.
fn text(error: &Error, root_cause: Option<&String>) -> String {
    let text = error.to_string();
    match root_cause {
        Some(cause) if !text.contains(cause) && !cause.contains(error.message()) => format!("{text} ({cause})"),
        _ => text,
    }
}

/// The names of all kinds of errors.
#[napi]
pub fn error_kinds() -> Vec<&'static str> {
    ErrorKind::ALL.iter().map(|kind| kind.name()).collect()
}

/// How an attempt of `Database.run` failed.
pub(crate) enum Thrown {
    /// By the core.
    Core(Error),
    /// By the body, in JavaScript, which keeps what was thrown; FoundationDB's code, if it has one, decides what follows.
    Body(Option<i32>),
}

impl From<Error> for Thrown {
    fn from(error: Error) -> Self {
        Thrown::Core(error)
    }
}

impl RunError for Thrown {
    fn fdb_code(&self) -> Option<i32> {
        match self {
            Thrown::Core(error) => error.fdb_code(),
            Thrown::Body(code) => *code,
        }
    }
}
