//! Arithmetic on 64-bit integers: sums, bits, and the buckets of bitmap indexes. Java:
//! `LongArithmethicFunctionKeyExpression`.

use std::ops::RangeInclusive;

use record_store_kv::tuple::{Decoder, Element, Encoder};

use super::super::compiled::{Row, Rows, Sink};
use crate::{Error, ErrorKind, Result};

/// One function; either form may be missing. A form that gives no value has overflowed or divided by zero.
#[derive(Debug)]
pub(super) struct Arithmetic {
    name: &'static str,
    unary: Option<fn(i64) -> Option<i64>>,
    binary: Option<fn(i64, i64) -> Option<i64>>,
}

impl Arithmetic {
    const fn unary(name: &'static str, unary: fn(i64) -> Option<i64>) -> Self {
        let binary = None;
        Arithmetic {
            name,
            unary: Some(unary),
            binary,
        }
    }

    const fn binary(name: &'static str, binary: fn(i64, i64) -> Option<i64>) -> Self {
        let unary = None;
        Arithmetic {
            name,
            unary,
            binary: Some(binary),
        }
    }

    const fn both(name: &'static str, unary: fn(i64) -> Option<i64>, binary: fn(i64, i64) -> Option<i64>) -> Self {
        Arithmetic {
            name,
            unary: Some(unary),
            binary: Some(binary),
        }
    }

    pub(super) fn argument_counts(&self) -> RangeInclusive<usize> {
        let first = if self.unary.is_some() { 1 } else { 2 };
        let last = if self.binary.is_some() { 2 } else { 1 };
        first..=last
    }

    /// Writes the result as a column. A null argument makes a null that is a value like others in a unique index.
    pub(super) fn write(&self, row: Row<'_>, rows: &mut Rows) -> Result<()> {
        let mut arguments = Decoder::new(row.bytes());
        let mut next = || {
            arguments
                .next()
                .transpose()?
                .map_or(Ok(None), |element| self.integer(&element))
        };
        let (first, second) = (next()?, next()?);
        let result = match (row.column_count(), first, second, self.unary, self.binary) {
            (1, Some(value), _, Some(unary), _) => Some(unary(value)),
            (2, Some(left), Some(right), _, Some(binary)) => Some(binary(left, right)),
            _ => None,
        };
        let mut encoder = Encoder::new(rows.bytes());
        match result {
            None => encoder.null(),
            Some(Some(value)) => encoder.int(value),
            Some(None) => {
                return Err(Error::new(
                    ErrorKind::InvalidRecord,
                    "the result overflows, or something is divided by zero",
                )
                .with("function", self.name));
            }
        };
        rows.end_column(None);
        Ok(())
    }

    /// Java takes every number for an integer: floats are cut towards zero, and those out of range become the nearest.
    fn integer(&self, element: &Element) -> Result<Option<i64>> {
        match element {
            Element::Null => Ok(None),
            Element::Int(value) => Ok(Some(*value)),
            Element::Float(value) => Ok(Some(*value as i64)),
            Element::Double(value) => Ok(Some(*value as i64)),
            other => Err(Error::new(ErrorKind::InvalidRecord, "the function takes numbers")
                .with("function", self.name)
                .with("type", other.type_name())),
        }
    }
}

/// The function of this name.
pub(super) fn named(name: &str) -> Option<&'static Arithmetic> {
    FUNCTIONS.iter().find(|function| function.name == name)
}

/// `wrapping_div` and `wrapping_rem` after the check for zero: Java lets the smallest integer divided by −1 wrap.
fn div(left: i64, right: i64) -> Option<i64> {
    (right != 0).then(|| left.wrapping_div(right))
}

fn rem(left: i64, right: i64) -> Option<i64> {
    (right != 0).then(|| left.wrapping_rem(right))
}

/// The start of the bucket of `size` integers that `value` is in. The quotient is rounded down, also below zero.
fn bucket_offset(value: i64, size: i64) -> Option<i64> {
    let quotient = div(value, size)?;
    let rounded_up = value.wrapping_rem(size) != 0 && (value < 0) != (size < 0);
    (quotient - i64::from(rounded_up)).checked_mul(size)
}

/// The static list of all functions, `sub` and `subtract` differing in the smallest integer alone: one wraps.
static FUNCTIONS: [Arithmetic; 14] = [
    Arithmetic::binary("add", i64::checked_add),
    Arithmetic::both("sub", |value| Some(value.wrapping_neg()), i64::checked_sub),
    Arithmetic::both("subtract", i64::checked_neg, i64::checked_sub),
    Arithmetic::binary("mul", i64::checked_mul),
    Arithmetic::binary("multiply", i64::checked_mul),
    Arithmetic::binary("div", div),
    Arithmetic::binary("divide", div),
    Arithmetic::binary("mod", rem),
    Arithmetic::binary("bitor", |left, right| Some(left | right)),
    Arithmetic::binary("bitand", |left, right| Some(left & right)),
    Arithmetic::binary("bitxor", |left, right| Some(left ^ right)),
    Arithmetic::unary("bitnot", |value| Some(!value)),
    Arithmetic::binary("bitmap_bit_position", |value, size| {
        value.checked_sub(bucket_offset(value, size)?)
    }),
    Arithmetic::binary("bitmap_bucket_offset", bucket_offset),
];
