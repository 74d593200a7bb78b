//! The protobuf wire format: tags and values, checked byte by byte. Knows no field names and no types.

use super::NESTING_MAX;
use crate::{Error, ErrorKind};

/// Why bytes are no protobuf message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// What is wrong, in words.
    pub(crate) reason: &'static str,
    /// Where, counted from the start of the (sub)message.
    pub(crate) offset: usize,
}

impl From<Malformed> for Error {
    fn from(malformed: Malformed) -> Self {
        Error::new(
            ErrorKind::InvalidRecord,
            "the bytes are no well-formed protobuf message",
        )
        .with("reason", malformed.reason)
        .with("offset", malformed.offset)
    }
}

/// One value as it stands on the wire.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum WireValue<'a> {
    /// Wire type 0.
    Varint(u64),
    /// Wire type 1.
    Fixed64(u64),
    /// Wire type 2: a string, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
    /// Wire types 3 and 4: what stands between the two tags.
    Group(&'a [u8]),
    /// Wire type 5.
    Fixed32(u32),
}

/// The fields of one message, in wire order. Ends after the first error.
#[derive(Clone, Debug)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    len: usize,
    depth: usize,
}

impl<'a> Fields<'a> {
    /// The fields of the message that `bytes` encode.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Fields::nested(bytes, 0)
    }

    /// The same for a message that lies `depth` messages below the record.
    pub(crate) fn nested(bytes: &'a [u8], depth: usize) -> Self {
        Fields {
            rest: bytes,
            len: bytes.len(),
            depth,
        }
    }

    /// How many bytes have been read.
    pub(crate) fn offset(&self) -> usize {
        self.len - self.rest.len()
    }

    fn malformed(&self, reason: &'static str) -> Malformed {
        Malformed {
            reason,
            offset: self.offset(),
        }
    }

    /// The next varint; packed numbers use it too.
    #[inline]
    pub(crate) fn varint(&mut self) -> Result<u64, Malformed> {
        match self.rest {
            [byte, rest @ ..] if *byte < 0x80 => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (index, &byte) in self.rest.iter().take(VARINT_LEN_MAX).enumerate() {
            if index == VARINT_LEN_MAX - 1 && byte > 1 {
                return Err(self.malformed("a varint has more than 64 bits"));
            }
            value |= u64::from(byte & 0x7F) << (7 * index);
            if byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(value);
            }
        }
        Err(self.malformed("a varint is cut off"))
    }

    /// The next `count` bytes.
    #[inline]
    fn take(&mut self, count: u64) -> Result<&'a [u8], Malformed> {
        let taken = usize::try_from(count)
            .ok()
            .and_then(|count| self.rest.split_at_checked(count));
        let (head, rest) = taken.ok_or_else(|| self.malformed("a value is longer than what is left of its message"))?;
        self.rest = rest;
        Ok(head)
    }

    /// The next four bytes as a number; packed numbers use it too.
    pub(crate) fn fixed32(&mut self) -> Result<u32, Malformed> {
        let (head, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.malformed("a 32-bit value is cut off"))?;
        self.rest = rest;
        Ok(u32::from_le_bytes(*head))
    }

    /// The next eight bytes as a number; packed numbers use it too.
    pub(crate) fn fixed64(&mut self) -> Result<u64, Malformed> {
        let (head, rest) = self
            .rest
            .split_first_chunk()
            .ok_or_else(|| self.malformed("a 64-bit value is cut off"))?;
        self.rest = rest;
        Ok(u64::from_le_bytes(*head))
    }

    /// True when everything has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next field whose number is `wanted`, past all others.
    ///
    /// A number and a value are handed out for the fields that matter only: most of a record is skipped, and this loop is
    /// where reading it spends its time.
    #[inline]
    pub(crate) fn find(&mut self, wanted: impl Fn(u32) -> bool) -> Result<Option<(u32, WireValue<'a>)>, Malformed> {
        while !self.rest.is_empty() {
            let (number, wire_type) = self.tag()?;
            if wanted(number) {
                return Ok(Some((number, self.value(number, wire_type)?)));
            }
            self.skip(number, wire_type)?;
        }
        Ok(None)
    }

    #[inline]
    fn tag(&mut self) -> Result<(u32, u64), Malformed> {
        let offset = self.offset();
        let tag = self.varint()?;
        let number = tag >> 3;
        if number == 0 || number > FIELD_NUMBER_MAX {
            let reason = "a tag has no valid field number";
            return Err(Malformed { reason, offset });
        }
        Ok((number as u32, tag & 7))
    }

    #[inline]
    fn value(&mut self, number: u32, wire_type: u64) -> Result<WireValue<'a>, Malformed> {
        Ok(match wire_type {
            0 => WireValue::Varint(self.varint()?),
            1 => WireValue::Fixed64(self.fixed64()?),
            2 => {
                let len = self.varint()?;
                WireValue::Bytes(self.take(len)?)
            }
            3 => WireValue::Group(self.group(number)?),
            4 => return Err(self.malformed("a group ends that never began")),
            5 => WireValue::Fixed32(self.fixed32()?),
            _ => return Err(self.malformed("a tag has an unknown wire type")),
        })
    }

    #[inline]
    fn skip(&mut self, number: u32, wire_type: u64) -> Result<(), Malformed> {
        match wire_type {
            0 => self.varint().map(drop),
            2 => {
                let len = self.varint()?;
                self.take(len).map(drop)
            }
            _ => self.value(number, wire_type).map(drop),
        }
    }

    /// Reads up to the end tag of group `number` and returns what stands before it.
    fn group(&mut self, number: u32) -> Result<&'a [u8], Malformed> {
        let body = self.rest;
        if self.depth >= NESTING_MAX {
            return Err(self.malformed("messages nest deeper than 100"));
        }
        self.depth += 1;
        loop {
            if self.rest.is_empty() {
                return Err(self.malformed("a group does not end"));
            }
            let len = body.len() - self.rest.len();
            let (inner, wire_type) = self.tag()?;
            match wire_type {
                4 if inner == number => {
                    self.depth -= 1;
                    return Ok(&body[..len]);
                }
                _ => self.skip(inner, wire_type)?,
            }
        }
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u32, WireValue<'a>), Malformed>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let field = self.find(|_| true);
        if field.is_err() {
            self.rest = &[];
        }
        field.transpose()
    }
}

/// Ten groups of seven bits hold 64 bits.
const VARINT_LEN_MAX: usize = 10;

/// protobuf's largest field number.
const FIELD_NUMBER_MAX: u64 = (1 << 29) - 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_wire_order() {
        let bytes = [
            8, 0x96, 1, 0x12, 1, b'a', 0x1D, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0, 0x2B, 8, 7, 0x2C,
        ];
        let fields: Result<Vec<_>, _> = Fields::new(&bytes).collect();
        assert_eq!(
            fields,
            Ok(vec![
                (1, WireValue::Varint(150)),
                (2, WireValue::Bytes(b"a")),
                (3, WireValue::Fixed32(1)),
                (4, WireValue::Fixed64(2)),
                (5, WireValue::Group(&[8, 7])),
            ])
        );
    }

    #[test]
    fn malformed_bytes_say_what_is_wrong_and_where() {
        let deep = [0x0B; 101];
        let cases: &[(&[u8], &str, usize)] = &[
            (&[8], "a varint is cut off", 1),
            (&[8, 0xFF], "a varint is cut off", 1),
            (
                &[8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 2],
                "a varint has more than 64 bits",
                1,
            ),
            (
                &[0x12, 2, b'a'],
                "a value is longer than what is left of its message",
                2,
            ),
            (&[0x0D, 1, 2, 3], "a 32-bit value is cut off", 1),
            (&[0x09, 1, 2, 3], "a 64-bit value is cut off", 1),
            (&[0, 1], "a tag has no valid field number", 0),
            (
                &[0x80, 0x80, 0x80, 0x80, 0x80, 1, 0],
                "a tag has no valid field number",
                0,
            ),
            (&[8, 1, 0x0C], "a group ends that never began", 3),
            (&[0x0B, 0x14], "a group ends that never began", 2),
            (&[0x0B, 8, 1], "a group does not end", 3),
            (&[0x0E], "a tag has an unknown wire type", 1),
            (&deep, "messages nest deeper than 100", 101),
        ];
        for (bytes, reason, offset) in cases {
            let error = Fields::new(bytes).find_map(Result::err);
            assert_eq!(
                error,
                Some(Malformed {
                    reason,
                    offset: *offset
                }),
                "{bytes:?}"
            );
        }
    }
}
