//! [`Seal`]: the envelope of public continuations. It tells damaged bytes, and those of another scan, from the right ones.
//!
//! | Bytes | Content |
//! |---|---|
//! | 1 | the form of the envelope: 1 |
//! | 4 | the record space: CRC-32C of the prefix of its store |
//! | 4 | the scan or plan: its hash |
//! | 4 | the version of the meta-data with which the scan was made |
//! | any | the continuation within, in Java's form |
//! | 4 | CRC-32C of all that stands before |
//!
//! Numbers are big-endian. The checksum finds accidents, no forgery: whoever can scan a space may go on anywhere in it.

use record_store_kv::Bytes;

use super::{Continuation, ScanIdentity};
use crate::{Error, ErrorKind, Result};

/// To what a public continuation belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seal {
    space: u32,
    scan: ScanIdentity,
    metadata_version: i32,
}

impl Seal {
    /// Of a scan of the store with this prefix, by meta-data of this version.
    pub(crate) fn new(store_prefix: &[u8], scan: ScanIdentity, metadata_version: i32) -> Self {
        Seal {
            space: crc32c::crc32c(store_prefix),
            scan,
            metadata_version,
        }
    }

    /// The public form of a continuation of this scan.
    pub(crate) fn seal(&self, inner: &[u8]) -> Continuation {
        let mut bytes = Vec::with_capacity(HEAD + inner.len() + CHECKSUM);
        bytes.push(FORM);
        bytes.extend_from_slice(&self.space.to_be_bytes());
        bytes.extend_from_slice(&self.scan.plan_hash.to_be_bytes());
        bytes.extend_from_slice(&self.metadata_version.to_be_bytes());
        bytes.extend_from_slice(inner);
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_be_bytes());
        Continuation::from_bytes(bytes)
    }

    /// The continuation within a public one of this scan.
    ///
    /// Errors: `InvalidContinuation` for damaged bytes, another space, another scan, and one that is older than what is scanned.
    pub(crate) fn open(&self, sealed: &[u8]) -> Result<Bytes> {
        let opened = Opened::read(sealed)?;
        if opened.space != self.space {
            return Err(invalid(
                "the continuation belongs to another record space, or the space was made anew: start the scan again",
            ));
        }
        if opened.plan_hash != self.scan.plan_hash {
            return Err(invalid(
                "the continuation belongs to another scan or query: give it to the one from which it came",
            )
            .with("plan_hash", opened.plan_hash)
            .with("of_this_scan", self.scan.plan_hash));
        }
        if opened.metadata_version < self.scan.since {
            return Err(
                invalid("what is scanned was changed after the continuation was made: start the scan again")
                    .with("metadata_version", opened.metadata_version)
                    .with("changed_in", self.scan.since),
            );
        }
        Ok(Bytes::copy_from_slice(opened.inner))
    }
}

/// The parts of an envelope whose bytes are as they were written.
pub(super) struct Opened<'a> {
    space: u32,
    plan_hash: i32,
    metadata_version: i32,
    pub(super) inner: &'a [u8],
}

impl<'a> Opened<'a> {
    /// Errors: `InvalidContinuation`.
    pub(super) fn read(sealed: &'a [u8]) -> Result<Self> {
        let damaged = || {
            invalid("the continuation is damaged, or is none of a record space: Java's go into Continuation::from_java")
                .with("bytes", sealed.len())
        };
        let (body, checksum) = sealed.split_last_chunk::<CHECKSUM>().ok_or_else(damaged)?;
        if u32::from_be_bytes(*checksum) != crc32c::crc32c(body) {
            return Err(damaged());
        }
        let (form, body) = body.split_first().ok_or_else(damaged)?;
        if *form != FORM {
            return Err(
                invalid("the continuation was made by another release of this library: start the scan again")
                    .with("form", form)
                    .with("known_form", FORM),
            );
        }
        let (space, body) = body.split_first_chunk().ok_or_else(damaged)?;
        let (plan_hash, body) = body.split_first_chunk().ok_or_else(damaged)?;
        let (metadata_version, inner) = body.split_first_chunk().ok_or_else(damaged)?;
        Ok(Opened {
            space: u32::from_be_bytes(*space),
            plan_hash: i32::from_be_bytes(*plan_hash),
            metadata_version: i32::from_be_bytes(*metadata_version),
            inner,
        })
    }
}

fn invalid(message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidContinuation, message)
}

const FORM: u8 = 1;
const HEAD: usize = 13;
const CHECKSUM: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(prefix: &[u8], plan_hash: i32, since: i32, metadata_version: i32) -> Seal {
        Seal::new(prefix, ScanIdentity { plan_hash, since }, metadata_version)
    }

    #[test]
    fn what_was_sealed_is_opened() {
        let scan = seal(b"users", -5, 3, 7);
        let sealed = scan.seal(b"inner");
        assert_eq!(sealed.as_bytes().len(), HEAD + 5 + CHECKSUM);
        assert_eq!(
            sealed.as_bytes()[..HEAD],
            [1, 0x2E, 0x52, 0x64, 0x52, 255, 255, 255, 251, 0, 0, 0, 7]
        );
        assert_eq!(scan.open(sealed.as_bytes()).unwrap(), "inner");
        assert_eq!(sealed.java_bytes().unwrap(), "inner");
        assert_eq!(seal(b"users", -5, 7, 9).open(sealed.as_bytes()).unwrap(), "inner");
        assert_eq!(scan.open(scan.seal(b"").as_bytes()).unwrap(), "");
    }

    #[test]
    fn what_belongs_elsewhere_is_named() {
        let sealed = seal(b"users", 5, 3, 7).seal(b"inner");
        for (scan, message) in [
            (seal(b"orders", 5, 3, 7), "another record space"),
            (seal(b"users", 6, 3, 7), "another scan"),
            (seal(b"users", 5, 8, 8), "was changed after"),
        ] {
            let error = scan.open(sealed.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidContinuation);
            assert!(error.message().contains(message), "{error}");
        }
    }

    #[test]
    fn every_damage_is_found() {
        let scan = seal(b"users", 5, 3, 7);
        let sealed = scan.seal(b"inner").as_bytes().to_vec();
        for length in 0..sealed.len() {
            assert!(scan.open(&sealed[..length]).is_err(), "cut to {length}");
        }
        for bit in 0..sealed.len() * 8 {
            let mut damaged = sealed.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let error = scan.open(&damaged).unwrap_err();
            assert!(error.message().contains("damaged"), "bit {bit}: {error}");
        }
        let mut newer = sealed;
        newer[0] = 2;
        newer.truncate(newer.len() - CHECKSUM);
        newer.extend_from_slice(&crc32c::crc32c(&newer).to_be_bytes());
        assert!(scan.open(&newer).unwrap_err().message().contains("another release"));
    }
}
