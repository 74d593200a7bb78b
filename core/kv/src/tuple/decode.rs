//! [`Decoder`]: reads packed elements one by one. Any bytes are safe to read: what is no tuple is an error.

use std::borrow::Cow;

use bytes::Bytes;
use uuid::Uuid;

use super::encode::code;
use super::{BigInt, Element, MAX_DEPTH, Tuple, Versionstamp, too_deep};
use crate::{Error, ErrorKind, Result};

/// An iterator over the elements of a packed tuple. After an error it is at its end.
///
/// ```
/// use record_store_kv::tuple::{Decoder, Element, Tuple};
/// let key = Tuple::from(("users", 7, "ada")).pack();
/// let mut decoder = Decoder::new(&key);
/// assert_eq!(decoder.skip_element()?, Some(&b"\x02users\x00"[..]));
/// assert_eq!(decoder.next().transpose()?, Some(Element::Int(7)));
/// assert_eq!(decoder.remaining(), b"\x02ada\x00");
/// # Ok::<(), record_store_kv::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Decoder<'a> {
    /// A decoder at the beginning of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Decoder { bytes, position: 0 }
    }

    /// How many bytes have been read.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The bytes that have not been read.
    pub fn remaining(&self) -> &'a [u8] {
        self.bytes.get(self.position..).unwrap_or_default()
    }

    /// Passes over one element, without copying it, and gives its packed bytes; `None` at the end.
    ///
    /// **Errors**: `InvalidArgument` if the bytes are no tuple. Text is not checked to be UTF-8.
    pub fn skip_element(&mut self) -> Result<Option<&'a [u8]>> {
        let start = self.position;
        if self.remaining().is_empty() {
            return Ok(None);
        }
        let skipped = self.skip(0, Texts::Unchecked);
        self.fuse(skipped)?;
        Ok(self.bytes.get(start..self.position))
    }

    /// Reads a text, without a copy where its bytes stand as they are; `None`, and nothing is read, if the next element is none.
    ///
    /// **Errors**: `InvalidArgument` if the bytes are no tuple.
    ///
    /// ```
    /// use record_store_kv::tuple::{Decoder, Tuple};
    /// let key = Tuple::from(("ada", 7)).pack();
    /// let mut decoder = Decoder::new(&key);
    /// assert_eq!(decoder.text()?.as_deref(), Some("ada"));
    /// assert_eq!(decoder.text()?, None);
    /// # Ok::<(), record_store_kv::Error>(())
    /// ```
    pub fn text(&mut self) -> Result<Option<Cow<'a, str>>> {
        let start = self.position;
        if self.remaining().first() != Some(&code::STRING) {
            return Ok(None);
        }
        self.position += 1;
        let text = self.terminated().and_then(|bytes| match bytes {
            Cow::Borrowed(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(Cow::Borrowed(text)),
                Err(error) => Err(not_utf8(error, start)),
            },
            Cow::Owned(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Cow::Owned(text)),
                Err(error) => Err(not_utf8(error.utf8_error(), start)),
            },
        });
        self.fuse(text).map(Some)
    }

    /// Passes over all elements that remain.
    ///
    /// **Errors**: those of reading them.
    pub(super) fn check_rest(&mut self) -> Result<()> {
        while !self.remaining().is_empty() {
            let skipped = self.skip(0, Texts::Checked);
            self.fuse(skipped)?;
        }
        Ok(())
    }

    fn fuse<T>(&mut self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.position = self.bytes.len();
        }
        result
    }

    fn element(&mut self, depth: usize) -> Result<Element> {
        let start = self.position;
        let code = self.byte()?;
        Ok(match code {
            code::NULL => Element::Null,
            code::BYTES => Element::Bytes(match self.terminated()? {
                Cow::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
                Cow::Owned(bytes) => bytes.into(),
            }),
            code::STRING => {
                let text = String::from_utf8(self.terminated()?.into_owned());
                Element::String(text.map_err(|error| not_utf8(error.utf8_error(), start))?)
            }
            code::NESTED => {
                let mut elements = Vec::new();
                while self.nested_element_follows(depth)? {
                    elements.push(self.nested(depth, Self::element)?);
                }
                Element::Tuple(Tuple::from(elements))
            }
            code::BIG_NEGATIVE => {
                let length = usize::from(!self.byte()?);
                let magnitude: Vec<u8> = self.take(length)?.iter().map(|byte| !byte).collect();
                BigInt::from_sign_magnitude(true, &magnitude)?.into()
            }
            code::BIG_POSITIVE => {
                let length = usize::from(self.byte()?);
                BigInt::from_sign_magnitude(false, self.take(length)?)?.into()
            }
            BELOW_ZERO_FIRST..=BELOW_ZERO_LAST => {
                let length = code::INT_ZERO - code;
                let bytes = self.take(usize::from(length))?;
                let magnitude = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(!byte));
                match 0_i64.checked_sub_unsigned(magnitude) {
                    Some(value) => Element::Int(value),
                    None => Element::BigInt(-BigInt::from(magnitude)),
                }
            }
            code::INT_ZERO..=ABOVE_ZERO_LAST => {
                let length = code - code::INT_ZERO;
                let bytes = self.take(usize::from(length))?;
                Element::from(bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
            }
            code::FLOAT => {
                let bits = u32::from_be_bytes(self.array()?);
                Element::Float(f32::from_bits(if bits >> 31 == 0 { !bits } else { bits ^ 1 << 31 }))
            }
            code::DOUBLE => {
                let bits = u64::from_be_bytes(self.array()?);
                Element::Double(f64::from_bits(if bits >> 63 == 0 { !bits } else { bits ^ 1 << 63 }))
            }
            code::FALSE => Element::Bool(false),
            code::TRUE => Element::Bool(true),
            code::UUID => Element::Uuid(Uuid::from_bytes(self.array()?)),
            code::VERSIONSTAMP => Element::Versionstamp(Versionstamp::from_bytes(self.array()?)),
            unknown => return Err(unknown_code(unknown, start)),
        })
    }

    fn skip(&mut self, depth: usize, texts: Texts) -> Result<()> {
        let start = self.position;
        let code = self.byte()?;
        let length = match code {
            code::NULL | code::FALSE | code::TRUE => 0,
            code::STRING if texts == Texts::Checked => {
                let text = self.terminated()?;
                return std::str::from_utf8(&text)
                    .map(drop)
                    .map_err(|error| not_utf8(error, start));
            }
            code::BYTES | code::STRING => return self.terminated_raw().map(drop),
            code::NESTED => {
                while self.nested_element_follows(depth)? {
                    self.nested(depth, |own, depth| own.skip(depth, texts))?;
                }
                return Ok(());
            }
            code::BIG_NEGATIVE => usize::from(!self.byte()?),
            code::BIG_POSITIVE => usize::from(self.byte()?),
            BELOW_ZERO_FIRST..=ABOVE_ZERO_LAST => usize::from(code.abs_diff(code::INT_ZERO)),
            code::FLOAT => 4,
            code::DOUBLE => 8,
            code::UUID => 16,
            code::VERSIONSTAMP => 12,
            unknown => return Err(unknown_code(unknown, start)),
        };
        self.take(length).map(drop)
    }

    /// Whether the nested tuple at `depth` goes on; its end is read.
    fn nested_element_follows(&mut self, depth: usize) -> Result<bool> {
        if depth >= MAX_DEPTH {
            return Err(too_deep().with("position", self.position));
        }
        match self.remaining() {
            [] => Err(self.cut_off()),
            [code::END, code::ESCAPE, ..] => Ok(true),
            [code::END, ..] => {
                self.position += 1;
                Ok(false)
            }
            _ => Ok(true),
        }
    }

    /// Reads one element of the nested tuple at `depth`; a null takes two bytes there.
    fn nested<T>(&mut self, depth: usize, read: impl FnOnce(&mut Self, usize) -> Result<T>) -> Result<T> {
        let is_null = self.remaining().first() == Some(&code::NULL);
        let element = read(self, depth + 1)?;
        self.position += usize::from(is_null);
        Ok(element)
    }

    /// The content of a byte string or a text, zeros as they were.
    fn terminated(&mut self) -> Result<Cow<'a, [u8]>> {
        let raw = self.terminated_raw()?;
        if !raw.contains(&code::END) {
            return Ok(Cow::Borrowed(raw));
        }
        let mut content = Vec::with_capacity(raw.len());
        let mut after_zero = false;
        for byte in raw {
            // Within the content a zero is always followed by its mark.
            if !after_zero {
                content.push(*byte);
            }
            after_zero = !after_zero && *byte == code::END;
        }
        Ok(Cow::Owned(content))
    }

    /// The content of a byte string or a text as it is packed.
    fn terminated_raw(&mut self) -> Result<&'a [u8]> {
        let rest = self.remaining();
        let mut length = 0;
        loop {
            let tail = rest.get(length..).unwrap_or_default();
            let Some(zero) = tail.iter().position(|byte| *byte == code::END) else {
                return Err(self.cut_off());
            };
            length += zero;
            if rest.get(length + 1) != Some(&code::ESCAPE) {
                break;
            }
            length += 2;
        }
        let content = self.take(length)?;
        self.position += 1;
        Ok(content)
    }

    fn byte(&mut self) -> Result<u8> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let Some(array) = self.remaining().first_chunk() else {
            return Err(self.cut_off());
        };
        self.position += N;
        Ok(*array)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let Some(taken) = self.remaining().get(..length) else {
            return Err(self.cut_off());
        };
        self.position += length;
        Ok(taken)
    }

    fn cut_off(&self) -> Error {
        malformed("the tuple is cut off", self.position)
    }
}

impl Iterator for Decoder<'_> {
    type Item = Result<Element>;

    fn next(&mut self) -> Option<Result<Element>> {
        if self.remaining().is_empty() {
            return None;
        }
        let element = self.element(0);
        Some(self.fuse(element))
    }
}

/// What is asked of texts that are passed over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Texts {
    Unchecked,
    /// That they are UTF-8.
    Checked,
}

fn not_utf8(error: std::str::Utf8Error, position: usize) -> Error {
    malformed("a text of the tuple is not UTF-8", position).caused_by(error)
}

fn malformed(message: &'static str, position: usize) -> Error {
    Error::new(ErrorKind::InvalidArgument, message).with("position", position)
}

fn unknown_code(code: u8, position: usize) -> Error {
    malformed("the tuple holds an unknown type code", position).with("code", format_args!("{code:#04x}"))
}

/// −(2^64 − 1) and up, in 8 bytes.
const BELOW_ZERO_FIRST: u8 = code::INT_ZERO - 8;
const BELOW_ZERO_LAST: u8 = code::INT_ZERO - 1;
/// Up to 2^64 − 1, in 8 bytes.
const ABOVE_ZERO_LAST: u8 = code::INT_ZERO + 8;
