//! FoundationDB's tuple layer: lists of typed values as bytes that sort as the values do, byte for byte as Java's
//! `Tuple` writes them.
//!
//! [`Tuple`] and [`Element`] are values to keep and compare; [`Encoder`] and [`Decoder`] write and read one element at a
//! time, for code that has no use for a list. [`TupleRange`] turns end points into ranges of keys. Where a key begins is
//! no business of this module: see [`Subspace`](crate::Subspace).
//!
//! | Type | Code | Bytes after the code |
//! |---|---|---|
//! | null | `00` | none; `FF` inside a nested tuple |
//! | byte string, text | `01`, `02` | the bytes, each `00` followed by `FF`; then `00` |
//! | nested tuple | `05` | the elements; then `00` |
//! | integer | `0C`–`1C` | the magnitude in (code − `14`) bytes, big-endian; complemented below zero |
//! | larger integer | `0B`, `1D` | the length, the magnitude; both complemented below zero |
//! | float, double | `20`, `21` | big-endian; all bits flipped below zero, else only the sign |
//! | false, true | `26`, `27` | none |
//! | UUID | `30` | 16 bytes |
//! | versionstamp | `33` | 12 bytes |
//!
//! Source: FoundationDB's `design/tuple.md` and Java's `TupleUtil` (fdb-java 7.3).

mod big_int;
mod decode;
mod element;
mod encode;
mod range;
mod versionstamp;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Deref;

pub use big_int::BigInt;
pub use decode::Decoder;
pub use element::Element;
pub use encode::Encoder;
pub use range::{EndpointType, TupleRange, endpoint_range};
pub use versionstamp::Versionstamp;

use crate::{Error, ErrorKind, Result};

/// How many tuples may stand inside each other. More is refused, on both ways, before it can exhaust the stack.
pub const MAX_DEPTH: usize = 100;

/// A list of [`Element`]s. Java: `com.apple.foundationdb.tuple.Tuple`.
///
/// Equality, order and hash are those of the packed bytes: an integer is one value however it is held, `-0.0` is not
/// `0.0`, and a NaN equals itself.
///
/// ```
/// use record_store_kv::tuple::Tuple;
/// let tuple = Tuple::from((1, "a", None::<i64>));
/// assert_eq!(tuple.to_string(), r#"(1, "a", null)"#);
/// assert_eq!(tuple.pack(), b"\x15\x01\x02a\x00\x00");
/// assert_eq!(Tuple::unpack(&tuple.pack())?, tuple);
/// # Ok::<(), record_store_kv::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tuple(Vec<Element>);

impl Tuple {
    /// The empty tuple.
    pub const fn new() -> Self {
        Tuple(Vec::new())
    }

    /// Reads a packed tuple to its end.
    ///
    /// **Errors**: `InvalidArgument` with the position, if the bytes are no tuple.
    pub fn unpack(bytes: &[u8]) -> Result<Self> {
        Decoder::new(bytes).collect()
    }

    /// Whether [`Tuple::unpack`] can read `bytes`; nothing is made of them.
    ///
    /// **Errors**: those of [`Tuple::unpack`].
    pub fn check(bytes: &[u8]) -> Result<()> {
        Decoder::new(bytes).check_rest()
    }

    /// Appends an element.
    pub fn push(&mut self, element: impl Into<Element>) {
        self.0.push(element.into());
    }

    /// This tuple with one more element. Java: `add`.
    ///
    /// ```
    /// use record_store_kv::tuple::Tuple;
    /// assert_eq!(Tuple::new().with("a").with(7), Tuple::from(("a", 7)));
    /// ```
    #[must_use]
    pub fn with(mut self, element: impl Into<Element>) -> Self {
        self.push(element);
        self
    }

    /// The elements of this tuple, then those of `other`. Java: `addAll`.
    #[must_use]
    pub fn concat(&self, other: &Tuple) -> Self {
        self.iter().chain(other.iter()).cloned().collect()
    }

    /// The packed bytes.
    ///
    /// An incomplete versionstamp is packed as its placeholder, and nesting deeper than [`MAX_DEPTH`] as it is;
    /// [`Tuple::try_pack`] refuses both, as Java's `pack` and [`Tuple::unpack`] do.
    pub fn pack(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.pack_into(&mut out);
        out
    }

    /// Appends the packed bytes to `out`. As [`Tuple::pack`].
    pub fn pack_into(&self, out: &mut Vec<u8>) {
        Encoder::new(out).elements(self);
    }

    /// The packed bytes, if they are a complete tuple. Java: `pack`.
    ///
    /// **Errors**: `InvalidArgument` for an incomplete versionstamp and for nesting deeper than [`MAX_DEPTH`].
    pub fn try_pack(&self) -> Result<Vec<u8>> {
        self.check_depth()?;
        if self.has_incomplete_versionstamp() {
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                "the tuple holds an incomplete versionstamp: pack it with its versionstamp offset",
            )
            .with("tuple", self));
        }
        Ok(self.pack())
    }

    /// `prefix` and the packed bytes, then the place of the incomplete versionstamp in them as 4 bytes, little-endian:
    /// what `SetVersionstampedKey` and `SetVersionstampedValue` take. Java: `packWithVersionstamp`.
    ///
    /// **Errors**: `InvalidArgument` unless exactly one versionstamp is incomplete, and for nesting deeper than
    /// [`MAX_DEPTH`].
    pub fn pack_with_versionstamp(&self, prefix: &[u8]) -> Result<Vec<u8>> {
        self.check_depth()?;
        let mut out = prefix.to_vec();
        let mut encoder = Encoder::new(&mut out);
        encoder.elements(self);
        encoder
            .finish_with_versionstamp()
            .map_err(|error| error.with("tuple", self))?;
        Ok(out)
    }

    /// Whether a versionstamp in this tuple, at any depth, waits for its commit.
    pub fn has_incomplete_versionstamp(&self) -> bool {
        self.iter().any(|element| match element {
            Element::Versionstamp(versionstamp) => !versionstamp.is_complete(),
            Element::Tuple(nested) => nested.has_incomplete_versionstamp(),
            _ => false,
        })
    }

    /// The elements as a list.
    pub fn into_elements(self) -> Vec<Element> {
        self.0
    }

    fn check_depth(&self) -> Result<()> {
        if self.is_deeper_than(MAX_DEPTH) {
            return Err(too_deep());
        }
        Ok(())
    }

    fn is_deeper_than(&self, limit: usize) -> bool {
        self.iter().any(|element| match element {
            Element::Tuple(nested) => limit == 0 || nested.is_deeper_than(limit - 1),
            _ => false,
        })
    }
}

fn too_deep() -> Error {
    Error::new(ErrorKind::InvalidArgument, "tuples are nested too deeply").with("limit", MAX_DEPTH)
}

impl Deref for Tuple {
    type Target = [Element];

    fn deref(&self) -> &[Element] {
        &self.0
    }
}

impl From<Vec<Element>> for Tuple {
    fn from(elements: Vec<Element>) -> Self {
        Tuple(elements)
    }
}

impl From<&[Element]> for Tuple {
    fn from(elements: &[Element]) -> Self {
        Tuple(elements.to_vec())
    }
}

impl From<()> for Tuple {
    fn from((): ()) -> Self {
        Tuple::new()
    }
}

impl<E: Into<Element>> FromIterator<E> for Tuple {
    fn from_iter<I: IntoIterator<Item = E>>(elements: I) -> Self {
        Tuple(elements.into_iter().map(Into::into).collect())
    }
}

impl<E: Into<Element>> Extend<E> for Tuple {
    fn extend<I: IntoIterator<Item = E>>(&mut self, elements: I) {
        self.0.extend(elements.into_iter().map(Into::into));
    }
}

impl IntoIterator for Tuple {
    type Item = Element;
    type IntoIter = std::vec::IntoIter<Element>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Tuple {
    type Item = &'a Element;
    type IntoIter = std::slice::Iter<'a, Element>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Display for Tuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (i, element) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            element.fmt(f)?;
        }
        f.write_str(")")
    }
}

impl fmt::Debug for Tuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! from_rust_tuples {
    ($($($name:ident)+;)*) => {$(
        impl<$($name: Into<Element>),+> From<($($name,)+)> for Tuple {
            fn from(elements: ($($name,)+)) -> Self {
                #[expect(non_snake_case, reason = "the type parameters name the values as well")]
                let ($($name,)+) = elements;
                Tuple(vec![$($name.into()),+])
            }
        }

        /// A nested tuple.
        impl<$($name: Into<Element>),+> From<($($name,)+)> for Element {
            fn from(elements: ($($name,)+)) -> Self {
                Element::Tuple(elements.into())
            }
        }
    )*};
}

from_rust_tuples! {
    A;
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
}
