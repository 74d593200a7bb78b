//! Bytes as the case files spell them: hexadecimal, and base64 for messages.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn from_hex(text: &str) -> Result<Vec<u8>> {
    let digit = |at: usize| text.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok());
    (0..text.len())
        .step_by(2)
        .map(|at| digit(at).with_context(|| format!("not hexadecimal: {text}")))
        .collect()
}

pub(super) fn from_base64(text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text).with_context(|| format!("not base64: {text}"))
}

/// A string of a case file.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> Result<&'a str> {
    value[name]
        .as_str()
        .with_context(|| format!("no string {name} in {value}"))
}
