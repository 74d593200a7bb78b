//! `rs_record`: a record as C sees it, and what is said of one that is saved.

use std::sync::Arc;

use record_store::{Record, RecordExistenceCheck, RecordVersion, SaveOptions, StoredRecord};

use crate::buffer::{disown, rs_bytes};
use crate::error::{Result, invalid};
use crate::handle;
use crate::memory::{Memory, rs_memory};
use crate::panic::call_without_error;
use crate::status::{RS_OK, rs_status};

/// A record. From a cursor it stays until the next call on that cursor; any other is freed with `rs_record_free`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_record {
    /// The name of its type.
    pub record_type: rs_bytes,
    /// Its protobuf message.
    pub data: rs_bytes,
    /// Its whole primary key, packed: see `rs_key_primary_key` and `rs_key_unpack`.
    pub primary_key: rs_bytes,
    /// The version that its commit gave it, 12 bytes in the order of commits; none if it was saved without one, and in
    /// the transaction that saves it.
    pub version: rs_bytes,
    /// Whose it is: for the library alone.
    pub owner: *mut rs_memory,
}

/// Frees the record and makes the struct zero. NULL, one that is zero and one of a cursor need no freeing.
#[unsafe(no_mangle)]
pub extern "C" fn rs_record_free(record: *mut rs_record) -> rs_status {
    call_without_error(|| {
        handle::free::<Memory>(disown(record, |record| record.owner))?;
        Ok(RS_OK)
    })
}

/// A record that C looks at.
pub(crate) struct Shown {
    pub(crate) record: StoredRecord,
    primary_key: Vec<u8>,
    version: Option<[u8; RecordVersion::LENGTH]>,
}

impl Shown {
    pub(crate) fn new(record: StoredRecord) -> Self {
        Shown {
            primary_key: record.primary_key().pack(),
            version: record
                .version()
                .filter(|version| version.is_complete())
                .map(RecordVersion::to_bytes),
            record,
        }
    }

    /// What C sees, as long as this stays where it is.
    pub(crate) fn view(&self, owner: *mut rs_memory) -> rs_record {
        rs_record {
            record_type: rs_bytes::view(self.record.record_type().as_bytes()),
            data: rs_bytes::view(self.record.bytes()),
            primary_key: rs_bytes::view(&self.primary_key),
            version: self
                .version
                .as_ref()
                .map_or(rs_bytes::NONE, |version| rs_bytes::view(version)),
            owner,
        }
    }
}

/// A record that is given away.
pub(crate) fn give(record: StoredRecord) -> Result<rs_record> {
    let memory = Arc::new(Memory::Record(Shown::new(record)));
    let owner = handle::insert(memory.clone())?;
    match memory.as_ref() {
        Memory::Record(shown) => Ok(shown.view(owner)),
        _ => Err(invalid("memory is not what was put there", "record")),
    }
}

/// A record to be saved: its type and its protobuf message.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_put_item {
    /// The name of its type.
    pub record_type: rs_bytes,
    /// Its protobuf message.
    pub data: rs_bytes,
}

impl rs_put_item {
    pub(crate) fn to_record(self) -> Result<Record> {
        Ok(Record::from_bytes(
            self.record_type.text("record_type")?,
            self.data.copied("data")?,
        ))
    }
}

/// What must be true of the record that is saved over.
pub type rs_existence_check = i32;

/// Nothing: save in any case.
pub const RS_EXISTENCE_NONE: rs_existence_check = 0;
/// There must be none: insert.
pub const RS_ERROR_IF_EXISTS: rs_existence_check = 1;
/// There must be one: update.
pub const RS_ERROR_IF_NOT_EXISTS: rs_existence_check = 2;
/// If there is one, it must be of the same type.
pub const RS_ERROR_IF_TYPE_CHANGED: rs_existence_check = 3;
/// There must be one, and it must be of the same type.
pub const RS_ERROR_IF_NOT_EXISTS_OR_TYPE_CHANGED: rs_existence_check = 4;

/// How a record is saved. Zeros are the defaults; make it with `rs_put_options_init`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_put_options {
    /// The size of this struct.
    pub size: usize,
    /// The version to save, 12 bytes; otherwise the commit gives one.
    pub version: rs_bytes,
    /// What must be true of the record that is saved over.
    pub existence: rs_existence_check,
}

impl rs_put_options {
    pub(crate) fn to_core(self) -> Result<SaveOptions> {
        let existence = match self.existence {
            RS_EXISTENCE_NONE => RecordExistenceCheck::None,
            RS_ERROR_IF_EXISTS => RecordExistenceCheck::ErrorIfExists,
            RS_ERROR_IF_NOT_EXISTS => RecordExistenceCheck::ErrorIfNotExists,
            RS_ERROR_IF_TYPE_CHANGED => RecordExistenceCheck::ErrorIfRecordTypeChanged,
            RS_ERROR_IF_NOT_EXISTS_OR_TYPE_CHANGED => RecordExistenceCheck::ErrorIfNotExistsOrRecordTypeChanged,
            _ => return Err(invalid("there is no such existence check", "existence")),
        };
        let version = match self.version {
            version if version.is_null() => None,
            version => Some(RecordVersion::from_bytes(&version.copied("version")?)?),
        };
        Ok(SaveOptions {
            existence,
            version,
            ..SaveOptions::default()
        })
    }
}
