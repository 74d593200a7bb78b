//! What special keys say of the database as the one process that it is.

use bytes::Bytes;
use record_store_kv::KeyValue;

use super::super::ADDRESS;
use super::super::database::Handle;
use super::super::state::State;

/// The address of the one process.
pub(super) fn address() -> Bytes {
    Bytes::from_static(ADDRESS.as_bytes())
}

/// The string with which clients of a cluster connect.
pub(crate) fn connection_string() -> String {
    format!("{DESCRIPTION}:{DESCRIPTION}@{ADDRESS}")
}

/// Where the database lives: what is a cluster file's path elsewhere.
pub(super) fn path(handle: &Handle) -> Bytes {
    Bytes::copy_from_slice(handle.name().as_bytes())
}

/// The coordinators: the process alone.
pub(super) fn coordinators(prefix: &[u8]) -> Vec<KeyValue> {
    vec![
        row(prefix, "cluster_description", DESCRIPTION.into()),
        row(prefix, "processes", address()),
    ]
}

/// The identity under which the transaction is traced; a program may give it another one.
pub(super) fn tracing(prefix: &[u8], state: &State) -> Vec<KeyValue> {
    let rng = state.snapshot.cluster().env().rng();
    let identity = format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64());
    let mut rows = vec![
        row(prefix, "token", "0".into()),
        row(prefix, "transaction_id", identity.into()),
    ];
    for row in &mut rows {
        if let Some(given) = super::written(state).and_then(|writes| writes.set.get(&row.key[..])) {
            row.value = given.clone();
        }
    }
    rows
}

/// What a cluster's description is.
const DESCRIPTION: &str = "embedded";

pub(super) fn row(prefix: &[u8], name: &str, value: Bytes) -> KeyValue {
    KeyValue {
        key: [prefix, name.as_bytes()].concat().into(),
        value,
    }
}
