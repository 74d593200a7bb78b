//! Record versions: their parts, and their neighbours in order.

use anyhow::Result;
use record_store::kv::tuple::Versionstamp;
use record_store::{RecordVersion, Tuple};
use serde_json::{Value, json};

use super::same;
use crate::golden::bytes::{from_hex, hex, text};

/// The parts of a version, the next and the previous one.
pub(super) fn steps(vector: &Value) -> Result<()> {
    let version = RecordVersion::from_bytes(&from_hex(text(vector, "bytes")?)?)?;
    let is = |name: &str, ours: Value| same(name, ours, vector.get(name).cloned().unwrap_or_default());
    is("complete", json!(version.is_complete()))?;
    is("local", json!(version.local_version()))?;
    is(
        "db_version",
        json!(version.database_version().map(|version| version.to_string())),
    )?;
    if version.is_complete() {
        is("tuple", json!(hex(&Tuple::from((Versionstamp::from(version),)).pack())))?;
    }
    for (name, error, neighbour) in [
        ("next", "next_error", version.next()),
        ("prev", "prev_error", version.previous()),
    ] {
        is(
            name,
            json!(neighbour.as_ref().ok().map(|version| hex(&version.to_bytes()))),
        )?;
        same(error, neighbour.is_err(), vector.get(error).is_some())?;
    }
    Ok(())
}
