//! [`BigInt`]: an integer of any size that a tuple can hold. It carries values through; it does not calculate.

use std::cmp::Ordering;
use std::fmt;
use std::ops::Neg;
use std::str::FromStr;

use crate::{Error, ErrorKind, Result};

/// An integer whose magnitude has at most 255 bytes. Java: `BigInteger` in a tuple.
///
/// ```
/// use record_store_kv::tuple::BigInt;
/// let large: BigInt = "-36893488147419103232".parse()?;
/// assert_eq!(large, BigInt::from(-(1_i128 << 65)));
/// assert_eq!(large.to_string(), "-36893488147419103232");
/// # Ok::<(), record_store_kv::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct BigInt {
    /// Never set for zero.
    negative: bool,
    /// Big-endian, without leading zeros.
    magnitude: Box<[u8]>,
}

impl BigInt {
    /// The most bytes of a magnitude: its length is one byte of the packed form.
    pub const MAGNITUDE_SIZE_MAX: usize = 255;

    /// An integer from its sign and the bytes of its magnitude, big-endian.
    ///
    /// **Errors**: `InvalidArgument` if the magnitude has more than 255 bytes.
    pub fn from_sign_magnitude(negative: bool, magnitude: &[u8]) -> Result<Self> {
        let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
        let magnitude = magnitude.get(zeros..).unwrap_or_default();
        if magnitude.len() > Self::MAGNITUDE_SIZE_MAX {
            return Err(
                Error::new(ErrorKind::InvalidArgument, "an integer of a tuple is too large")
                    .with("bytes", magnitude.len())
                    .with("limit", Self::MAGNITUDE_SIZE_MAX),
            );
        }
        Ok(BigInt {
            negative: negative && !magnitude.is_empty(),
            magnitude: magnitude.into(),
        })
    }

    /// Whether the integer is less than zero.
    pub fn is_negative(&self) -> bool {
        self.negative
    }

    /// The bytes of the magnitude, big-endian, without leading zeros; none for zero.
    pub fn magnitude(&self) -> &[u8] {
        &self.magnitude
    }

    /// The magnitude, if it fits in 64 bits.
    pub(super) fn magnitude_u64(&self) -> Option<u64> {
        if self.magnitude.len() > 8 {
            return None;
        }
        Some(
            self.magnitude
                .iter()
                .fold(0, |value, byte| value << 8 | u64::from(*byte)),
        )
    }

    /// The value, if it fits.
    pub fn to_i64(&self) -> Option<i64> {
        let magnitude = self.magnitude_u64()?;
        match self.negative {
            true => 0_i64.checked_sub_unsigned(magnitude),
            false => i64::try_from(magnitude).ok(),
        }
    }

    /// The value, if it fits.
    pub fn to_i128(&self) -> Option<i128> {
        if self.magnitude.len() > 16 {
            return None;
        }
        let magnitude = self
            .magnitude
            .iter()
            .fold(0, |value, byte| value << 8 | u128::from(*byte));
        match self.negative {
            true => 0_i128.checked_sub_unsigned(magnitude),
            false => i128::try_from(magnitude).ok(),
        }
    }

    fn small(negative: bool, magnitude: u128) -> Self {
        BigInt::from_sign_magnitude(negative, &magnitude.to_be_bytes()).expect("16 bytes are less than 255")
    }
}

impl From<i64> for BigInt {
    fn from(value: i64) -> Self {
        BigInt::from(i128::from(value))
    }
}

impl From<u64> for BigInt {
    fn from(value: u64) -> Self {
        BigInt::small(false, u128::from(value))
    }
}

impl From<i128> for BigInt {
    fn from(value: i128) -> Self {
        BigInt::small(value < 0, value.unsigned_abs())
    }
}

impl From<u128> for BigInt {
    fn from(value: u128) -> Self {
        BigInt::small(false, value)
    }
}

impl Neg for BigInt {
    type Output = BigInt;

    fn neg(self) -> BigInt {
        BigInt {
            negative: !self.negative && !self.magnitude.is_empty(),
            magnitude: self.magnitude,
        }
    }
}

impl Ord for BigInt {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitudes = || {
            let lengths = self.magnitude.len().cmp(&other.magnitude.len());
            lengths.then_with(|| self.magnitude.cmp(&other.magnitude))
        };
        match (self.negative, other.negative) {
            (false, false) => magnitudes(),
            (true, true) => magnitudes().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for BigInt {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl FromStr for BigInt {
    type Err = Error;

    /// Reads decimal digits after an optional sign.
    fn from_str(text: &str) -> Result<Self> {
        let malformed = || Error::new(ErrorKind::InvalidArgument, "not a decimal integer").with("text", text);
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        // 255 bytes are 615 digits; the bound keeps the quadratic loop short.
        if digits.is_empty() || digits.len() > 1_000 {
            return Err(malformed());
        }
        let mut little_endian: Vec<u8> = Vec::new();
        for digit in digits.chars() {
            let mut carry = digit.to_digit(10).ok_or_else(malformed)?;
            for byte in &mut little_endian {
                let [low, rest @ ..] = (u32::from(*byte) * 10 + carry).to_le_bytes();
                *byte = low;
                carry = u32::from(rest[0]);
            }
            if carry > 0 {
                little_endian.push(u8::try_from(carry).map_err(|_| malformed())?);
            }
        }
        little_endian.reverse();
        BigInt::from_sign_magnitude(text.starts_with('-'), &little_endian)
    }
}

impl fmt::Display for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut quotient = self.magnitude.to_vec();
        let mut digits = Vec::new();
        while quotient.iter().any(|byte| *byte != 0) {
            let mut remainder = 0_u16;
            for byte in &mut quotient {
                let dividend = remainder << 8 | u16::from(*byte);
                *byte = u8::try_from(dividend / 10).expect("the remainder of a division by ten is at most nine");
                remainder = dividend % 10;
            }
            digits.push(char::from_digit(u32::from(remainder), 10).expect("a remainder is a digit"));
        }
        if digits.is_empty() {
            digits.push('0');
        }
        let digits: String = digits.iter().rev().collect();
        f.pad_integral(!self.negative, "", &digits)
    }
}

impl fmt::Debug for BigInt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
