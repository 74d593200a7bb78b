//! [`Encoder`]: writes packed elements one by one, without building a tuple.

use uuid::Uuid;

use super::element::{double_bits, float_bits};
use super::{BigInt, Element, MAX_DEPTH, Versionstamp, too_deep};
use crate::{Error, ErrorKind, Result};

/// The type codes: the first byte of every element.
pub(super) mod code {
    pub(crate) const NULL: u8 = 0x00;
    pub(crate) const BYTES: u8 = 0x01;
    pub(crate) const STRING: u8 = 0x02;
    pub(crate) const NESTED: u8 = 0x05;
    pub(crate) const BIG_NEGATIVE: u8 = 0x0B;
    pub(crate) const INT_ZERO: u8 = 0x14;
    pub(crate) const BIG_POSITIVE: u8 = 0x1D;
    pub(crate) const FLOAT: u8 = 0x20;
    pub(crate) const DOUBLE: u8 = 0x21;
    pub(crate) const FALSE: u8 = 0x26;
    pub(crate) const TRUE: u8 = 0x27;
    pub(crate) const UUID: u8 = 0x30;
    pub(crate) const VERSIONSTAMP: u8 = 0x33;
    /// Ends byte strings, texts and nested tuples.
    pub(crate) const END: u8 = 0x00;
    /// Follows a zero that is content and no end.
    pub(crate) const ESCAPE: u8 = 0xFF;
}

/// Appends packed elements to a buffer. What stands in the buffer before is a prefix and counts for the place of a
/// versionstamp.
///
/// ```
/// use record_store_kv::tuple::{Encoder, Tuple};
/// let mut key = b"prefix".to_vec();
/// Encoder::new(&mut key).int(7).begin_tuple().null().string("a").end_tuple();
/// assert_eq!(key[6..], Tuple::from((7, (None::<i64>, "a"))).pack());
/// ```
#[derive(Debug)]
pub struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
    depth_reached: usize,
    incomplete: Incomplete,
}

/// Where the incomplete versionstamp stands.
#[derive(Debug)]
enum Incomplete {
    None,
    At(usize),
    Several,
}

impl<'a> Encoder<'a> {
    /// An encoder that appends to `out`.
    #[inline]
    pub fn new(out: &'a mut Vec<u8>) -> Self {
        Encoder {
            out,
            depth: 0,
            depth_reached: 0,
            incomplete: Incomplete::None,
        }
    }

    /// Appends a null; inside a nested tuple it is marked as content.
    #[inline]
    pub fn null(&mut self) -> &mut Self {
        self.out.push(code::NULL);
        if self.depth > 0 {
            self.out.push(code::ESCAPE);
        }
        self
    }

    /// Appends a byte string.
    #[inline]
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        self.terminated(code::BYTES, value)
    }

    /// Appends a text.
    #[inline]
    pub fn string(&mut self, value: &str) -> &mut Self {
        self.terminated(code::STRING, value.as_bytes())
    }

    /// Appends an integer.
    #[inline]
    pub fn int(&mut self, value: i64) -> &mut Self {
        self.small_int(value < 0, value.unsigned_abs())
    }

    /// Appends an integer.
    #[inline]
    pub fn unsigned(&mut self, value: u64) -> &mut Self {
        self.small_int(false, value)
    }

    /// Appends an integer; one whose magnitude has at most 8 bytes takes the ordinary form.
    pub fn big_int(&mut self, value: &BigInt) -> &mut Self {
        if let Some(magnitude) = value.magnitude_u64() {
            return self.small_int(value.is_negative(), magnitude);
        }
        let magnitude = value.magnitude();
        let length = u8::try_from(magnitude.len()).expect("a magnitude has at most 255 bytes");
        if value.is_negative() {
            self.out.extend([code::BIG_NEGATIVE, !length]);
            self.out.extend(magnitude.iter().map(|byte| !byte));
        } else {
            self.out.extend([code::BIG_POSITIVE, length]);
            self.out.extend_from_slice(magnitude);
        }
        self
    }

    /// Appends a number of single precision.
    pub fn float(&mut self, value: f32) -> &mut Self {
        self.out.push(code::FLOAT);
        self.out.extend_from_slice(&float_bits(value).to_be_bytes());
        self
    }

    /// Appends a number of double precision.
    pub fn double(&mut self, value: f64) -> &mut Self {
        self.out.push(code::DOUBLE);
        self.out.extend_from_slice(&double_bits(value).to_be_bytes());
        self
    }

    /// Appends a truth value.
    pub fn bool(&mut self, value: bool) -> &mut Self {
        self.out.push(if value { code::TRUE } else { code::FALSE });
        self
    }

    /// Appends a UUID.
    pub fn uuid(&mut self, value: Uuid) -> &mut Self {
        self.out.push(code::UUID);
        self.out.extend_from_slice(value.as_bytes());
        self
    }

    /// Appends a versionstamp and remembers the place of an incomplete one.
    pub fn versionstamp(&mut self, value: Versionstamp) -> &mut Self {
        self.out.push(code::VERSIONSTAMP);
        if !value.is_complete() {
            self.incomplete = match self.incomplete {
                Incomplete::None => Incomplete::At(self.out.len()),
                Incomplete::At(_) | Incomplete::Several => Incomplete::Several,
            };
        }
        self.out.extend_from_slice(value.as_bytes());
        self
    }

    /// Begins a nested tuple: what follows belongs to it until [`Encoder::end_tuple`].
    pub fn begin_tuple(&mut self) -> &mut Self {
        self.out.push(code::NESTED);
        self.depth += 1;
        self.depth_reached = self.depth_reached.max(self.depth);
        self
    }

    /// Ends the nested tuple that was begun last.
    ///
    /// **Panics** if none was begun.
    pub fn end_tuple(&mut self) -> &mut Self {
        self.depth = self.depth.checked_sub(1).expect("end_tuple follows a begin_tuple");
        self.out.push(code::END);
        self
    }

    /// Appends any element.
    #[inline]
    pub fn element(&mut self, element: &Element) -> &mut Self {
        match element {
            Element::Null => self.null(),
            Element::Bytes(value) => self.bytes(value),
            Element::String(value) => self.string(value),
            Element::Tuple(value) => self.begin_tuple().elements(value).end_tuple(),
            Element::Int(value) => self.int(*value),
            Element::BigInt(value) => self.big_int(value),
            Element::Float(value) => self.float(*value),
            Element::Double(value) => self.double(*value),
            Element::Bool(value) => self.bool(*value),
            Element::Uuid(value) => self.uuid(*value),
            Element::Versionstamp(value) => self.versionstamp(*value),
        }
    }

    /// Appends several elements; a [`Tuple`](super::Tuple) is a list of them.
    pub fn elements(&mut self, elements: &[Element]) -> &mut Self {
        for element in elements {
            self.element(element);
        }
        self
    }

    /// Says whether what was written can be read again.
    ///
    /// **Errors**: `InvalidArgument` for nested tuples that were not ended or stand deeper than [`MAX_DEPTH`], and for
    /// an incomplete versionstamp.
    pub fn finish(&self) -> Result<()> {
        self.check_nesting()?;
        match self.incomplete {
            Incomplete::None => Ok(()),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                "an incomplete versionstamp needs its offset: finish with a versionstamp",
            )),
        }
    }

    /// Appends the place of the incomplete versionstamp in the buffer as 4 bytes, little-endian.
    ///
    /// **Errors**: `InvalidArgument` unless exactly one versionstamp is incomplete, and as [`Encoder::finish`].
    pub fn finish_with_versionstamp(&mut self) -> Result<()> {
        self.check_nesting()?;
        let refuse = |message| Err(Error::new(ErrorKind::InvalidArgument, message));
        match self.incomplete {
            Incomplete::At(place) => match u32::try_from(place) {
                Ok(place) => self.out.extend_from_slice(&place.to_le_bytes()),
                Err(_) => return refuse("the versionstamp stands too far from the beginning"),
            },
            Incomplete::None => return refuse("no versionstamp of the tuple is incomplete"),
            Incomplete::Several => return refuse("more than one versionstamp of the tuple is incomplete"),
        }
        Ok(())
    }

    fn check_nesting(&self) -> Result<()> {
        if self.depth > 0 {
            return Err(Error::new(ErrorKind::InvalidArgument, "a nested tuple was not ended"));
        }
        if self.depth_reached > MAX_DEPTH {
            return Err(too_deep());
        }
        Ok(())
    }

    fn terminated(&mut self, code: u8, value: &[u8]) -> &mut Self {
        self.out.reserve(value.len() + 2);
        self.out.push(code);
        if value.contains(&code::END) {
            for part in value.split_inclusive(|byte| *byte == code::END) {
                self.out.extend_from_slice(part);
                if part.ends_with(&[code::END]) {
                    self.out.push(code::ESCAPE);
                }
            }
        } else {
            self.out.extend_from_slice(value);
        }
        self.out.push(code::END);
        self
    }

    fn small_int(&mut self, negative: bool, magnitude: u64) -> &mut Self {
        // At most 8.
        let length = (u64::BITS - magnitude.leading_zeros()).div_ceil(8) as u8;
        let (code, bytes) = if negative {
            (code::INT_ZERO - length, !magnitude)
        } else {
            (code::INT_ZERO + length, magnitude)
        };
        // The significant bytes go to the front, to be copied with the code in one piece.
        let mut packed = [0; 9];
        packed[0] = code;
        packed[1..].copy_from_slice(&bytes.rotate_right(8 * u32::from(length)).to_be_bytes());
        self.out.extend_from_slice(&packed[..=usize::from(length)]);
        self
    }
}
