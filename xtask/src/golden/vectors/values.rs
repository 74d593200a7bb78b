//! Typed values and key expressions as the case files spell them.

use anyhow::{Context, Result, bail, ensure};
use prost::Message;
use record_store::kv::tuple::{BigInt, Element, Tuple, Versionstamp};
use record_store::{KeyExpression, proto};
use serde_json::Value;

use crate::golden::bytes::{from_base64, from_hex, text};

/// A list of typed values.
pub(in crate::golden) fn elements(list: &Value) -> Result<Tuple> {
    let list = list.as_array().context("the values are no list")?;
    let elements: Result<Vec<Element>> = list.iter().map(element).collect();
    Ok(Tuple::from(elements?))
}

/// A typed value: an object whose only name says the type.
pub(in crate::golden) fn element(value: &Value) -> Result<Element> {
    let object = value.as_object().context("a typed value is an object")?;
    if let Some(stamp) = object.get("versionstamp") {
        let bytes = from_hex(stamp.as_str().context("a versionstamp is a string")?)?;
        let stamp = Versionstamp::from_bytes(bytes.as_slice().try_into()?);
        ensure!(value["complete"] == stamp.is_complete(), "{stamp:?} is complete or not");
        return Ok(stamp.into());
    }
    let (kind, content) = object.iter().next().context("an empty typed value")?;
    let text = content.as_str().unwrap_or_default();
    Ok(match kind.as_str() {
        "null" => Element::Null,
        "int" | "int32" => {
            let number: BigInt = text.parse().ok().with_context(|| format!("not a number: {text}"))?;
            number.into()
        }
        "string" => text.into(),
        "bytes" => from_hex(text)?.into(),
        "bool" => content.as_bool().context("a truth value is expected")?.into(),
        "double_bits" => f64::from_bits(u64::from_str_radix(text, 16)?).into(),
        "float_bits" => f32::from_bits(u32::from_str_radix(text, 16)?).into(),
        "uuid" => Element::Uuid(text.parse()?),
        "tuple" | "list" => elements(content)?.into(),
        unknown => bail!("unknown type of value {unknown}"),
    })
}

/// A key expression. It is written again as it was read, and shown as Java shows it.
pub(in crate::golden) fn expression(value: &Value) -> Result<KeyExpression> {
    let message = proto::KeyExpression::decode(from_base64(text(value, "proto")?)?.as_slice())?;
    let expression = KeyExpression::from_proto(&message)?;
    ensure!(expression.to_proto() == message, "{expression} is written otherwise");
    // Java shows byte arrays by their address.
    let repr = text(value, "repr")?;
    ensure!(
        repr.contains("[B@") || expression.to_string() == repr,
        "shown as {expression}, by Java as {repr}"
    );
    Ok(expression)
}
