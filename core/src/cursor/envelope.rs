//! [`Envelope`]: what is around the continuations of record spaces. It tells damaged bytes, and those of another scan, from
//! the right ones.
//!
//! | Bytes | Content |
//! |---|---|
//! | 1 | the form of the envelope: 1 |
//! | 4 | CRC-32C of all bytes behind, big-endian |
//! | any | a message `SpaceContinuation` |
//!
//! The checksum finds accidents, no forgery: whoever can scan a space may go on anywhere in it.

use prost::Message;
use record_store_kv::Bytes;

use super::{Continuation, Identity};
use crate::proto::SpaceContinuation;
use crate::{Error, ErrorKind, Result};

/// A continuation of a record space, whose bytes are as they were written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Envelope(SpaceContinuation);

/// To what the continuations of a scan of a record space belong.
#[derive(Clone)]
pub(crate) struct Seal {
    space: u32,
    scan: Identity,
    metadata_version: i32,
}

impl Envelope {
    /// Errors: `InvalidContinuation` for bytes that are damaged, and for those of another release.
    pub(crate) fn read(continuation: &Continuation) -> Result<Self> {
        let sealed = continuation.as_bytes();
        let damaged = || {
            invalid("the continuation is damaged, or is none of a record space: Java's go into Continuation::from_java")
                .with("bytes", sealed.len())
        };
        let (form, behind) = sealed.split_first().ok_or_else(damaged)?;
        let (checksum, message) = behind.split_first_chunk().ok_or_else(damaged)?;
        if u32::from_be_bytes(*checksum) != crc32c::crc32c(message) {
            return Err(damaged());
        }
        if *form != FORM {
            return Err(invalid(
                "the continuation is damaged, or was made by another release of this library: begin anew",
            )
            .with("form", form)
            .with("known_form", FORM));
        }
        SpaceContinuation::decode(message)
            .map(Envelope)
            .map_err(|error| damaged().caused_by(error))
    }

    /// The hash of the plan or the scan.
    pub(crate) fn plan_hash(&self) -> u32 {
        self.0.plan_hash()
    }

    /// The indexes of the plan.
    pub(crate) fn indexes(&self) -> &[String] {
        &self.0.indexes
    }

    /// Java's bytes.
    pub(super) fn into_inner(self) -> Bytes {
        self.0.inner.unwrap_or_default()
    }
}

impl Seal {
    /// Of a scan of the store with this prefix, by meta-data of this version.
    pub(crate) fn new(store_prefix: &[u8], scan: impl Into<Identity>, metadata_version: i32) -> Self {
        Seal {
            space: crc32c::crc32c(store_prefix),
            scan: scan.into(),
            metadata_version,
        }
    }

    /// The public form of a continuation of this scan.
    pub(crate) fn seal(&self, inner: Continuation) -> Continuation {
        let scan = self.scan.tell();
        let message = SpaceContinuation {
            space: Some(self.space),
            plan_hash: Some(scan.plan_hash),
            metadata_version: Some(self.metadata_version),
            indexes: scan.indexes,
            inner: Some(inner.into_bytes()),
        };
        let message = message.encode_to_vec();
        let checksum = crc32c::crc32c(&message).to_be_bytes();
        Continuation::from_bytes([&[FORM], &checksum[..], &message].concat())
    }

    /// The continuation within, for this scan.
    ///
    /// Errors: `InvalidContinuation` for another space or another scan, and for one that is older than what is scanned.
    pub(crate) fn open(&self, envelope: Envelope) -> Result<Continuation> {
        let sealed = &envelope.0;
        if sealed.space() != self.space {
            return Err(invalid(
                "the continuation belongs to another record space, or the space was made anew: begin anew",
            ));
        }
        let scan = self.scan.tell();
        if sealed.plan_hash() != scan.plan_hash {
            return Err(invalid(
                "the continuation belongs to another scan or query: give it to the one from which it came",
            )
            .with("plan_hash", sealed.plan_hash())
            .with("of_this_scan", scan.plan_hash));
        }
        if sealed.metadata_version() < scan.since {
            return Err(
                invalid("what is scanned was changed after the continuation was made: begin anew")
                    .with("metadata_version", sealed.metadata_version())
                    .with("changed_in", scan.since),
            );
        }
        Ok(Continuation::from_java(envelope.into_inner()))
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidContinuation, message)
}

const FORM: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::ScanIdentity;

    fn seal(prefix: &[u8], plan_hash: u32, since: i32, metadata_version: i32) -> Seal {
        let scan = ScanIdentity {
            plan_hash,
            since,
            indexes: vec!["by_age".to_owned()],
        };
        Seal::new(prefix, scan, metadata_version)
    }

    fn inner() -> Continuation {
        Continuation::from_java(&b"inner"[..])
    }

    fn open(seal: &Seal, sealed: &Continuation) -> Result<Continuation> {
        seal.open(Envelope::read(sealed)?)
    }

    #[test]
    fn what_was_sealed_is_opened() {
        let scan = seal(b"users", 5, 3, 7);
        let sealed = scan.seal(inner());
        let bytes = sealed.as_bytes();
        assert_eq!(bytes[0], 1);
        assert_eq!(bytes[1..5], crc32c::crc32c(&bytes[5..]).to_be_bytes());
        // The CRC-32C of "users", the plan hash, the version; then a name and the inner bytes.
        assert_eq!(bytes[5..17], [0x0D, 0x52, 0x64, 0x52, 0x2E, 0x15, 5, 0, 0, 0, 0x18, 7]);
        assert_eq!(bytes[17..], *b"\x22\x06by_age\x2A\x05inner");

        assert_eq!(open(&scan, &sealed).unwrap(), inner());
        assert_eq!(open(&seal(b"users", 5, 7, 9), &sealed).unwrap(), inner());
        assert_eq!(sealed.java_bytes().unwrap(), "inner");
        assert_eq!(Envelope::read(&sealed).unwrap().indexes(), ["by_age"]);
    }

    #[test]
    fn what_belongs_elsewhere_is_named() {
        let sealed = seal(b"users", 5, 3, 7).seal(inner());
        for (scan, message) in [
            (seal(b"orders", 5, 3, 7), "another record space"),
            (seal(b"users", 6, 3, 7), "another scan"),
            (seal(b"users", 5, 8, 8), "was changed after"),
        ] {
            let error = open(&scan, &sealed).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidContinuation);
            assert!(error.message().contains(message), "{error}");
        }
    }

    #[test]
    fn every_damage_is_found() {
        let scan = seal(b"users", 5, 3, 7);
        let sealed = scan.seal(inner()).as_bytes().to_vec();
        let read = |bytes: &[u8]| Envelope::read(&Continuation::from_bytes(bytes.to_vec()));
        for length in 0..sealed.len() {
            assert!(read(&sealed[..length]).is_err(), "cut to {length}");
        }
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let error = read(&damaged).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidContinuation);
            assert!(error.message().contains("damaged"), "bit {bit}: {error}");
        }
    }
}
