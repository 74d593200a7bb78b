//! [`Subspace`]: the keys that share a prefix, named by tuples behind it.

use std::fmt;

use bytes::Bytes;

use crate::tuple::{Element, Encoder, Tuple};
use crate::{Error, ErrorKind, RangeRequest, Result};

/// A prefix, and the tuples behind it. Clones share the bytes. Java: `Subspace`.
///
/// ```
/// use record_store_kv::Subspace;
/// use record_store_kv::tuple::Tuple;
/// let users = Subspace::from(("users",));
/// let key = users.pack(&Tuple::from((7, "name")));
/// assert!(users.contains(&key));
/// assert_eq!(users.unpack(&key)?, Tuple::from((7, "name")));
/// assert_eq!(users.sub(7).pack(&Tuple::from(("name",))), key);
/// # Ok::<(), record_store_kv::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subspace {
    prefix: Bytes,
}

impl Subspace {
    /// The keys that begin with `prefix`, raw bytes.
    pub fn new(prefix: impl Into<Bytes>) -> Self {
        Subspace { prefix: prefix.into() }
    }

    /// The prefix.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The subspace of the keys whose tuple begins with `element`. Java: `get`.
    #[must_use]
    pub fn sub(&self, element: impl Into<Element>) -> Self {
        let mut prefix = self.prefix.to_vec();
        Encoder::new(&mut prefix).element(&element.into());
        Subspace::new(prefix)
    }

    /// The subspace of the keys whose tuple begins with `tuple`. Java: `subspace`.
    #[must_use]
    pub fn subspace(&self, tuple: &Tuple) -> Self {
        Subspace::new(self.pack(tuple))
    }

    /// The key of `tuple`. As [`Tuple::pack`].
    pub fn pack(&self, tuple: &Tuple) -> Vec<u8> {
        let mut key = self.prefix.to_vec();
        tuple.pack_into(&mut key);
        key
    }

    /// The key of `tuple` with the place of its incomplete versionstamp, the prefix counted.
    ///
    /// **Errors**: as [`Tuple::pack_with_versionstamp`].
    pub fn pack_with_versionstamp(&self, tuple: &Tuple) -> Result<Vec<u8>> {
        tuple.pack_with_versionstamp(&self.prefix)
    }

    /// The tuple of `key`.
    ///
    /// **Errors**: `InvalidArgument` if the key is of another subspace or is no tuple behind the prefix.
    pub fn unpack(&self, key: &[u8]) -> Result<Tuple> {
        Tuple::unpack(self.strip(key)?)
    }

    /// The bytes of `key` behind the prefix.
    ///
    /// **Errors**: `InvalidArgument` if the key is of another subspace.
    pub fn strip<'k>(&self, key: &'k [u8]) -> Result<&'k [u8]> {
        key.strip_prefix(&*self.prefix).ok_or_else(|| {
            Error::new(ErrorKind::InvalidArgument, "the key is of another subspace")
                .with("key", key.escape_ascii())
                .with("subspace", self)
        })
    }

    /// Whether `key` begins with the prefix.
    pub fn contains(&self, key: &[u8]) -> bool {
        key.starts_with(&self.prefix)
    }

    /// The keys with at least one element behind the prefix: `[prefix 00, prefix FF)`. The prefix itself is no part of
    /// it, nor are raw bytes that begin with `FF`.
    pub fn range(&self) -> KeyRange {
        KeyRange {
            begin: [&self.prefix, &[0x00][..]].concat().into(),
            end: [&self.prefix, &[0xFF][..]].concat().into(),
        }
    }

    /// The keys that begin with the prefix, the prefix itself included: `[prefix, strinc(prefix))`.
    pub fn prefix_range(&self) -> KeyRange {
        KeyRange::starting_with(&self.prefix)
    }
}

impl From<Tuple> for Subspace {
    fn from(tuple: Tuple) -> Self {
        Subspace::new(tuple.pack())
    }
}

macro_rules! from_rust_tuples {
    ($($($name:ident)+;)*) => {$(
        impl<$($name: Into<Element>),+> From<($($name,)+)> for Subspace {
            fn from(elements: ($($name,)+)) -> Self {
                Subspace::from(Tuple::from(elements))
            }
        }
    )*};
}

from_rust_tuples! {
    A;
    A B;
    A B C;
    A B C D;
}

impl fmt::Display for Subspace {
    /// The prefix as a tuple where it is one, else as bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Tuple::unpack(&self.prefix) {
            Ok(tuple) => tuple.fmt(f),
            Err(_) => write!(f, "b\"{}\"", self.prefix.escape_ascii()),
        }
    }
}

impl fmt::Debug for Subspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Subspace({self})")
    }
}

/// The keys from `begin` (inclusive) to `end` (exclusive).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KeyRange {
    /// The first key of the range.
    pub begin: Bytes,
    /// The key after the range.
    pub end: Bytes,
}

impl KeyRange {
    /// The keys that begin with `prefix`. Java: `Range.startsWith`.
    pub fn starting_with(prefix: &[u8]) -> Self {
        // A prefix of nothing but FF has no successor; prefix FF is the end of its part of the key space: FF for the
        // user's keys (the empty prefix), FF FF for the system's.
        let end = strinc(prefix).unwrap_or_else(|| [prefix, &[0xFF]].concat());
        KeyRange {
            begin: Bytes::copy_from_slice(prefix),
            end: end.into(),
        }
    }

    /// Whether `key` is in the range.
    pub fn contains(&self, key: &[u8]) -> bool {
        *self.begin <= *key && *key < *self.end
    }

    /// The request that reads the range.
    pub fn request(&self) -> RangeRequest {
        RangeRequest::keys(self.begin.clone(), self.end.clone())
    }
}

impl fmt::Debug for KeyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (begin, end) = (self.begin.escape_ascii(), self.end.escape_ascii());
        write!(f, "[b\"{begin}\", b\"{end}\")")
    }
}

/// The first key that does not begin with `prefix` and is greater than it; none after nothing but `FF`. Java:
/// `ByteArrayUtil.strinc`.
///
/// ```
/// use record_store_kv::strinc;
/// assert_eq!(strinc(b"a\xff"), Some(b"b".to_vec()));
/// assert_eq!(strinc(b"\xff"), None);
/// ```
pub fn strinc(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != 0xFF)?;
    let mut next = prefix.get(..=last)?.to_vec();
    *next.last_mut()? += 1;
    Some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_another_subspace_is_refused() {
        let users = Subspace::from(("users",));
        assert_eq!(
            users.unpack(b"\x02orders\x00").unwrap_err().to_string(),
            r#"the key is of another subspace; key: \x02orders\x00, subspace: ("users")"#
        );
        assert!(!users.contains(b"\x02user"));
    }

    #[test]
    fn ranges_are_strict_or_take_the_prefix_in() {
        let subspace = Subspace::new("p");
        let range = |range: KeyRange| (range.begin.to_vec(), range.end.to_vec());
        assert_eq!(range(subspace.range()), (b"p\x00".to_vec(), b"p\xff".to_vec()));
        assert_eq!(range(subspace.prefix_range()), (b"p".to_vec(), b"q".to_vec()));
        assert!(subspace.prefix_range().contains(b"p") && !subspace.range().contains(b"p"));
    }

    #[test]
    fn a_prefix_without_successor_ends_with_its_part_of_the_key_space() {
        for (prefix, end) in [
            (&b""[..], &b"\xff"[..]),
            (b"\xff", b"\xff\xff"),
            (b"\xff\xff", b"\xff\xff\xff"),
        ] {
            assert_eq!(*Subspace::new(prefix).prefix_range().end, *end);
            assert_eq!(strinc(prefix), None);
        }
    }

    #[test]
    fn subspaces_look_like_the_tuples_that_name_them() {
        assert_eq!(
            Subspace::from(("a", 1)).sub(None::<i64>).to_string(),
            r#"("a", 1, null)"#
        );
        assert_eq!(Subspace::new(&b"\xfe"[..]).to_string(), r#"b"\xfe""#);
    }
}
