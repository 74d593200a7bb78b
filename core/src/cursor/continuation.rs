//! [`Continuation`]: where a scan stopped, so that another one goes on there.
//!
//! Those of a record store are Java's, so that either side resumes what the other began. Those of a record space have an
//! envelope around them. Nobody else looks into either.

use std::fmt;
use std::hash::{Hash, Hasher};

use prost::Message;
use record_store_kv::Bytes;

use super::envelope::Envelope;
use crate::proto::{DedupContinuation, KeyValueCursorContinuation};
use crate::{Error, ErrorKind, Result};

/// Where a scan stopped. It is opaque: keep the bytes and give them to the same scan again.
///
/// A scan that came to its end has none; ask why it stopped before resuming.
///
/// Those of a [`RecordSpace`](crate::RecordSpace) know to which scan of which space they belong, and whether their bytes are
/// as they were; a wrong one is an error of the kind [`InvalidContinuation`](crate::ErrorKind::InvalidContinuation). Those of
/// a [`RecordStore`](crate::RecordStore) are Java's bytes and nothing else.
///
/// ```
/// use record_store::Continuation;
/// let kept: Vec<u8> = Continuation::from_bytes(vec![0x15, 0x2a, 0x14]).as_bytes().to_vec();
/// assert_eq!(kept, [0x15, 0x2a, 0x14]);
/// ```
#[derive(Clone)]
pub struct Continuation {
    bytes: Bytes,
    /// Whether the bytes are Java's, whoever is asked to go on with them.
    java: bool,
}

impl Continuation {
    /// A continuation from kept bytes. Whether they fit a scan shows when it resumes.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Self {
        Continuation {
            bytes: bytes.into(),
            java: false,
        }
    }

    /// A continuation from a cursor of Java's layer, or of a record store, to go on with in a record space. Nothing tells
    /// whether it belongs to the scan, unless it lies outside its range.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Continuation, Database, Record, ScanOptions, Schema};
    /// # let schema = Schema::builder()
    /// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; }")
    /// #     .record_type("User", |t| t.primary_key("id"))
    /// #     .build()?;
    /// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
    /// # users.put_all((1..=5).map(|id| Record::from_json("User", format!(r#"{{"id": {id}}}"#)))).await?;
    /// let mut page = users.scan(ScanOptions::default().limit(3));
    /// page.next_batch(3).await?;
    /// let for_java = page.continuation().expect("two records follow").java_bytes()?;
    ///
    /// let mut rest = users.scan(ScanOptions::default().continuation(Some(Continuation::from_java(for_java))));
    /// assert_eq!(rest.next_batch(100).await?.len(), 2);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn from_java(bytes: impl Into<Bytes>) -> Self {
        Continuation {
            bytes: bytes.into(),
            java: true,
        }
    }

    /// The bytes to keep.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes within a continuation of a record space, which Java's layer goes on with in the same scan.
    ///
    /// **Errors**: [`InvalidContinuation`](crate::ErrorKind::InvalidContinuation) for damaged bytes.
    pub fn java_bytes(&self) -> Result<Bytes> {
        match self.java {
            true => Ok(self.bytes.clone()),
            false => Ok(Envelope::read(self)?.into_inner()),
        }
    }

    /// As [`Continuation::java_bytes`], in the form that Java has read and written before its release 4.8.1: the key alone. Those
    /// releases take the newer form for a key, too, and end the scan there without an error.
    ///
    /// ```
    /// use record_store::Continuation;
    ///
    /// let newer = Continuation::from_java(vec![
    ///     0x0a, 0x02, 0x15, 0x2a, 0x11,
    ///     0xac, 0xcd, 0x73, 0x98, 0xdd, 0x42, 0x00, 0x5e,
    /// ]);
    /// assert_eq!(newer.java_key_bytes()?.to_vec(), [0x15, 0x2a]);
    /// # Ok::<(), record_store::Error>(())
    /// ```
    ///
    /// **Errors**: `InvalidContinuation` for damaged bytes; `Unsupported` for plans of several scans, whose continuations have
    /// positions within.
    pub fn java_key_bytes(&self) -> Result<Bytes> {
        match KeyValueCursorContinuation::decode(self.java_bytes()?) {
            Ok(message) if message.magic_number == Some(KEY_VALUE_MAGIC) => {
                Ok(message.inner_continuation.unwrap_or_default())
            }
            _ => Err(Error::new(
                ErrorKind::Unsupported,
                "only the continuation of a single scan of keys has the form that Java knew before 4.8.1",
            )),
        }
    }

    /// Whether the bytes are known to be Java's.
    pub(crate) fn is_java(&self) -> bool {
        self.java
    }

    pub(super) fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// The continuation of a scan of keys: the part of the last key that the range does not tell.
    pub(crate) fn of_key(inner: Bytes) -> Self {
        let message = KeyValueCursorContinuation {
            inner_continuation: Some(inner),
            magic_number: Some(KEY_VALUE_MAGIC),
        };
        Continuation::from_java(message.encode_to_vec())
    }

    /// The part of the last key. Bytes that are not the message with the magic number are taken whole: the form before 4.8.1.
    pub(crate) fn key(&self) -> Bytes {
        match KeyValueCursorContinuation::decode(self.bytes.clone()) {
            Ok(message) if message.magic_number == Some(KEY_VALUE_MAGIC) => {
                message.inner_continuation.unwrap_or_default()
            }
            _ => self.bytes.clone(),
        }
    }

    /// The continuation of a scan that leaves out what it has returned already: that of what it scans, and the last result.
    pub(crate) fn of_deduplicated(inner: &Continuation, last_value: Option<Vec<u8>>) -> Self {
        let message = DedupContinuation {
            inner_continuation: inner.bytes.clone(),
            last_value: last_value.map(Bytes::from),
        };
        Continuation::from_java(message.encode_to_vec())
    }

    /// The continuation of what is scanned, and the last result.
    ///
    /// Errors: `InvalidContinuation` for bytes that are no such continuation.
    pub(crate) fn deduplicated(&self) -> Result<(Continuation, Option<Bytes>)> {
        match DedupContinuation::decode(self.bytes.clone()) {
            Ok(message) if !message.inner_continuation.is_empty() => {
                Ok((Continuation::from_java(message.inner_continuation), message.last_value))
            }
            _ => Err(Error::new(
                ErrorKind::InvalidContinuation,
                "these bytes are no continuation of a scan of record keys: give it one that came from such a scan",
            )
            .with("length", self.bytes.len())),
        }
    }
}

impl PartialEq for Continuation {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Continuation {}

impl Hash for Continuation {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl fmt::Debug for Continuation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Continuation({} bytes)", self.bytes.len())
    }
}

/// Java's mark of the newer form: none of its bytes can follow each other in a packed tuple.
const KEY_VALUE_MAGIC: i64 = 6_773_487_359_078_157_740;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_the_newer_is_written() {
        let inner = Bytes::from_static(&[0x15, 0x2a, 0x14]);
        let newer = Continuation::of_key(inner.clone());
        assert_eq!(
            newer.as_bytes(),
            [
                0x0a, 3, 0x15, 0x2a, 0x14, 0x11, 0xac, 0xcd, 0x73, 0x98, 0xdd, 0x42, 0, 0x5e
            ]
        );
        assert_eq!(newer.key(), inner);
        assert_eq!(Continuation::from_bytes(inner.clone()).key(), inner);
    }

    #[test]
    fn an_empty_key_is_written_as_present() {
        let empty = Continuation::of_key(Bytes::new());
        assert_eq!(&empty.as_bytes()[..3], [0x0a, 0, 0x11]);
        assert!(empty.key().is_empty());
    }

    #[test]
    fn another_magic_number_means_the_older_form() {
        let other = KeyValueCursorContinuation {
            inner_continuation: Some(Bytes::from_static(b"x")),
            magic_number: Some(1),
        };
        let bytes = other.encode_to_vec();
        assert_eq!(Continuation::from_bytes(bytes.clone()).key(), bytes);
    }
}
