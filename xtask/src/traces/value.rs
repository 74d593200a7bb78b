//! The arguments and results of recorded calls: keys and values in hex, selectors and options as lists.

use record_store_kv::{Bytes, KeySelector, KeyValue, StreamingMode};
use serde_json::{Value, json};

/// Bytes from hex. `{vs0}` stands for the first versionstamp of the program, and so on.
pub(crate) fn bytes(value: &Value, stamps: &[String]) -> Option<Bytes> {
    let hex = with_stamps(value.as_str()?, stamps);
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = hex
        .as_bytes()
        .chunks(2)
        .map(|pair| Some(digit(pair.first()?)? << 4 | digit(pair.get(1)?)?));
    pairs.collect::<Option<Vec<u8>>>().map(Bytes::from)
}

/// Hex from bytes.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Rows as lists of key and value.
pub(crate) fn rows(rows: &[KeyValue]) -> Value {
    rows.iter().map(|row| json!([hex(&row.key), hex(&row.value)])).collect()
}

/// A selector: key, `or_equal`, offset.
pub(crate) fn selector(value: &Value, stamps: &[String]) -> Option<KeySelector> {
    let parts = value.as_array()?;
    let offset = i32::try_from(parts.get(2)?.as_i64()?).ok()?;
    Some(KeySelector::new(
        bytes(parts.first()?, stamps)?,
        flag(parts.get(1)?),
        offset,
    ))
}

/// A truth value, also spelled 0 and 1.
pub(crate) fn flag(value: &Value) -> bool {
    value
        .as_bool()
        .unwrap_or_else(|| value.as_i64().is_some_and(|number| number != 0))
}

/// The value of an option: a number as 8 bytes, little-endian, or bytes as they are.
pub(crate) fn option_value(value: Option<&Value>) -> Option<Bytes> {
    match value? {
        Value::Number(number) => Some(Bytes::copy_from_slice(&number.as_i64()?.to_le_bytes())),
        value => bytes(value, &[]),
    }
}

/// A streaming mode by name or number.
pub(crate) fn mode(value: &Value) -> Option<StreamingMode> {
    const MODES: [(&str, StreamingMode); 7] = [
        ("want_all", StreamingMode::WantAll),
        ("iterator", StreamingMode::Iterator),
        ("exact", StreamingMode::Exact),
        ("small", StreamingMode::Small),
        ("medium", StreamingMode::Medium),
        ("large", StreamingMode::Large),
        ("serial", StreamingMode::Serial),
    ];
    let found = MODES.into_iter().find(|(name, mode)| match value {
        Value::String(wanted) => wanted == name,
        other => other.as_i64() == Some(i64::from(*mode as i32)),
    });
    found.map(|(_, mode)| mode)
}

/// `text` with the placeholders of versionstamps filled in.
pub(crate) fn with_stamps(text: &str, stamps: &[String]) -> String {
    let mut text = text.to_owned();
    for (i, stamp) in stamps.iter().enumerate() {
        text = text.replace(&format!("{{vs{i}}}"), stamp);
    }
    text
}

/// A recorded result with the placeholders of versionstamps filled in.
pub(crate) fn result_with_stamps(value: &Value, stamps: &[String]) -> Value {
    match value {
        Value::String(text) => Value::String(with_stamps(text, stamps)),
        Value::Array(values) => values.iter().map(|value| result_with_stamps(value, stamps)).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), result_with_stamps(value, stamps)))
            .collect(),
        other => other.clone(),
    }
}
