//! Entries of indexes, what they keep of groups, and what breaks their uniqueness.

use std::sync::Arc;

use record_store::{IndexEntry, RecordKey, UniquenessViolation};

use crate::buffer::{Out, rs_bytes};
use crate::error::rs_error;
use crate::handle;
use crate::key::{Key, resolve_optional, rs_key};
use crate::panic::call;
use crate::space::{perform, rs_space};
use crate::status::{RS_NONE, RS_OK, rs_status};
use crate::transaction::rs_transaction;

/// An entry of an index. It stays until the next call on its cursor. Its parts are packed keys: read them with `rs_key_unpack`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_index_entry {
    /// The columns of the index, then those of the primary key that are not among them; the group in an index of groups.
    pub key: rs_bytes,
    /// The covered columns, or the aggregate of a group.
    pub value: rs_bytes,
    /// The primary key of the record, for `rs_key_primary_key`; empty in an index of groups.
    pub primary_key: rs_bytes,
}

/// An entry that C looks at.
pub(crate) struct ShownEntry {
    key: Vec<u8>,
    value: Vec<u8>,
    primary_key: Vec<u8>,
}

impl ShownEntry {
    pub(crate) fn new(entry: &IndexEntry) -> Self {
        ShownEntry {
            key: entry.key().pack(),
            value: entry.value().pack(),
            primary_key: entry.primary_key().pack(),
        }
    }

    /// What C sees, as long as this stays where it is.
    pub(crate) fn view(&self) -> rs_index_entry {
        rs_index_entry {
            key: rs_bytes::view(&self.key),
            value: rs_bytes::view(&self.value),
            primary_key: rs_bytes::view(&self.primary_key),
        }
    }
}

/// A record with a value that a unique index may have once. It stays until the next call on its cursor. Its parts are packed keys.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_uniqueness_violation {
    /// The columns of the index, for `rs_key_unpack`.
    pub value: rs_bytes,
    /// The primary key of a record with the value, for `rs_key_primary_key`.
    pub primary_key: rs_bytes,
    /// The primary key of another record with the value; none if it was not noted down.
    pub existing_primary_key: rs_bytes,
}

/// A violation that C looks at.
pub(crate) struct ShownViolation {
    value: Vec<u8>,
    primary_key: Vec<u8>,
    existing_primary_key: Option<Vec<u8>>,
}

impl ShownViolation {
    pub(crate) fn new(violation: &UniquenessViolation) -> Self {
        ShownViolation {
            value: violation.value().pack(),
            primary_key: violation.primary_key().pack(),
            existing_primary_key: violation.existing_primary_key().map(|existing| existing.pack()),
        }
    }

    /// What C sees, as long as this stays where it is.
    pub(crate) fn view(&self) -> rs_uniqueness_violation {
        rs_uniqueness_violation {
            value: rs_bytes::view(&self.value),
            primary_key: rs_bytes::view(&self.primary_key),
            existing_primary_key: self
                .existing_primary_key
                .as_ref()
                .map_or(rs_bytes::NONE, |key| rs_bytes::view(key)),
        }
    }
}

/// The count, sum, or least or greatest value that an index keeps for the groups whose first columns are `group`; of all
/// groups for NULL. RS_NONE if there is nothing to have a least or greatest value. Free the value with `rs_key_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_aggregate(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    index: rs_bytes,
    group: *const rs_key,
    value: *mut *mut rs_key,
    error: *mut *mut rs_error,
) -> rs_status {
    let value = Out::new(value);
    call(error, || {
        let value = value.required("value")?;
        let (index, group) = (&index.text("index")?, &resolve_optional(group)?.unwrap_or(().into()));
        let found = perform(
            space,
            transaction,
            async |space| space.aggregate(index, group).await,
            async |store| store.aggregate_index_group(index, group).await,
        )?;
        let Some(found) = found else {
            return Ok(RS_NONE);
        };
        value.set(handle::insert(Arc::new(Key::of(found)))?);
        Ok(RS_OK)
    })
}

/// Deletes the records that have this value in a unique index, but for the one whose key is `keep`; all of them for NULL. When no
/// violation is left, `rs_build_indexes` makes the index readable.
#[unsafe(no_mangle)]
pub extern "C" fn rs_resolve_uniqueness(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    index: rs_bytes,
    value: *const rs_key,
    keep: *const rs_key,
    error: *mut *mut rs_error,
) -> rs_status {
    call(error, || {
        let (index, value) = (&index.text("index")?, &handle::get::<Key>(value)?.columns()?);
        let keep: &Option<RecordKey> = &resolve_optional(keep)?;
        perform(
            space,
            transaction,
            async |space| {
                space
                    .resolve_uniqueness_violation(index, value.clone(), keep.clone())
                    .await
            },
            async |store| {
                let keep = keep.as_ref().map(|keep| keep.resolve(store.metadata())).transpose()?;
                store.resolve_uniqueness_violation(index, value, keep.as_ref()).await
            },
        )?;
        Ok(RS_OK)
    })
}
