//! [`TupleRange`]: which keys lie between two tuples.

use std::fmt;

use super::Tuple;
use crate::subspace::{KeyRange, Subspace, strinc};
use crate::{Error, ErrorKind, Result};

/// How an end of a [`TupleRange`] is meant. Java: `EndpointType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointType {
    /// From the first key of the subspace.
    TreeStart,
    /// To the last key of the subspace.
    TreeEnd,
    /// The tuple and all that begin with it belong to the range.
    RangeInclusive,
    /// The tuple and all that begin with it do not belong to the range.
    RangeExclusive,
    /// The tuple was the last one seen: the range goes on behind it.
    Continuation,
    /// The last element, a text or byte string, is the beginning of those meant.
    PrefixString,
}

impl EndpointType {
    /// Java's name.
    pub fn name(self) -> &'static str {
        match self {
            EndpointType::TreeStart => "TREE_START",
            EndpointType::TreeEnd => "TREE_END",
            EndpointType::RangeInclusive => "RANGE_INCLUSIVE",
            EndpointType::RangeExclusive => "RANGE_EXCLUSIVE",
            EndpointType::Continuation => "CONTINUATION",
            EndpointType::PrefixString => "PREFIX_STRING",
        }
    }
}

impl fmt::Display for EndpointType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A range of tuples within a subspace. Java: `TupleRange`.
///
/// ```
/// use record_store_kv::Subspace;
/// use record_store_kv::tuple::{Tuple, TupleRange};
/// let range = TupleRange::all_of(Tuple::from(("a",))).to_range(&Subspace::from((1,)))?;
/// assert_eq!(range.begin, &b"\x15\x01\x02a\x00"[..]);
/// assert_eq!(range.end, &b"\x15\x01\x02a\x00\xff"[..]);
/// # Ok::<(), record_store_kv::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TupleRange {
    /// The low end; none at the start of the tree.
    pub low: Option<Tuple>,
    /// The high end; none at the end of the tree.
    pub high: Option<Tuple>,
    /// How the low end is meant.
    pub low_endpoint: EndpointType,
    /// How the high end is meant.
    pub high_endpoint: EndpointType,
}

impl TupleRange {
    /// Everything in the subspace.
    pub const ALL: TupleRange = TupleRange {
        low: None,
        high: None,
        low_endpoint: EndpointType::TreeStart,
        high_endpoint: EndpointType::TreeEnd,
    };

    /// A range from its four parts.
    pub fn new(
        low: Option<Tuple>,
        high: Option<Tuple>,
        low_endpoint: EndpointType,
        high_endpoint: EndpointType,
    ) -> Self {
        TupleRange {
            low,
            high,
            low_endpoint,
            high_endpoint,
        }
    }

    /// The tuples that begin with `prefix`.
    pub fn all_of(prefix: Tuple) -> Self {
        TupleRange::between_inclusive(Some(prefix.clone()), Some(prefix))
    }

    /// The tuples from `low` (inclusive) to `high` (exclusive); a missing one is an end of the subspace.
    pub fn between(low: Option<Tuple>, high: Option<Tuple>) -> Self {
        let mut range = TupleRange::between_inclusive(low, high);
        if range.high.is_some() {
            range.high_endpoint = EndpointType::RangeExclusive;
        }
        range
    }

    /// The tuples from `low` to `high`, both inclusive; a missing one is an end of the subspace.
    pub fn between_inclusive(low: Option<Tuple>, high: Option<Tuple>) -> Self {
        let or = |tuple: &Option<Tuple>, end| tuple.as_ref().map_or(end, |_| EndpointType::RangeInclusive);
        TupleRange {
            low_endpoint: or(&low, EndpointType::TreeStart),
            high_endpoint: or(&high, EndpointType::TreeEnd),
            low,
            high,
        }
    }

    /// The tuples whose first element is a text that begins with `prefix`.
    pub fn prefixed_by(prefix: &str) -> Self {
        let prefix = Tuple::from((prefix,));
        TupleRange::new(
            Some(prefix.clone()),
            Some(prefix),
            EndpointType::PrefixString,
            EndpointType::PrefixString,
        )
    }

    /// The same range of tuples, each with `beginning` in front.
    #[must_use]
    pub fn prepend(&self, beginning: &Tuple) -> Self {
        let end = |tuple: &Option<Tuple>, endpoint| match tuple {
            Some(tuple) => (Some(beginning.concat(tuple)), endpoint),
            None => (Some(beginning.clone()), EndpointType::RangeInclusive),
        };
        let (low, low_endpoint) = end(&self.low, self.low_endpoint);
        let (high, high_endpoint) = end(&self.high, self.high_endpoint);
        TupleRange::new(low, high, low_endpoint, high_endpoint)
    }

    /// Whether the range is the one tuple, and those that begin with it.
    pub fn is_equals(&self) -> bool {
        self.low.is_some()
            && self.low == self.high
            && self.low_endpoint == EndpointType::RangeInclusive
            && self.high_endpoint == EndpointType::RangeInclusive
    }

    /// The range of keys in `subspace`.
    ///
    /// **Errors**: as [`endpoint_range`].
    pub fn to_range(&self, subspace: &Subspace) -> Result<KeyRange> {
        let key = |tuple: &Option<Tuple>| match tuple {
            Some(tuple) => subspace.pack(tuple),
            None => subspace.prefix().to_vec(),
        };
        endpoint_range(
            Some(key(&self.low)),
            Some(key(&self.high)),
            self.low_endpoint,
            self.high_endpoint,
        )
    }
}

impl fmt::Display for TupleRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.low_endpoint {
            EndpointType::TreeStart => "<",
            EndpointType::RangeInclusive | EndpointType::PrefixString => "[",
            _ => "(",
        })?;
        if let Some(low) = &self.low {
            low.fmt(f)?;
        }
        f.write_str("..")?;
        if let Some(high) = &self.high {
            high.fmt(f)?;
        }
        f.write_str(match self.high_endpoint {
            EndpointType::TreeEnd => ">",
            EndpointType::RangeInclusive | EndpointType::PrefixString => "]",
            _ => ")",
        })
    }
}

/// The range of keys between two packed ends, prefix included; without an end it is that of the key space. Java:
/// `TupleRange.toRange`, whose continuations are bytes rather than tuples.
///
/// **Errors**: `InvalidArgument` for ends that do not go together: a high endpoint type at the low end, an exclusive or
/// inclusive end without bytes, prefixes that differ or are no text or byte string.
pub fn endpoint_range(
    low: Option<Vec<u8>>,
    high: Option<Vec<u8>>,
    low_endpoint: EndpointType,
    high_endpoint: EndpointType,
) -> Result<KeyRange> {
    use EndpointType::{Continuation, PrefixString, RangeExclusive, RangeInclusive, TreeEnd, TreeStart};

    let refuse = |message| {
        Error::new(ErrorKind::InvalidArgument, message)
            .with("low_endpoint", low_endpoint)
            .with("high_endpoint", high_endpoint)
    };
    if low_endpoint == PrefixString || high_endpoint == PrefixString {
        check_prefix(low.as_deref(), high.as_deref(), low_endpoint, high_endpoint).map_err(refuse)?;
    }
    let begin = match (low_endpoint, low) {
        (TreeStart | RangeInclusive, low) => low.unwrap_or_default(),
        (RangeExclusive, Some(low)) => {
            strinc(&low).ok_or_else(|| refuse("no key follows the exclusive low end of the range"))?
        }
        (Continuation, Some(mut low)) => {
            low.push(0x00);
            low
        }
        (PrefixString, Some(mut low)) => {
            low.pop();
            low
        }
        (RangeExclusive | Continuation | PrefixString, None) => {
            return Err(refuse("the low end of the range is missing"));
        }
        (TreeEnd, _) => return Err(refuse("TREE_END is no low endpoint")),
    };
    let end = match (high_endpoint, high) {
        (TreeEnd | RangeInclusive, Some(mut high)) => {
            // Not strinc: FF follows a zero that is content, so keys of a longer text with this one in front stay out.
            high.push(0xFF);
            high
        }
        (RangeExclusive | Continuation, Some(high)) => high,
        (PrefixString, Some(mut high)) => {
            high.pop();
            strinc(&high).unwrap_or_else(|| vec![0xFF])
        }
        (RangeInclusive | PrefixString, None) => return Err(refuse("the high end of the range is missing")),
        (TreeEnd | RangeExclusive | Continuation, None) => vec![0xFF],
        (TreeStart, _) => return Err(refuse("TREE_START is no high endpoint")),
    };
    Ok(KeyRange {
        begin: begin.into(),
        end: end.into(),
    })
}

/// Java's rules for `PREFIX_STRING`: both ends name the same prefix, or one of them goes on within it.
fn check_prefix(
    low: Option<&[u8]>,
    high: Option<&[u8]>,
    low_endpoint: EndpointType,
    high_endpoint: EndpointType,
) -> Result<(), &'static str> {
    use EndpointType::{Continuation, PrefixString};

    let (Some(low), Some(high)) = (low, high) else {
        return Err("PREFIX_STRING needs both ends of the range");
    };
    let (prefix, within) = match (low_endpoint, high_endpoint) {
        (PrefixString, PrefixString) if low != high => return Err("PREFIX_STRING needs the same prefix at both ends"),
        (PrefixString, PrefixString | Continuation) => (low, high),
        (Continuation, PrefixString) => (high, low),
        _ => return Err("PREFIX_STRING is needed at both ends of the range"),
    };
    match prefix.split_last() {
        Some((0x00, text)) if within.starts_with(text) => Ok(()),
        Some((0x00, _)) => Err("the continuation does not begin with the prefix of PREFIX_STRING"),
        _ => Err("PREFIX_STRING needs a text or a byte string as its last element"),
    }
}
