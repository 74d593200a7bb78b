//! `order_*`: columns as bytes that sort the other way, or with nulls at the other end. Java: `TupleOrdering`,
//! `OrderFunctionKeyExpression`.

use record_store_kv::tuple::{Decoder, Encoder};

use super::super::compiled::{Row, Rows, Sink};
use crate::{Error, ErrorKind, Result};

/// A direction and a place for nulls. Java: `TupleOrdering.Direction`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TupleOrdering {
    /// Smallest first, nulls before all: the order of tuples themselves.
    AscNullsFirst,
    /// Smallest first, nulls after all.
    AscNullsLast,
    /// Largest first, nulls before all.
    DescNullsFirst,
    /// Largest first, nulls after all.
    DescNullsLast,
}

impl TupleOrdering {
    fn is_inverted(self) -> bool {
        matches!(self, TupleOrdering::DescNullsFirst | TupleOrdering::DescNullsLast)
    }

    fn has_counterflow_nulls(self) -> bool {
        matches!(self, TupleOrdering::AscNullsLast | TupleOrdering::DescNullsFirst)
    }

    /// Bytes that sort in this order, for columns that are packed one by one. Java: `TupleOrdering.pack`.
    ///
    /// ```
    /// use record_store::key_expression::TupleOrdering;
    /// let one = TupleOrdering::DescNullsLast.pack([&[0x15, 1][..]]);
    /// let null = TupleOrdering::DescNullsLast.pack([&[0][..]]);
    /// assert_eq!(one, [0x75, 0x3F, 0x5F, 0xD0]);
    /// assert!(one < null);
    /// ```
    pub fn pack<'a>(self, columns: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
        let mut packed = Vec::new();
        for column in columns {
            match column {
                [0] if self.has_counterflow_nulls() => packed.push(NULL_LAST),
                column => packed.extend_from_slice(column),
            }
        }
        if self.is_inverted() { invert(&packed) } else { packed }
    }

    /// The packed tuple that [`TupleOrdering::pack`] was given. Java: `TupleOrdering.unpack`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`] for bytes that no such call made.
    pub fn unpack(self, bytes: &[u8]) -> Result<Vec<u8>> {
        let mut packed = if self.is_inverted() {
            uninvert(bytes)?
        } else {
            bytes.to_vec()
        };
        if self.has_counterflow_nulls() {
            let mut at = 0;
            while let Some(rest) = packed.get_mut(at..).filter(|rest| !rest.is_empty()) {
                at += match rest {
                    [NULL_LAST, ..] => {
                        rest[0] = 0;
                        1
                    }
                    rest => element_len(rest)?,
                };
            }
        }
        Ok(packed)
    }
}

/// The order of an `order_*` function.
pub(super) fn named(name: &str) -> Option<TupleOrdering> {
    Some(match name {
        "order_asc_nulls_first" => TupleOrdering::AscNullsFirst,
        "order_asc_nulls_last" => TupleOrdering::AscNullsLast,
        "order_desc_nulls_first" => TupleOrdering::DescNullsFirst,
        "order_desc_nulls_last" => TupleOrdering::DescNullsLast,
        _ => return None,
    })
}

/// Writes the ordered bytes of a row as a column.
pub(super) fn write(ordering: TupleOrdering, row: Row<'_>, rows: &mut Rows) -> Result<()> {
    row.refuse_incomplete_version()?;
    let packed = ordering.pack((0..row.column_count()).map(|index| row.column(index)));
    Encoder::new(rows.bytes()).bytes(&packed);
    rows.end_column(None);
    Ok(())
}

fn element_len(packed: &[u8]) -> Result<usize> {
    let element = Decoder::new(packed).skip_element()?;
    Ok(element.map_or(0, <[u8]>::len))
}

/// Complements the bits and writes them seven to a byte, so that the last byte alone has its high bit set: it says how many
/// ones fill the byte before it, and it ends every value after all values that go on.
fn invert(bytes: &[u8]) -> Vec<u8> {
    let mut inverted = Vec::with_capacity((bytes.len() * 8).div_ceil(7) + 1);
    let (mut bits, mut count) = (0u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(!byte);
        count += 8;
        while count >= 7 {
            count -= 7;
            inverted.push((bits >> count) as u8 & LOW_SEVEN);
        }
    }
    if count == 0 {
        inverted.push(HIGH_BIT);
    } else {
        let fill = 7 - count;
        inverted.push((bits << fill | ((1 << fill) - 1)) as u8 & LOW_SEVEN);
        inverted.push(HIGH_BIT | (fill as u8) << 4);
    }
    inverted
}

fn uninvert(inverted: &[u8]) -> Result<Vec<u8>> {
    let malformed = |reason| Error::new(ErrorKind::InvalidArgument, reason).with("bytes", inverted.escape_ascii());
    let (last, groups) = inverted
        .split_last()
        .ok_or_else(|| malformed("an inverted value has at least one byte"))?;
    let fill = usize::from(last >> 4 & 7);
    let bit_count = (groups.len() * 7).checked_sub(fill).filter(|bits| bits % 8 == 0);
    if last & HIGH_BIT == 0 || bit_count.is_none() {
        return Err(malformed("an inverted value does not end as one"));
    }
    let mut bytes = Vec::with_capacity(groups.len());
    let (mut bits, mut count) = (0u32, 0);
    for group in groups {
        if group & HIGH_BIT != 0 {
            return Err(malformed("an inverted value ends before its last byte"));
        }
        bits = bits << 7 | u32::from(!group & LOW_SEVEN);
        count += 7;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Ok(bytes)
}

/// Stands for null where nulls come last: after every type code of a tuple.
const NULL_LAST: u8 = 0xFE;
const HIGH_BIT: u8 = 0x80;
const LOW_SEVEN: u8 = 0x7F;
