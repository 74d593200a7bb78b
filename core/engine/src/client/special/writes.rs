//! [`SpecialWrites`]: what a transaction wrote to the special key space, until its commit.

use std::collections::BTreeMap;

use bytes::Bytes;
use record_store_kv::{Error, KeyValue, fdb_code};
use serde_json::json;

/// Special keys written and cleared, and what became of the last ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct SpecialWrites {
    /// The values set, by key.
    pub(super) set: BTreeMap<Vec<u8>, Bytes>,
    /// The ranges cleared. What was set after that is in `set`.
    pub(super) cleared: Vec<(Vec<u8>, Vec<u8>)>,
    error: Option<Bytes>,
}

impl SpecialWrites {
    /// Sets a key.
    pub(super) fn set(&mut self, key: &[u8], value: &[u8]) {
        self.set.insert(key.to_vec(), Bytes::copy_from_slice(value));
    }

    /// Clears a range.
    pub(super) fn clear(&mut self, begin: &[u8], end: &[u8]) {
        self.set.retain(|key, _| &key[..] < begin || &key[..] >= end);
        self.cleared.push((begin.to_vec(), end.to_vec()));
    }

    /// Forgets the writes.
    pub(crate) fn reset(&mut self) {
        self.set.clear();
        self.cleared.clear();
    }

    /// What was written since the last time.
    pub(super) fn take(&mut self) -> SpecialWrites {
        SpecialWrites {
            set: std::mem::take(&mut self.set),
            cleared: std::mem::take(&mut self.cleared),
            error: None,
        }
    }

    /// The values set under `prefix`, by the rest of the key.
    pub(super) fn set_under<'a>(&'a self, prefix: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a Bytes)> {
        let under = |(key, value): (&'a Vec<u8>, &'a Bytes)| Some((key.strip_prefix(prefix)?, value));
        self.set.iter().filter_map(under)
    }

    /// The ranges cleared under `prefix`, without it. An end beyond is `None`.
    pub(super) fn cleared_under<'a>(&'a self, prefix: &'a [u8]) -> impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)> {
        let under = |(begin, end): &'a (Vec<u8>, Vec<u8>)| {
            let begin = begin.strip_prefix(prefix)?;
            Some((begin, end.strip_prefix(prefix)))
        };
        self.cleared.iter().filter_map(under)
    }

    /// The values set under `prefix` as rows.
    pub(super) fn rows(&self, prefix: &[u8]) -> Vec<KeyValue> {
        let row = |(key, value): (&Vec<u8>, &Bytes)| KeyValue {
            key: Bytes::copy_from_slice(key),
            value: value.clone(),
        };
        self.set
            .iter()
            .filter(|(key, _)| key.starts_with(prefix))
            .map(row)
            .collect()
    }

    /// Why the last commit failed with 2117.
    pub(super) fn error_message(&self) -> Option<Bytes> {
        self.error.clone()
    }

    /// Fails with 2117 and says why.
    pub(super) fn refuse(&mut self, command: &str, message: &str) -> Error {
        let report = json!({"retriable": false, "command": command, "message": message});
        self.error = Some(report.to_string().into());
        Error::fdb(fdb_code::SPECIAL_KEYS_API_FAILURE)
    }
}
