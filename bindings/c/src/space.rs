//! `rs_space`: the records of one schema under a path.

use std::sync::Arc;

use record_store::indexing::IndexingOptions;
use record_store::{Record, RecordSpaceBuilder, RecordStore, StoredRecord};

use crate::buffer::{Out, copied, options, rs_bytes};
use crate::database::{Database, rs_database};
use crate::error::{Result, rs_error};
use crate::handle::{self, Kind, Object, Table};
use crate::key::{resolve, rs_key};
use crate::memory::{rs_buffer, rs_list};
use crate::panic::{call, call_without_error};
use crate::record::{give, rs_put_item, rs_put_options, rs_record};
use crate::runtime::{Family, wait};
use crate::schema::{Schema, rs_schema};
use crate::status::{RS_NONE, RS_OK, rs_status};
use crate::transaction::{Transaction, rs_transaction};

/// The records of one schema under a path such as "prod/users".
///
/// A call with a transaction is part of it; with NULL it is a transaction of its own, tried again where that is right.
/// Threads: may be used by several at once.
pub struct rs_space;

/// How a space is opened. Zeros are the defaults; make it with `rs_space_options_init`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct rs_space_options {
    /// The size of this struct.
    pub size: usize,
    /// Not 0: builds all indexes that are not readable before the space is given.
    pub build_indexes: u8,
}

pub(crate) struct Space {
    pub(crate) core: record_store::RecordSpace,
    pub(crate) family: Arc<Family>,
}

static SPACES: Table<Space> = Table::new();

impl Object for Space {
    type Handle = rs_space;
    const KIND: Kind = Kind::Space;

    fn table() -> &'static Table<Self> {
        &SPACES
    }
}

/// Does something with a space: `alone`, or within the transaction of a handle, if there is one.
pub(crate) fn perform<T>(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    alone: impl AsyncFnOnce(&record_store::RecordSpace) -> record_store::Result<T>,
    within: impl AsyncFnOnce(&RecordStore) -> record_store::Result<T>,
) -> Result<T> {
    let space = handle::get::<Space>(space)?;
    match handle::get_optional::<Transaction>(transaction)? {
        None => Ok(wait(alone(&space.core))?),
        Some(transaction) => {
            let used = transaction.enter_for(&space.family)?;
            used.note(wait(async { within(&space.core.store(&used.context).await?).await }))
        }
    }
}

fn open(
    family: &Arc<Family>,
    mut opening: RecordSpaceBuilder,
    schema: *const rs_schema,
    given: *const rs_space_options,
) -> Result<*mut rs_space> {
    if let Some(schema) = handle::get_optional::<Schema>(schema)? {
        opening = opening.schema(&schema.0);
    }
    if options(given)?.build_indexes != 0 {
        opening = opening.build_indexes(IndexingOptions::default());
    }
    let space = Space {
        core: wait(opening.open())?,
        family: family.clone(),
    };
    family.adopt(Arc::new(space))
}

/// Opens the record space at `path`, a name or names between slashes.
///
/// With a schema the space is created if it is not there, and what the schema adds to the stored one is added. With NULL the
/// space has the schema that is stored. `options` may be NULL. Free the space with `rs_space_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_space_open(
    database: *mut rs_database,
    path: rs_bytes,
    schema: *const rs_schema,
    options: *const rs_space_options,
    space: *mut *mut rs_space,
    error: *mut *mut rs_error,
) -> rs_status {
    let space = Out::new(space);
    call(error, || {
        let space = space.required("space")?;
        let database = handle::get::<Database>(database)?;
        let opening = database.core().space(&path.text("path")?);
        space.set(open(&database.family, opening, schema, options)?);
        Ok(RS_OK)
    })
}

/// Opens the record space at `path` below `parent`; otherwise as `rs_space_open`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_space_child(
    parent: *mut rs_space,
    path: rs_bytes,
    schema: *const rs_schema,
    options: *const rs_space_options,
    space: *mut *mut rs_space,
    error: *mut *mut rs_error,
) -> rs_status {
    let space = Out::new(space);
    call(error, || {
        let space = space.required("space")?;
        let parent = handle::get::<Space>(parent)?;
        let opening = parent.core.child(&path.text("path")?);
        space.set(open(&parent.family, opening, schema, options)?);
        Ok(RS_OK)
    })
}

/// The paths of the record spaces below this one, at any depth, in order. Free them with `rs_list_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_space_children(space: *mut rs_space, paths: *mut rs_list, error: *mut *mut rs_error) -> rs_status {
    let paths = Out::new(paths);
    call(error, || {
        let paths = paths.required("paths")?;
        let space = handle::get::<Space>(space)?;
        let found = wait(space.core.children())?;
        paths.set(rs_list::new(found.iter().map(ToString::to_string).collect())?);
        Ok(RS_OK)
    })
}

/// Frees the handle of a space; the space itself stays. NULL is freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_space_free(space: *mut rs_space) -> rs_status {
    call_without_error(|| {
        Family::release::<Space>(space, |space| &space.family)?;
        Ok(RS_OK)
    })
}

/// Saves a record over the one with its key, if there is one.
///
/// `data` is a protobuf message of the type `record_type`. `options` may be NULL. `saved`, which may be NULL, gets the record
/// with its primary key and its version; free it with `rs_record_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_put(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    record_type: rs_bytes,
    data: rs_bytes,
    options: *const rs_put_options,
    saved: *mut rs_record,
    error: *mut *mut rs_error,
) -> rs_status {
    let saved = Out::new(saved);
    call(error, || {
        let record = rs_put_item { record_type, data }.to_record()?;
        let stored = save(space, transaction, record, options)?;
        if saved.is_wanted() {
            saved.set(give(stored)?);
        }
        Ok(RS_OK)
    })
}

/// Saves a record as `rs_put` does, from protobuf's JSON. Fields that the type does not have are refused.
#[unsafe(no_mangle)]
pub extern "C" fn rs_put_json(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    record_type: rs_bytes,
    json: rs_bytes,
    options: *const rs_put_options,
    saved: *mut rs_record,
    error: *mut *mut rs_error,
) -> rs_status {
    let saved = Out::new(saved);
    call(error, || {
        let record = Record::from_json(record_type.text("record_type")?, json.text("json")?);
        let stored = save(space, transaction, record, options)?;
        if saved.is_wanted() {
            saved.set(give(stored)?);
        }
        Ok(RS_OK)
    })
}

fn save(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    record: Record,
    given: *const rs_put_options,
) -> Result<StoredRecord> {
    let (record, options) = (&record, &options(given)?.to_core()?);
    perform(
        space,
        transaction,
        async |space| space.put_with(record, options).await,
        async |store| store.save_record_with(record, options).await,
    )
}

/// Saves records, in one transaction: all or, without a transaction of the caller, none. `options` may be NULL.
///
/// A transaction takes 10 MB and five seconds: for more records, call several times.
#[unsafe(no_mangle)]
pub extern "C" fn rs_put_all(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    records: *const rs_put_item,
    count: usize,
    options: *const rs_put_options,
    error: *mut *mut rs_error,
) -> rs_status {
    call(error, || {
        let options = &self::options(options)?.to_core()?;
        let given = copied(records, count, "records")?;
        let records = given
            .into_iter()
            .map(rs_put_item::to_record)
            .collect::<Result<Vec<_>>>()?;
        perform(
            space,
            transaction,
            async |space| space.put_all_with(&records, options).await,
            async |store| store.save_records_with(&records, options).await,
        )?;
        Ok(RS_OK)
    })
}

/// Gets the record with this key; RS_NONE if there is none. Free the record with `rs_record_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_get(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    key: *const rs_key,
    record: *mut rs_record,
    error: *mut *mut rs_error,
) -> rs_status {
    let record = Out::new(record);
    call(error, || {
        let record = record.required("record")?;
        let Some(found) = load(space, transaction, key)? else {
            return Ok(RS_NONE);
        };
        record.set(give(found)?);
        Ok(RS_OK)
    })
}

/// Gets the record with this key as protobuf's JSON; RS_NONE if there is none. Free the text with `rs_buffer_free`.
#[unsafe(no_mangle)]
pub extern "C" fn rs_get_json(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    key: *const rs_key,
    json: *mut rs_buffer,
    error: *mut *mut rs_error,
) -> rs_status {
    let json = Out::new(json);
    call(error, || {
        let json = json.required("json")?;
        let Some(found) = load(space, transaction, key)? else {
            return Ok(RS_NONE);
        };
        json.set(rs_buffer::new(found.to_json()?.into_bytes())?);
        Ok(RS_OK)
    })
}

fn load(space: *mut rs_space, transaction: *mut rs_transaction, key: *const rs_key) -> Result<Option<StoredRecord>> {
    let key = &resolve(key)?;
    perform(
        space,
        transaction,
        async |space| space.get(key).await,
        async |store| store.load_record(&key.resolve(store.metadata())?).await,
    )
}

/// Deletes the record with this key. `deleted`, which may be NULL, says whether there was one.
#[unsafe(no_mangle)]
pub extern "C" fn rs_delete(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    key: *const rs_key,
    deleted: *mut bool,
    error: *mut *mut rs_error,
) -> rs_status {
    let deleted = Out::new(deleted);
    call(error, || {
        let key = &resolve(key)?;
        deleted.set(perform(
            space,
            transaction,
            async |space| space.delete(key).await,
            async |store| store.delete_record(&key.resolve(store.metadata())?).await,
        )?);
        Ok(RS_OK)
    })
}

/// Deletes all records. The schema stays.
#[unsafe(no_mangle)]
pub extern "C" fn rs_delete_all(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    error: *mut *mut rs_error,
) -> rs_status {
    call(error, || {
        perform(
            space,
            transaction,
            async |space| space.delete_all().await,
            async |store| store.delete_all_records().await,
        )?;
        Ok(RS_OK)
    })
}

/// Deletes all records whose primary keys begin with the columns of `within`, or all of its record type, without reading them.
///
/// That is refused where the entries of these records do not stand together in each index: delete them one by one then.
#[unsafe(no_mangle)]
pub extern "C" fn rs_delete_where(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    within: *const rs_key,
    error: *mut *mut rs_error,
) -> rs_status {
    call(error, || {
        let within = &resolve(within)?;
        perform(
            space,
            transaction,
            async |space| space.delete_where(within).await,
            async |store| store.delete_records_where(within).await,
        )?;
        Ok(RS_OK)
    })
}

/// Whether there is a record with this key.
#[unsafe(no_mangle)]
pub extern "C" fn rs_exists(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    key: *const rs_key,
    exists: *mut bool,
    error: *mut *mut rs_error,
) -> rs_status {
    let exists = Out::new(exists);
    call(error, || {
        let exists = exists.required("exists")?;
        let key = &resolve(key)?;
        exists.set(perform(
            space,
            transaction,
            async |space| space.exists(key).await,
            async |store| store.record_exists(&key.resolve(store.metadata())?).await,
        )?);
        Ok(RS_OK)
    })
}
