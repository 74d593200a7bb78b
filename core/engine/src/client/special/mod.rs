//! The special key space: what a transaction reads, and asks for, under `\xff\xff`. Its keys are no part of the database.
//!
//! It is cut into regions, which a call must not cross, and within them into modules, each of which makes rows of something: of
//! the transaction itself ([`conflicts`]), of the database as one process ([`process`]), of tenants ([`tenants`]) and of other
//! settings ([`management`]). Writes wait for the commit, which turns them into changes of system keys.

mod conflicts;
mod management;
mod process;
mod status;
mod tenants;
mod writes;

use bytes::Bytes;
use record_store_kv::{Error, KeyValue, Result, fdb_code};

pub(crate) use self::conflicts::ConflictReport;
pub(crate) use self::process::connection_string;
pub(crate) use self::writes::SpecialWrites;
use super::database::Handle;
use super::legality::{SYSTEM_KEYS_END, is_special};
use super::range::{RangeFound, RangeRead};
use super::state::State;

/// What makes the rows of a part of the special key space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Module {
    ConflictingKeys,
    ReadConflicts,
    WriteConflicts,
    Status,
    ConnectionString,
    ClusterFilePath,
    ClusterId,
    ErrorMessage,
    Tracing,
    Coordinators,
    TenantMap,
    TenantRename,
    TenantConfigure,
    /// Flags of other modules' writes; they live in the transaction.
    ManagementOptions,
    DatabaseLock,
    AutoCoordinators,
    DataDistribution,
    /// What one process has nothing to say about, and does not let be changed.
    Empty,
    /// The same, but writes are taken and fail the commit.
    Refused,
}

/// The modules by the begin of their keys, in order. Those that end with `/` have the keys that begin so, others one key.
const MODULES: &[(&[u8], Module)] = &[
    (b"\xff\xff/cluster_file_path", Module::ClusterFilePath),
    (b"\xff\xff/cluster_id", Module::ClusterId),
    (b"\xff\xff/configuration/coordinators/", Module::Coordinators),
    (b"\xff\xff/configuration/process/class_source/", Module::Empty),
    (b"\xff\xff/configuration/process/class_type/", Module::Refused),
    (b"\xff\xff/connection_string", Module::ConnectionString),
    (b"\xff\xff/error_message", Module::ErrorMessage),
    (b"\xff\xff/global_config/", Module::Refused),
    (b"\xff\xff/management/auto_coordinators", Module::AutoCoordinators),
    (b"\xff\xff/management/consistency_check_suspended", Module::Refused),
    (b"\xff\xff/management/data_distribution/", Module::DataDistribution),
    (b"\xff\xff/management/db_locked", Module::DatabaseLock),
    (b"\xff\xff/management/excluded/", Module::Refused),
    (b"\xff\xff/management/excluded_locality/", Module::Refused),
    (b"\xff\xff/management/failed/", Module::Refused),
    (b"\xff\xff/management/failed_locality/", Module::Refused),
    (b"\xff\xff/management/in_progress_exclusion/", Module::Empty),
    (b"\xff\xff/management/maintenance/", Module::Refused),
    (b"\xff\xff/management/min_required_commit_version", Module::Refused),
    (b"\xff\xff/management/options/", Module::ManagementOptions),
    (b"\xff\xff/management/profiling/", Module::Refused),
    (b"\xff\xff/management/tenant/configure/", Module::TenantConfigure),
    (b"\xff\xff/management/tenant/map/", Module::TenantMap),
    (b"\xff\xff/management/tenant/rename/", Module::TenantRename),
    (b"\xff\xff/management/version_epoch", Module::Refused),
    (b"\xff\xff/metrics/data_distribution_stats/", Module::Empty),
    (b"\xff\xff/metrics/health/", Module::Empty),
    (b"\xff\xff/status/json", Module::Status),
    (b"\xff\xff/tracing/", Module::Tracing),
    (b"\xff\xff/transaction/conflicting_keys/", Module::ConflictingKeys),
    (b"\xff\xff/transaction/read_conflict_range/", Module::ReadConflicts),
    (b"\xff\xff/transaction/write_conflict_range/", Module::WriteConflicts),
    (b"\xff\xff/worker_interfaces/", Module::Empty),
];

/// The regions in order, named as modules are.
const REGIONS: &[&[u8]] = &[
    b"\xff\xff/actor_lineage/",
    b"\xff\xff/actor_profiler_conf/",
    b"\xff\xff/cluster_file_path",
    b"\xff\xff/cluster_id",
    b"\xff\xff/configuration/",
    b"\xff\xff/connection_string",
    b"\xff\xff/error_message",
    b"\xff\xff/global_config/",
    b"\xff\xff/management/",
    b"\xff\xff/metrics/",
    b"\xff\xff/status/json",
    b"\xff\xff/tracing/",
    b"\xff\xff/transaction/",
    b"\xff\xff/worker_interfaces/",
];

impl Module {
    /// Whether it takes writes.
    fn is_writable(self) -> bool {
        use Module::*;
        matches!(
            self,
            Tracing
                | TenantMap
                | TenantRename
                | TenantConfigure
                | ManagementOptions
                | DatabaseLock
                | Coordinators
                | DataDistribution
                | Refused
        )
    }

    /// Whether transactions of tenants may use it.
    fn serves_tenants(self) -> bool {
        use Module::*;
        matches!(
            self,
            ConflictingKeys
                | ReadConflicts
                | WriteConflicts
                | Status
                | ConnectionString
                | ClusterFilePath
                | ErrorMessage
        )
    }

    /// Its rows from `begin` to `end`, at least.
    fn rows(
        self,
        prefix: &[u8],
        (begin, end): (&[u8], &[u8]),
        (state, handle): (&mut State, &Handle),
    ) -> Result<Vec<KeyValue>> {
        let one = |value: Option<Bytes>| {
            let row = |value| KeyValue {
                key: Bytes::copy_from_slice(prefix),
                value,
            };
            Ok(value.map(row).into_iter().collect())
        };
        match self {
            Module::ConflictingKeys | Module::ReadConflicts | Module::WriteConflicts => {
                conflicts::rows(self, prefix, state)
            }
            Module::Status => one(Some(status::document())),
            Module::ConnectionString => one(Some(connection_string().into())),
            Module::ClusterFilePath => one(Some(process::path(handle))),
            Module::AutoCoordinators => one(Some(process::address())),
            Module::ErrorMessage => one(written(state).and_then(SpecialWrites::error_message)),
            Module::Tracing if state.options.api_version >= 700 => Ok(process::tracing(prefix, state)),
            Module::Coordinators => Ok(process::coordinators(prefix)),
            Module::TenantMap => tenants::rows(prefix, (begin, end), state),
            Module::ManagementOptions => Ok(written(state).map(|writes| writes.rows(prefix)).unwrap_or_default()),
            Module::DatabaseLock => one(management::lock_id(state)?),
            Module::DataDistribution => Ok(management::data_distribution(prefix)),
            Module::Tracing
            | Module::ClusterId
            | Module::TenantRename
            | Module::TenantConfigure
            | Module::Empty
            | Module::Refused => Ok(Vec::new()),
        }
    }
}

/// Whether `key` is one that the special key space has: before version 630 of the API these were three single keys and a list.
pub(crate) fn has(state: &State, key: &[u8]) -> bool {
    const OLD: [&[u8]; 4] = [
        b"\xff\xff/cluster_file_path",
        b"\xff\xff/connection_string",
        b"\xff\xff/status/json",
        b"\xff\xff/worker_interfaces",
    ];
    is_special(key) && (state.options.api_version >= 630 || OLD.contains(&key))
}

/// Reads one special key. Errors: 2113 for a key of no module, 2138.
pub(crate) fn get(state: &mut State, handle: &Handle, key: &[u8]) -> Result<Option<Bytes>> {
    if key == SYSTEM_KEYS_END {
        return Ok(None);
    }
    let Some((prefix, module)) = module_of(key) else {
        if state.options.special_keys_relaxed {
            return Ok(None);
        }
        return Err(Error::fdb(fdb_code::SPECIAL_KEYS_NO_MODULE_FOUND));
    };
    check_tenant(state, module)?;
    let after = crate::key::key_after(key);
    let rows = module.rows(prefix, (key, &after), (state, handle))?;
    Ok(rows.into_iter().find(|row| row.key == key).map(|row| row.value))
}

/// Reads a range of special keys. Errors: 2112 across regions, 2113 outside of them, 2138.
pub(crate) fn get_range(state: &mut State, handle: &Handle, read: &RangeRead) -> Result<RangeFound> {
    let (begin, end) = (&read.begin.key[..], &read.end.key[..]);
    if begin >= end {
        return Ok(read.select(Vec::new()));
    }
    let (region_end, is_gap) = region_of(begin);
    if !state.options.special_keys_relaxed && region_end.is_none_or(|region| end > &region[..]) {
        return Err(Error::fdb(fdb_code::SPECIAL_KEYS_CROSS_MODULE_READ));
    }
    if is_gap && !state.options.special_keys_relaxed {
        return Err(Error::fdb(fdb_code::SPECIAL_KEYS_NO_MODULE_FOUND));
    }
    let mut rows = Vec::new();
    for (prefix, module) in MODULES {
        if begin < end_of(prefix).as_slice() && *prefix < end {
            check_tenant(state, *module)?;
            rows.extend(module.rows(prefix, (begin, end), (state, handle))?);
        }
    }
    Ok(read.select(rows))
}

/// Writes a special key. Errors: 2017, 2114, 2115.
pub(crate) fn set(state: &mut State, key: &[u8], value: &[u8]) -> Result<(), i32> {
    check_write(state)?;
    if !module_of(key).is_some_and(|(_, module)| module.is_writable()) {
        return Err(fdb_code::SPECIAL_KEYS_NO_WRITE_MODULE_FOUND);
    }
    state.special_writes.get_or_insert_default().set(key, value);
    Ok(())
}

/// Clears special keys. Errors: 2017, 2114, 2115, 2116 across regions.
pub(crate) fn clear(state: &mut State, begin: &[u8], end: &[u8]) -> Result<(), i32> {
    check_write(state)?;
    if begin >= end {
        return Ok(());
    }
    if region_of(begin).0.is_none_or(|region| end > &region[..]) {
        return Err(fdb_code::SPECIAL_KEYS_CROSS_MODULE_CLEAR);
    }
    if !module_of(begin).is_some_and(|(prefix, module)| module.is_writable() && end <= end_of(prefix).as_slice()) {
        return Err(fdb_code::SPECIAL_KEYS_NO_WRITE_MODULE_FOUND);
    }
    state.special_writes.get_or_insert_default().clear(begin, end);
    Ok(())
}

/// Turns the writes into changes of system keys, which the commit takes along. Errors: 2117 and those of tenants.
pub(crate) fn commit(state: &mut State) -> Result<()> {
    let Some(writes) = state.special_writes.as_mut().map(|writes| writes.take()) else {
        return Ok(());
    };
    tenants::commit(state, &writes)?;
    management::commit(state, &writes)
}

/// What was written, if anything was.
fn written(state: &State) -> Option<&SpecialWrites> {
    state.special_writes.as_deref()
}

/// Fails with 2117 and keeps the reason for whoever asks.
fn refuse(state: &mut State, command: &str, message: &str) -> Error {
    state.special_writes.get_or_insert_default().refuse(command, message)
}

fn check_write(state: &mut State) -> Result<(), i32> {
    state.check_not_committing()?;
    if state.options.special_key_writes {
        Ok(())
    } else {
        Err(fdb_code::SPECIAL_KEYS_WRITE_DISABLED)
    }
}

fn check_tenant(state: &State, module: Module) -> Result<()> {
    if state.snapshot.tenant().is_some() && !module.serves_tenants() {
        return Err(Error::fdb(fdb_code::ILLEGAL_TENANT_ACCESS));
    }
    Ok(())
}

fn module_of(key: &[u8]) -> Option<(&'static [u8], Module)> {
    let module = MODULES
        .iter()
        .find(|(prefix, _)| *prefix <= key && key < end_of(prefix).as_slice());
    module.copied()
}

/// The end of the region, or of the gap between two, in which `key` lies, and whether it is a gap; no end behind the last region.
fn region_of(key: &[u8]) -> (Option<Vec<u8>>, bool) {
    let next = REGIONS.iter().find(|region| end_of(region).as_slice() > key);
    match next {
        Some(region) if *region <= key => (Some(end_of(region)), false),
        Some(region) => (Some(region.to_vec()), true),
        None => (Some(b"\xff\xff\xff".to_vec()), true),
    }
}

/// The end of the keys that a module or region has.
fn end_of(name: &[u8]) -> Vec<u8> {
    let mut end = name.to_vec();
    match end.last_mut() {
        Some(last) if *last == b'/' => *last += 1,
        _ => end.push(0),
    }
    end
}
