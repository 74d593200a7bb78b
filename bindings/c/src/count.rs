//! How many records there are.

use crate::buffer::{Out, rs_bytes};
use crate::error::rs_error;
use crate::expression::{expression_of, rs_expression};
use crate::handle;
use crate::key::{Key, rs_key};
use crate::panic::call;
use crate::space::{perform, rs_space};
use crate::status::{RS_OK, rs_status};
use crate::transaction::rs_transaction;

/// How many records there are, by the count indexes of the schema, or by its record count key. It does not conflict with those
/// who save.
#[unsafe(no_mangle)]
pub extern "C" fn rs_count(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    count: *mut i64,
    error: *mut *mut rs_error,
) -> rs_status {
    let count = Out::new(count);
    call(error, || {
        let count = count.required("count")?;
        count.set(perform(
            space,
            transaction,
            async |space| space.record_count().await,
            async |store| store.snapshot_record_count_of_all().await,
        )?);
        Ok(RS_OK)
    })
}

/// How many records of a type there are, by a count index over it, or one over all types by record type. It does not conflict with
/// those who save.
#[unsafe(no_mangle)]
pub extern "C" fn rs_count_of_type(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    record_type: rs_bytes,
    count: *mut i64,
    error: *mut *mut rs_error,
) -> rs_status {
    let count = Out::new(count);
    call(error, || {
        let count = count.required("count")?;
        let record_type = &record_type.text("record_type")?;
        count.set(perform(
            space,
            transaction,
            async |space| space.record_count_of_type(record_type).await,
            async |store| store.snapshot_record_count_of_type(record_type).await,
        )?);
        Ok(RS_OK)
    })
}

/// How many records have this value of a key, by the record count key of the schema if that begins with the key, otherwise by a count
/// index over all types that does. It does not conflict with those who save.
#[unsafe(no_mangle)]
pub extern "C" fn rs_count_by(
    space: *mut rs_space,
    transaction: *mut rs_transaction,
    key: *const rs_expression,
    value: *const rs_key,
    count: *mut i64,
    error: *mut *mut rs_error,
) -> rs_status {
    let count = Out::new(count);
    call(error, || {
        let count = count.required("count")?;
        let (key, value) = (&expression_of(key)?, &handle::get::<Key>(value)?.columns()?);
        count.set(perform(
            space,
            transaction,
            async |space| space.record_count_by(key.clone(), value.clone()).await,
            async |store| store.snapshot_record_count_by(key, value).await,
        )?);
        Ok(RS_OK)
    })
}
