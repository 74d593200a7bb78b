//! Tenants through special keys: listing, making, removing, renaming them, and the groups that they belong to.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use record_store_kv::tuple::{Element, Tuple};
use record_store_kv::{Error, KeyValue, Result, fdb_code};
use serde_json::{Value, json};

use super::super::state::State;
use super::super::tenant::{GROUPS, LAST_ID, MAP, NAMES, read_id, row};
use super::writes::SpecialWrites;
use crate::cluster::ScanLimits;

const TENANT_MAP: &[u8] = b"\xff\xff/management/tenant/map/";
const TENANT_RENAME: &[u8] = b"\xff\xff/management/tenant/rename/";
const TENANT_CONFIGURE: &[u8] = b"\xff\xff/management/tenant/configure/";

/// The tenants as rows: name, and a document that describes it. Writes of the transaction do not show.
pub(super) fn rows(prefix: &[u8], (begin, end): (&[u8], &[u8]), state: &mut State) -> Result<Vec<KeyValue>> {
    let names = names(state, begin.strip_prefix(prefix), end.strip_prefix(prefix))?;
    let version = state.snapshot.version()?;
    let mut rows = Vec::new();
    for (name, id) in names {
        let group = state.snapshot.cluster().get(&row(GROUPS, id), version)?;
        rows.push(KeyValue {
            key: [prefix, &name].concat().into(),
            value: document(&name, id, group.as_deref()).to_string().into(),
        });
    }
    Ok(rows)
}

/// Makes what was written come true. Errors: 2117, 2131 to 2135, 2139, 2140.
pub(super) fn commit(state: &mut State, writes: &SpecialWrites) -> Result<()> {
    create(state, writes)?;
    remove(state, writes)?;
    for (name, new_name) in writes.set_under(TENANT_RENAME) {
        rename(state, name, new_name)?;
    }
    let set = writes
        .set_under(TENANT_CONFIGURE)
        .map(|(key, group)| (key, Some(group.clone())));
    let cleared = writes.cleared_under(TENANT_CONFIGURE).map(|(key, _)| (key, None));
    for (key, group) in set.chain(cleared) {
        configure(state, key, group)?;
    }
    Ok(())
}

fn create(state: &mut State, writes: &SpecialWrites) -> Result<()> {
    let mut created = writes.set_under(TENANT_MAP).peekable();
    if created.peek().is_none() {
        return Ok(());
    }
    let mut last = state.read_system(LAST_ID)?.and_then(|id| read_id(&id)).unwrap_or(-1);
    for (name, _) in created {
        check_name(name)?;
        if find(state, name)?.is_none() {
            last += 1;
            if !is_empty(state, last)? {
                return Err(Error::fdb(fdb_code::TENANT_PREFIX_ALLOCATOR_CONFLICT));
            }
            state.set_system(&row(MAP, last), name);
            state.set_system(&[NAMES, name].concat(), &last.to_be_bytes());
        }
    }
    state.set_system(LAST_ID, &last.to_be_bytes());
    Ok(())
}

fn remove(state: &mut State, writes: &SpecialWrites) -> Result<()> {
    for (begin, end) in writes.cleared_under(TENANT_MAP) {
        for (name, id) in names(state, Some(begin), end)? {
            if writes.set.contains_key(&[TENANT_MAP, &name].concat()) {
                continue;
            }
            state.read_system(&[NAMES, &name].concat())?;
            if !is_empty(state, id)? {
                return Err(Error::fdb(fdb_code::TENANT_NOT_EMPTY));
            }
            for key in [row(MAP, id), row(GROUPS, id), [NAMES, &name].concat()] {
                state.clear_system(&key);
            }
        }
    }
    Ok(())
}

fn rename(state: &mut State, name: &[u8], new_name: &[u8]) -> Result<()> {
    check_name(new_name)?;
    let id = find(state, name)?.ok_or_else(|| Error::fdb(fdb_code::TENANT_NOT_FOUND))?;
    if find(state, new_name)?.is_some() {
        return Err(Error::fdb(fdb_code::TENANT_ALREADY_EXISTS));
    }
    state.clear_system(&[NAMES, name].concat());
    state.set_system(&[NAMES, new_name].concat(), &id.to_be_bytes());
    state.set_system(&row(MAP, id), new_name);
    Ok(())
}

/// Applies one setting; its key is a tuple of the tenant's name and the setting's.
fn configure(state: &mut State, key: &[u8], group: Option<Bytes>) -> Result<()> {
    let tuple = Tuple::unpack(key).ok();
    let (name, setting) = match tuple.as_deref() {
        Some([Element::String(name), Element::String(setting)]) => (name.as_bytes(), setting.as_bytes()),
        Some([Element::Bytes(name), Element::Bytes(setting)]) => (&name[..], &setting[..]),
        _ => {
            return Err(super::refuse(
                state,
                "configure",
                "the key is no tuple of tenant and setting",
            ));
        }
    };
    if setting != b"tenant_group" {
        return Err(Error::fdb(fdb_code::INVALID_TENANT_CONFIGURATION));
    }
    if group.as_ref().is_some_and(|group| group.starts_with(b"\xff")) {
        return Err(Error::fdb(fdb_code::INVALID_TENANT_GROUP_NAME));
    }
    let id = find(state, name)?.ok_or_else(|| Error::fdb(fdb_code::TENANT_NOT_FOUND))?;
    match group {
        Some(group) => state.set_system(&row(GROUPS, id), &group),
        None => state.clear_system(&row(GROUPS, id)),
    }
    Ok(())
}

fn check_name(name: &[u8]) -> Result<()> {
    if name.starts_with(b"\xff") {
        return Err(Error::fdb(fdb_code::INVALID_TENANT_NAME));
    }
    Ok(())
}

fn find(state: &mut State, name: &[u8]) -> Result<Option<i64>> {
    let id = state.read_system(&[NAMES, name].concat())?;
    Ok(id.and_then(|id| read_id(&id)))
}

/// Whether the tenant holds nothing; whoever puts something there at the same time conflicts.
fn is_empty(state: &mut State, id: i64) -> Result<bool> {
    let (begin, end) = (id.to_be_bytes(), id.wrapping_add(1).to_be_bytes());
    let mut rows = Vec::new();
    let one = ScanLimits {
        rows: 1,
        bytes: usize::MAX,
    };
    let version = state.snapshot.version()?;
    state
        .snapshot
        .cluster()
        .scan(&begin, &end, false, version, one, &mut rows)?;
    state.read_conflicts.push(&begin, &end);
    Ok(rows.is_empty())
}

/// The tenants whose names lie in a range, with their numbers, as the database has them.
fn names(state: &State, begin: Option<&[u8]>, end: Option<&[u8]>) -> Result<Vec<(Vec<u8>, i64)>> {
    let from = [NAMES, begin.unwrap_or_default()].concat();
    let to = match end {
        Some(end) => [NAMES, end].concat(),
        None => super::end_of(NAMES),
    };
    let mut rows = Vec::new();
    let all = ScanLimits {
        rows: usize::MAX,
        bytes: usize::MAX,
    };
    let version = state.snapshot.version()?;
    state
        .snapshot
        .cluster()
        .scan(&from, &to, false, version, all, &mut rows)?;
    let tenant = |row: KeyValue| Some((row.key.strip_prefix(NAMES)?.to_vec(), read_id(&row.value)?));
    Ok(rows.into_iter().filter_map(tenant).collect())
}

fn document(name: &[u8], id: i64, group: Option<&[u8]>) -> Value {
    let mut document = json!({
        "id": id,
        "lock_state": "unlocked",
        "name": text(name),
        "prefix": text(&id.to_be_bytes()),
    });
    if let (Some(group), Some(fields)) = (group, document.as_object_mut()) {
        fields.insert("tenant_group".to_owned(), text(group));
    }
    document
}

/// Bytes as FoundationDB shows them.
fn text(bytes: &[u8]) -> Value {
    let printable: String = bytes
        .iter()
        .map(|byte| match byte {
            b'\\' => "\\\\".to_owned(),
            0x20..=0x7e => char::from(*byte).to_string(),
            _ => format!("\\x{byte:02x}"),
        })
        .collect();
    json!({"base64": BASE64_STANDARD.encode(bytes), "printable": printable})
}
