//! What can go wrong in the record layer: one opaque error, and one table of its kinds.
//!
//! The table is the only place that names a kind: every language's spelling is generated from [`ErrorKind::ALL`]. What went
//! wrong is a static sentence; the facts (which index, which field, which key) are context. Record contents never are.

use std::fmt;

use record_store_kv as kv;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed: a stable [kind](ErrorKind), FoundationDB's code where there is one, the facts, the cause.
///
/// ```
/// use record_store::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::MetaData, "the index is not defined").with("index", "by_name");
/// assert_eq!(error.to_string(), "the index is not defined; index: by_name");
/// assert_eq!(error.kind().name(), "MetaData");
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    fdb_code: Option<i32>,
    message: &'static str,
    context: Vec<(&'static str, String)>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

macro_rules! error_kinds {
    ($($number:literal $name:ident: $action:literal,)*) => {
        /// What a caller can do about an [`Error`]. A kind exists only where a caller would act differently.
        ///
        /// Names and numbers are stable: every language spells them alike, C as numbers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $(#[doc = $action] $name,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of their numbers.
            pub const ALL: &[ErrorKind] = &[$(ErrorKind::$name),*];

            /// The kind's stable number, from 1.
            pub const fn number(self) -> u16 {
                match self {
                    $(ErrorKind::$name => $number,)*
                }
            }

            /// The kind's stable name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(ErrorKind::$name => stringify!($name),)*
                }
            }

            /// What happened and what to do about it, in a sentence or two.
            pub const fn action(self) -> &'static str {
                match self {
                    $(ErrorKind::$name => $action,)*
                }
            }
        }
    };
}

// A number that was published belongs to its kind for ever.
error_kinds! {
    1 Fdb: "FoundationDB's judgement, named by its code: `Database::run` tries again where that helps.",
    2 InvalidArgument: "An argument that can never work: mend the call.",
    3 Unsupported: "This database, index or store cannot do what was asked: use another way.",
    4 Io: "The operating system failed a read, a write or a sync. Nothing acknowledged is lost: open the database again.",
    5 Corrupt: "Stored bytes are not what was written. Nothing is served from them: restore or repair them.",
    6 Locked: "Another process does not hand the database over in time: wait for it or close it there.",
    7 NotADatabase: "The directory exists and is no database of ours: choose another path.",
    8 NewerFormat: "The data was written by a newer release: upgrade this program.",
    9 Directory: "A directory exists already, or does not exist, or has another layer: choose another path.",
    10 Schema: "The schema does not compile: mend the .proto text or the descriptors at the place that the error names.",
    11 MetaData: "The meta-data breaks a rule (types, keys, indexes): mend the definition that the error names.",
    12 InvalidExpression: "A key expression does not fit its message type: mend the expression or the field.",
    13 MetaDataEvolution: "The new meta-data would make stored data unreadable: keep what the error names, or allow the change.",
    14 StaleMetaData: "The store was last used with newer meta-data: load the schema again.",
    15 StaleUserVersion: "The store was last used by a newer version of the application: upgrade it.",
    16 StoreNotFound: "There is no record store or record space here: create it, or mend the path.",
    17 StoreAlreadyExists: "There is a record store or other data here already: open it, or choose another path.",
    18 StoreLocked: "The record store is locked against this use: unlock it, or name the reason of the lock.",
    19 RecordAlreadyExists: "A record with this primary key exists: update it, or choose another key.",
    20 RecordNotFound: "There is no record with this primary key: insert it, or mend the key.",
    21 RecordTypeChanged: "The stored record with this primary key is of another type: delete it first.",
    22 UniquenessViolation: "Another record has this value in a unique index: choose another value.",
    23 InvalidRecord: "The record does not fit its type (bytes, required fields, key columns): mend the record.",
    24 TooLarge: "A key, a value or a record is larger than its limit: shorten it, or let the store split long records.",
    25 IndexNotReadable: "The index is not built, or is disabled: build it, or read without it.",
    26 InvalidContinuation: "The continuation is damaged or belongs to another scan: start that scan again.",
    27 ScanLimitReached: "A limit on rows, bytes or time stopped the scan where it must not stop: raise the limit.",
    28 InvalidQuery: "The query names what the schema does not have, or compares what does not compare: mend the query.",
    29 IndexBuild: "Another build of this index is under way, or it was stopped: wait for it, or resume it.",
    30 Internal: "A promise of this library is broken: report it with the error's text.",
}

impl Error {
    /// An error of `kind` with a static message; facts go into [`Error::with`].
    pub fn new(kind: ErrorKind, message: &'static str) -> Self {
        Error(Box::new(Inner {
            kind,
            fdb_code: None,
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

    /// The kind, to act upon.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// FoundationDB's code, if there is one. No layer loses it.
    pub fn fdb_code(&self) -> Option<i32> {
        self.0.fdb_code
    }

    /// The static message, without the facts.
    pub fn message(&self) -> &'static str {
        self.0.message
    }

    /// The facts, in the order in which they were added.
    pub fn context(&self) -> &[(&'static str, String)] {
        &self.0.context
    }

    /// The fact of this name, if the error has it.
    pub fn fact(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.context.iter().find(|(known, _)| *known == name)?;
        Some(value)
    }

    /// FoundationDB's predicate `retryable`: the transaction may be tried again.
    pub fn is_retryable(&self) -> bool {
        self.0.fdb_code.is_some_and(kv::fdb_code::is_retryable)
    }

    /// FoundationDB's predicate `maybe_committed`: the commit may have happened nevertheless.
    pub fn is_maybe_committed(&self) -> bool {
        self.0.fdb_code.is_some_and(kv::fdb_code::is_maybe_committed)
    }

    /// FoundationDB's predicate `retryable_not_committed`: it may be tried again and certainly did not happen.
    pub fn is_retryable_not_committed(&self) -> bool {
        self.0.fdb_code.is_some_and(kv::fdb_code::is_retryable_not_committed)
    }
}

impl From<kv::Error> for Error {
    /// The kind's namesake here, or [`ErrorKind::Internal`] for a kind that this release does not know. The code stays, and
    /// the whole error is the cause.
    fn from(error: kv::Error) -> Self {
        let kind = match error.kind() {
            kv::ErrorKind::Fdb => ErrorKind::Fdb,
            kv::ErrorKind::InvalidArgument => ErrorKind::InvalidArgument,
            kv::ErrorKind::Io => ErrorKind::Io,
            kv::ErrorKind::Corrupt => ErrorKind::Corrupt,
            kv::ErrorKind::Locked => ErrorKind::Locked,
            kv::ErrorKind::NotADatabase => ErrorKind::NotADatabase,
            kv::ErrorKind::NewerFormat => ErrorKind::NewerFormat,
            kv::ErrorKind::Directory => ErrorKind::Directory,
            kv::ErrorKind::Unsupported => ErrorKind::Unsupported,
            _ => ErrorKind::Internal,
        };
        Error(Box::new(Inner {
            kind,
            fdb_code: error.fdb_code(),
            message: error.message(),
            context: error.context().to_vec(),
            source: Some(Box::new(error)),
        }))
    }
}

impl kv::RunError for Error {
    fn fdb_code(&self) -> Option<i32> {
        Error::fdb_code(self)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.0.fdb_code.filter(|_| self.0.kind == ErrorKind::Fdb);
        kv::write_error(f, code, self.0.message, &self.0.context)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("fdb_code", &self.0.fdb_code)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_numbers_kinds_from_one_without_gaps() {
        let numbers: Vec<u16> = ErrorKind::ALL.iter().map(|kind| kind.number()).collect();
        let expected: Vec<u16> = (1..=30).collect();
        assert_eq!(numbers, expected);
    }

    #[test]
    fn a_code_of_foundationdb_survives_with_its_judgement() {
        let error = Error::from(kv::Error::fdb(kv::fdb_code::NOT_COMMITTED).with("key", "k"));
        assert_eq!((error.kind(), error.fdb_code()), (ErrorKind::Fdb, Some(1020)));
        assert!(error.is_retryable() && error.is_retryable_not_committed() && !error.is_maybe_committed());
        assert_eq!(error.fact("key"), Some("k"));
        assert_eq!(
            error.to_string(),
            "not_committed (1020): transaction not committed due to conflict with another transaction; key: k"
        );
    }

    #[test]
    fn a_kind_of_storage_keeps_its_name() {
        let error = Error::from(kv::Error::new(kv::ErrorKind::Locked, "held elsewhere"));
        assert_eq!((error.kind(), error.fdb_code()), (ErrorKind::Locked, None));
        assert!(!error.is_retryable());
    }
}
