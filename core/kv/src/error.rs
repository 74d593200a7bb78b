//! What can go wrong below the record layer: FoundationDB's own codes, and the few failures that only an embedded
//! engine knows (a damaged file, a directory held by another process).
//!
//! A FoundationDB code is never lost on the way up: [`Error::fdb_code`] answers on every layer.

use std::fmt;

use crate::fdb_code;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed: a stable [kind](ErrorKind), FoundationDB's code where there is one, the facts, the cause.
///
/// ```
/// use record_store_kv::{Error, fdb_code};
/// let error = Error::fdb(fdb_code::NOT_COMMITTED);
/// assert!(error.is_retryable());
/// assert_eq!(error.to_string(), "not_committed (1020): transaction not committed due to conflict with another transaction");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    code: Option<i32>,
    message: &'static str,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What a caller can do about an [`Error`]. A kind exists only where a caller would act differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// FoundationDB's judgement, named by its code: retry where [`Error::is_retryable`] says so.
    Fdb,
    /// An argument that can never work (a malformed tuple, a path that is no path): mend the call.
    InvalidArgument,
    /// The operating system failed a read, a write or a sync. Nothing acknowledged is lost; the database must be
    /// opened again.
    Io,
    /// Stored bytes are not what was written (checksum, structure). Nothing is served from them.
    Corrupt,
    /// Another process holds the database: wait for it or close it there.
    Locked,
    /// The directory exists and is no database of ours: choose another path.
    NotADatabase,
    /// The database was written by a newer release: upgrade this program.
    NewerFormat,
    /// A directory of the directory layer exists already, or does not exist, or has another layer.
    Directory,
    /// The database cannot do this (for example a feature that only a cluster has).
    Unsupported,
}

impl Error {
    /// The error that FoundationDB calls by this code.
    pub fn fdb(code: i32) -> Self {
        Error(Box::new(Inner {
            kind: ErrorKind::Fdb,
            code: Some(code),
            message: fdb_code::description(code),
            context: Vec::new(),
            source: None,
        }))
    }

    /// An error of `kind` with a static message; facts go into [`Error::with`].
    pub fn new(kind: ErrorKind, message: &'static str) -> Self {
        Error(Box::new(Inner {
            kind,
            code: None,
            message,
            context: Vec::new(),
            source: None,
        }))
    }

    /// Adds a fact: the name of a thing and its value.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.0.context.push((name, value.to_string()));
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Gives the error FoundationDB's code beside its own kind.
    #[must_use]
    pub fn with_fdb_code(mut self, code: i32) -> Self {
        self.0.code = Some(code);
        self
    }

    /// The kind, to act upon.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// FoundationDB's code, if there is one.
    pub fn fdb_code(&self) -> Option<i32> {
        self.0.code
    }

    /// The static message, without the facts.
    pub fn message(&self) -> &'static str {
        self.0.message
    }

    /// The facts, in the order in which they were added.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// FoundationDB's predicate `retryable`: the transaction may be tried again.
    pub fn is_retryable(&self) -> bool {
        self.0.code.is_some_and(fdb_code::is_retryable)
    }

    /// FoundationDB's predicate `maybe_committed`: the commit may have happened nevertheless.
    pub fn is_maybe_committed(&self) -> bool {
        self.0.code.is_some_and(fdb_code::is_maybe_committed)
    }

    /// FoundationDB's predicate `retryable_not_committed`: it may be tried again and certainly did not happen.
    pub fn is_retryable_not_committed(&self) -> bool {
        self.0.code.is_some_and(fdb_code::is_retryable_not_committed)
    }

    /// Says the same once more, for example to each transaction of a failed group. The cause becomes text.
    pub fn repeat(&self) -> Self {
        Error(Box::new(Inner {
            kind: self.0.kind,
            code: self.0.code,
            message: self.0.message,
            context: self.0.context.clone(),
            source: self.0.source.as_ref().map(|source| source.to_string().into()),
        }))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::new(ErrorKind::Io, "the operating system refused").caused_by(error)
    }
}

/// Writes an error as those of all layers look: FoundationDB's code with its name if it is FoundationDB's error, the message,
/// and the facts.
///
/// **Errors**: the formatter's.
pub fn write_error(
    f: &mut fmt::Formatter<'_>,
    code: Option<i32>,
    message: &str,
    facts: &[(&'static str, String)],
) -> fmt::Result {
    if let Some(code) = code {
        write!(f, "{} ({code}): ", fdb_code::name(code))?;
    }
    f.write_str(message)?;
    for (i, (name, value)) in facts.iter().enumerate() {
        write!(f, "{} {name}: {value}", if i == 0 { ";" } else { "," })?;
    }
    Ok(())
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.0.code.filter(|_| self.0.kind == ErrorKind::Fdb);
        write_error(f, code, self.0.message, &self.0.context)?;
        if let Some(source) = &self.0.source {
            write!(f, " ({source})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("code", &self.0.code)
            .field("message", &self.0.message)
            .field("context", &self.0.context)
            .field("source", &self.0.source)
            .finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
