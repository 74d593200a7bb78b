//! Which recorded calls the key-value API has, and the options that it leaves to their numbers.

use record_store_kv::{DatabaseOption, TransactionOption};
use serde_json::Value;

use super::value;

/// Why a program with this call says nothing about the key-value API, if so.
pub(crate) fn not_applicable(op: &[Value]) -> Option<String> {
    let argument = |at: usize| op.get(at).unwrap_or(&Value::Null);
    let name = argument(0).as_str().unwrap_or_default();
    let reason = match name {
        "error_text" => "FoundationDB's own error texts",
        "async" => return op.get(2).and_then(Value::as_array).and_then(|op| not_applicable(op)),
        "raw_range" | "range_len" if value::mode(argument(6)).is_none() => "streaming modes that do not exist",
        "conflict" if !matches!(argument(2).as_str(), Some("read" | "write")) => {
            "conflict range types that do not exist"
        }
        "option" if transaction_option(argument(2)).is_none() => "an option that no list of ours knows",
        _ => return None,
    };
    Some(reason.to_owned())
}

/// The number of a transaction option, given by name or number.
pub(crate) fn transaction_option(option: &Value) -> Option<i32> {
    const BY_NUMBER: [(&str, i32); 10] = [
        ("include_port_in_address", 23),
        ("raw_access", 303),
        ("debug_transaction_identifier", 403),
        ("log_transaction", 404),
        ("transaction_logging_max_field_length", 405),
        ("idempotency_id", 504),
        ("tag", 800),
        ("auto_throttle_tag", 801),
        ("span_parent", 900),
        ("use_grv_cache", 1101),
    ];
    let Some(name) = option.as_str() else {
        return number(option);
    };
    TransactionOption::code_of(name)
        .or_else(|| {
            BY_NUMBER
                .into_iter()
                .find(|(known, _)| *known == name)
                .map(|(_, code)| code)
        })
        .or(match name {
            "retry_limit_0" => Some(TransactionOption::RetryLimit(0).code()),
            "size_limit_100" => Some(TransactionOption::SizeLimit(100).code()),
            _ => None,
        })
}

/// The number of a database option, given by name or number.
pub(crate) fn database_option(option: &Value) -> Option<i32> {
    let Some(name) = option.as_str() else {
        return number(option);
    };
    DatabaseOption::code_of(name).or(match name {
        "location_cache_size" => Some(10),
        "transaction_include_port_in_address" => Some(505),
        _ => None,
    })
}

/// The number of an atomic operation, given by name or number.
pub(crate) fn mutation(mutation: &Value) -> Option<i32> {
    Some(match mutation.as_str() {
        None => number(mutation)?,
        Some("add") => 2,
        Some("bit_and") => 6,
        Some("bit_or") => 7,
        Some("bit_xor") => 8,
        Some("append_if_fits") => 9,
        Some("max") => 12,
        Some("min") => 13,
        Some("set_versionstamped_key") => 14,
        Some("set_versionstamped_value") => 15,
        Some("byte_min") => 16,
        Some("byte_max") => 17,
        Some("compare_and_clear") => 20,
        Some(_) => return None,
    })
}

/// A number that fits.
pub(crate) fn number(value: &Value) -> Option<i32> {
    value.as_i64().and_then(|number| i32::try_from(number).ok())
}
