//! What programs do with tenants, and documents that special keys hold.

use std::collections::BTreeMap;

use record_store_kv::{KeyValue, RangeRequest, Result, Tenant, Transaction};
use serde_json::{Map, Value, json};

use super::clock::Time;
use super::value::hex;

/// The tenants that a program has opened.
#[derive(Default)]
pub(crate) struct Tenants {
    /// By the numbers that the program gives them.
    pub(crate) open: BTreeMap<i64, Tenant>,
    /// The number of the first tenant that it saw: others count from there.
    first: Option<i64>,
}

const MAP: &[u8] = b"\xff\xff/management/tenant/map/";

impl Tenants {
    /// A tenant's number as programs note it.
    pub(crate) fn relative(&mut self, id: i64) -> i64 {
        id - *self.first.get_or_insert(id)
    }

    /// The tenants whose names lie in a range.
    pub(crate) fn list(
        &mut self,
        clock: &Time,
        transaction: &Transaction,
        (begin, end): (&[u8], &[u8]),
        limit: i32,
    ) -> Result<Value> {
        let request = RangeRequest::keys([MAP, begin].concat(), [MAP, end].concat()).limit(limit);
        let batch = clock.result(transaction.get_range(&request, false))?;
        Ok(batch.rows.iter().map(|row| self.describe(row)).collect())
    }

    fn describe(&mut self, row: &KeyValue) -> Value {
        let document: Value = serde_json::from_slice(&row.value).unwrap_or_default();
        let id = document["id"].as_i64().unwrap_or_default();
        let mut fields: Vec<&String> = document.as_object().into_iter().flat_map(Map::keys).collect();
        fields.sort();
        let prefix: String = id.to_be_bytes().iter().map(|byte| printable(*byte)).collect();
        json!([
            hex(row.key.strip_prefix(MAP).unwrap_or(&row.key)),
            self.relative(id),
            fields,
            document["name"]["printable"],
            document["prefix"]["printable"] == json!(prefix),
            document["lock_state"],
            document["tenant_group"]["printable"],
        ])
    }
}

fn printable(byte: u8) -> String {
    match byte {
        b'\\' => "\\\\".to_owned(),
        0x20..=0x7e => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    }
}

/// For each dotted name of a document its value if that is a number or a truth value, else whether it is there. Names were
/// looked up as they stand when the programs were recorded, so nothing was found for those that begin with `!`.
pub(crate) fn json_keys(document: Option<&[u8]>, names: &[Value]) -> Value {
    let document: Value = document
        .and_then(|text| serde_json::from_slice(text).ok())
        .unwrap_or_default();
    let look = |name: &Value| {
        let name = name.as_str()?;
        let value = match name.split('.').try_fold(&document, |value, part| value.get(part)) {
            Some(value) if value.is_boolean() || value.is_number() => value.clone(),
            found => found.is_some().into(),
        };
        Some((name.to_owned(), value))
    };
    Value::Object(names.iter().filter_map(look).collect())
}
