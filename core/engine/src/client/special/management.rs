//! Settings of the database: its lock, and those that one process does not have.

use bytes::Bytes;
use record_store_kv::{Error, KeyValue, Result, fdb_code};

use super::super::state::State;
use super::writes::SpecialWrites;
use super::{MODULES, Module, end_of, process};

const DATABASE_LOCK: &[u8] = b"\xff/dbLocked";
const LOCKED: &[u8] = b"\xff\xff/management/db_locked";
/// What stands before the identity in the lock's value: the versionstamp of the commit that set it.
const STAMP: usize = 10;

/// The identity with which the database is locked.
pub(super) fn lock_id(state: &mut State) -> Result<Option<Bytes>> {
    let version = state.snapshot.version()?;
    let value = state.snapshot.cluster().get(DATABASE_LOCK, version)?;
    let hex = |id: &[u8]| id.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    Ok(value.map(|value| hex(value.get(STAMP..).unwrap_or_default()).into()))
}

/// How data is distributed: not at all.
pub(super) fn data_distribution(prefix: &[u8]) -> Vec<KeyValue> {
    vec![process::row(prefix, "mode", "-1".into())]
}

/// Locks or unlocks the database. Errors: 1038 for a database that is locked already; 2117 for what one process does not have.
pub(super) fn commit(state: &mut State, writes: &SpecialWrites) -> Result<()> {
    let touched = |name: &[u8]| {
        let end = end_of(name);
        let set = writes.set.keys().any(|key| name <= &key[..] && key[..] < end[..]);
        set || writes
            .cleared
            .iter()
            .any(|(begin, until)| begin[..] < end[..] && name < &until[..])
    };
    for (name, module) in MODULES {
        let refused = matches!(
            module,
            Module::Refused | Module::Coordinators | Module::DataDistribution
        );
        if refused && touched(name) {
            let name = String::from_utf8_lossy(name.get(2..).unwrap_or_default()).into_owned();
            let message = format!("an embedded database has no {name}");
            return Err(super::refuse(state, &name, &message));
        }
    }
    if writes.set.contains_key(LOCKED) {
        if state.read_system(DATABASE_LOCK)?.is_some() {
            return Err(Error::fdb(fdb_code::DATABASE_LOCKED));
        }
        let rng = state.snapshot.cluster().env().rng();
        let mut value = vec![0; STAMP];
        value.extend_from_slice(&rng.next_u64().to_be_bytes());
        value.extend_from_slice(&rng.next_u64().to_be_bytes());
        value.extend_from_slice(&0_i32.to_le_bytes());
        state.stamp_system(DATABASE_LOCK, &value);
        state.options.lock_aware = true;
    } else if touched(LOCKED) {
        state.options.lock_aware = true;
        state.clear_system(DATABASE_LOCK);
    }
    Ok(())
}
