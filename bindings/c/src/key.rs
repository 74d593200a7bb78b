//! `rs_key`: the columns of a key, of a primary key or of an index.

use std::sync::Arc;

use parking_lot::Mutex;
use record_store::kv::tuple::Element;
use record_store::{Error, ErrorKind, RecordKey, RecordVersion, Tuple};

use crate::buffer::{Out, rs_bytes};
use crate::error::{Failure, Result, invalid, rs_error};
use crate::handle::{self, Kind, Object, Table};
use crate::memory::rs_buffer;
use crate::panic::{call, call_without_error, value_or};
use crate::status::{RS_OK, rs_status};

/// A key: columns one after the other, and the record type where a space has several.
///
/// What is wrong with a column (a text that is not UTF-8) is told by the call that adds it, and with an error by the call
/// that uses the key. Threads: one at a time.
pub struct rs_key;

/// What a column of a key is: its type.
pub type rs_column_type = i32;

/// There is no such column.
pub const RS_COLUMN_NONE: rs_column_type = 0;
/// No value.
pub const RS_COLUMN_NULL: rs_column_type = 1;
/// A whole number of 64 bits: `rs_key_get_int`.
pub const RS_COLUMN_INT: rs_column_type = 2;
/// A number with a fraction: `rs_key_get_double`.
pub const RS_COLUMN_DOUBLE: rs_column_type = 3;
/// A truth value: `rs_key_get_bool`.
pub const RS_COLUMN_BOOL: rs_column_type = 4;
/// A text: `rs_key_get_text`.
pub const RS_COLUMN_STRING: rs_column_type = 5;
/// Bytes: `rs_key_get_bytes`.
pub const RS_COLUMN_BYTES: rs_column_type = 6;
/// A UUID: `rs_key_get_bytes` gives its 16 bytes.
pub const RS_COLUMN_UUID: rs_column_type = 7;
/// What none of the other types holds, such as a number of more than 64 bits: `rs_key_to_text` shows it.
pub const RS_COLUMN_OTHER: rs_column_type = 8;

/// A key that is being made.
#[derive(Default)]
pub(crate) struct Key(Mutex<State>);

#[derive(Clone, Default)]
struct State {
    record_type: Option<String>,
    columns: Tuple,
    /// Whether the columns are a whole primary key, with that of the record type.
    is_whole: bool,
    flaw: Option<Failure>,
}

static KEYS: Table<Key> = Table::new();

impl Object for Key {
    type Handle = rs_key;
    const KIND: Kind = Kind::Key;

    fn table() -> &'static Table<Self> {
        &KEYS
    }
}

impl Key {
    /// A key of columns that the library gives away.
    pub(crate) fn of(columns: Tuple) -> Self {
        Key(Mutex::new(State {
            columns,
            ..State::default()
        }))
    }

    /// The key as the core knows it.
    ///
    /// **Errors**: what was wrong with a column.
    pub(crate) fn resolve(&self) -> Result<RecordKey> {
        let columns = self.columns()?;
        let state = self.0.lock();
        Ok(match &state.record_type {
            _ if state.is_whole => RecordKey::primary_key(columns),
            Some(record_type) => RecordKey::of(record_type, columns),
            None => RecordKey::from(columns),
        })
    }

    /// The columns as they are.
    ///
    /// **Errors**: what was wrong with a column.
    pub(crate) fn columns(&self) -> Result<Tuple> {
        let state = self.0.lock();
        match &state.flaw {
            Some(flaw) => Err(flaw.clone()),
            None => Ok(state.columns.clone()),
        }
    }

    /// Changes the key; what fails stays with it.
    fn change(&self, change: impl FnOnce(&mut State) -> Result<()>) -> Result<rs_status> {
        let mut state = self.0.lock();
        match change(&mut state) {
            Ok(()) => Ok(RS_OK),
            Err(flaw) => {
                state.flaw.get_or_insert_with(|| flaw.clone());
                Err(flaw)
            }
        }
    }
}

/// The key of a handle that must be one, as the core knows it.
pub(crate) fn resolve(key: *const rs_key) -> Result<RecordKey> {
    handle::get::<Key>(key)?.resolve()
}

/// The key of a handle, or none for NULL.
pub(crate) fn resolve_optional(key: *const rs_key) -> Result<Option<RecordKey>> {
    handle::get_optional::<Key>(key)?.map(|key| key.resolve()).transpose()
}

fn push(key: *mut rs_key, column: impl FnOnce() -> Result<Element>) -> rs_status {
    call_without_error(|| {
        // Before the key is locked, because the column may be made of the key itself.
        let column = column();
        handle::get::<Key>(key)?.change(|state| {
            if state.is_whole {
                let message = "a key that is a whole primary key takes no more columns: clear it first";
                return Err(Error::new(ErrorKind::InvalidArgument, message).into());
            }
            state.columns.push(column?);
            Ok(())
        })
    })
}

/// A key without columns. NULL if there is no room for more handles.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_new() -> *mut rs_key {
    value_or(std::ptr::null_mut(), || handle::insert(Arc::new(Key::default())))
}

/// A key like another one. NULL for what is no key, and if there is no room for more handles.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_copy(key: *const rs_key) -> *mut rs_key {
    value_or(std::ptr::null_mut(), || {
        let copied = handle::get::<Key>(key)?;
        let state = copied.0.lock().clone();
        handle::insert(Arc::new(Key(Mutex::new(state))))
    })
}

/// Frees a key. NULL is freed already.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_free(key: *mut rs_key) -> rs_status {
    call_without_error(|| {
        handle::free::<Key>(key)?;
        Ok(RS_OK)
    })
}

/// Takes all columns away, the record type, and what was wrong with them: the key is as a new one.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_clear(key: *mut rs_key) -> rs_status {
    call_without_error(|| {
        *handle::get::<Key>(key)?.0.lock() = State::default();
        Ok(RS_OK)
    })
}

/// Says of which record type the record is. A key without columns is then the beginning of all keys of that type.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_record_type(key: *mut rs_key, record_type: rs_bytes) -> rs_status {
    call_without_error(|| {
        handle::get::<Key>(key)?.change(|state| {
            state.record_type = Some(record_type.text("record_type")?);
            Ok(())
        })
    })
}

/// Adds a column without a value.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_null(key: *mut rs_key) -> rs_status {
    push(key, || Ok(Element::Null))
}

/// Adds a whole number.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_int(key: *mut rs_key, value: i64) -> rs_status {
    push(key, || Ok(Element::Int(value)))
}

/// Adds a number with a fraction.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_double(key: *mut rs_key, value: f64) -> rs_status {
    push(key, || Ok(Element::Double(value)))
}

/// Adds a truth value: 0 is false, all others are true.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_bool(key: *mut rs_key, value: i32) -> rs_status {
    push(key, || Ok(Element::Bool(value != 0)))
}

/// Adds a text.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_string(key: *mut rs_key, value: rs_bytes) -> rs_status {
    push(key, || Ok(Element::String(value.text("value")?)))
}

/// Adds bytes.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_bytes(key: *mut rs_key, value: rs_bytes) -> rs_status {
    push(key, || Ok(Element::Bytes(value.copied("value")?.into())))
}

/// Adds a UUID, which has 16 bytes.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_uuid(key: *mut rs_key, value: rs_bytes) -> rs_status {
    push(key, || {
        let uuid = uuid::Uuid::from_slice(&value.copied("value")?);
        Ok(Element::Uuid(
            uuid.map_err(|_| invalid("a UUID has 16 bytes", "value"))?,
        ))
    })
}

/// Adds the version of a record, which has 12 bytes.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_version(key: *mut rs_key, value: rs_bytes) -> rs_status {
    push(key, || {
        let version = RecordVersion::from_bytes(&value.copied("value")?)?;
        Ok(Element::Versionstamp(version.into()))
    })
}

/// Adds the columns of another key as one column: a list, for a parameter of a query.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_list(key: *mut rs_key, list: *const rs_key) -> rs_status {
    push(key, || Ok(Element::Tuple(handle::get::<Key>(list)?.columns()?)))
}

/// Makes it the whole primary key of a record, as `rs_record` and `rs_index_entry` have it. Columns that it had are gone.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_primary_key(key: *mut rs_key, primary_key: rs_bytes) -> rs_status {
    unpack(key, primary_key, true)
}

/// Makes it the columns of a packed key, as `rs_index_entry` has it, to read them. Columns that it had are gone.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_unpack(key: *mut rs_key, packed: rs_bytes) -> rs_status {
    unpack(key, packed, false)
}

fn unpack(key: *mut rs_key, packed: rs_bytes, is_whole: bool) -> rs_status {
    call_without_error(|| {
        handle::get::<Key>(key)?.change(|state| {
            *state = State::default();
            state.columns = Tuple::unpack(&packed.copied("packed")?).map_err(Error::from)?;
            state.is_whole = is_whole;
            Ok(())
        })
    })
}

/// How many columns the key has; 0 for what is no key.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_count(key: *const rs_key) -> usize {
    value_or(0, || Ok(handle::get::<Key>(key)?.0.lock().columns.len()))
}

/// The type of a column, counted from 0; RS_COLUMN_NONE if there are not so many.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_column_type(key: *const rs_key, at: usize) -> rs_column_type {
    value_or(RS_COLUMN_NONE, || {
        Ok(match handle::get::<Key>(key)?.0.lock().columns.get(at) {
            None => RS_COLUMN_NONE,
            Some(Element::Null) => RS_COLUMN_NULL,
            Some(Element::Int(_)) => RS_COLUMN_INT,
            Some(Element::Float(_) | Element::Double(_)) => RS_COLUMN_DOUBLE,
            Some(Element::Bool(_)) => RS_COLUMN_BOOL,
            Some(Element::String(_)) => RS_COLUMN_STRING,
            Some(Element::Bytes(_)) => RS_COLUMN_BYTES,
            Some(Element::Uuid(_)) => RS_COLUMN_UUID,
            Some(_) => RS_COLUMN_OTHER,
        })
    })
}

/// Reads a column; RS_INVALID_ARGUMENT if `read` finds none of its type.
fn read<T: crate::buffer::Plain>(
    key: *const rs_key,
    at: usize,
    value: *mut T,
    read: impl FnOnce(&Element) -> Option<T>,
) -> rs_status {
    let value = Out::new(value);
    call_without_error(|| {
        let key = handle::get::<Key>(key)?;
        let state = key.0.lock();
        let column = state.columns.get(at).and_then(read);
        value
            .required("value")?
            .set(column.ok_or_else(|| invalid("there is no column of this type", "at"))?);
        Ok(RS_OK)
    })
}

/// Reads a whole number; RS_INVALID_ARGUMENT for a column of another type, and for none.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_get_int(key: *const rs_key, at: usize, value: *mut i64) -> rs_status {
    read(key, at, value, Element::as_i64)
}

/// Reads a number with a fraction; RS_INVALID_ARGUMENT for a column of another type, and for none.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_get_double(key: *const rs_key, at: usize, value: *mut f64) -> rs_status {
    read(key, at, value, |column| {
        column.as_f64().or_else(|| column.as_f32().map(f64::from))
    })
}

/// Reads a truth value; RS_INVALID_ARGUMENT for a column of another type, and for none.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_get_bool(key: *const rs_key, at: usize, value: *mut bool) -> rs_status {
    read(key, at, value, Element::as_bool)
}

/// Reads a text, which stays until the key is changed or freed; RS_INVALID_ARGUMENT for a column of another type, and for none.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_get_text(key: *const rs_key, at: usize, value: *mut rs_bytes) -> rs_status {
    read(key, at, value, |column| {
        column.as_str().map(|text| rs_bytes::view(text.as_bytes()))
    })
}

/// Reads bytes or a UUID, which stay until the key is changed or freed; RS_INVALID_ARGUMENT for a column of another type, and
/// for none.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_get_bytes(key: *const rs_key, at: usize, value: *mut rs_bytes) -> rs_status {
    read(key, at, value, |column| match column {
        Element::Bytes(bytes) => Some(rs_bytes::view(bytes)),
        Element::Uuid(uuid) => Some(rs_bytes::view(uuid.as_bytes())),
        _ => None,
    })
}

/// The key in words, for people.
#[unsafe(no_mangle)]
pub extern "C" fn rs_key_to_text(key: *const rs_key, text: *mut rs_buffer, error: *mut *mut rs_error) -> rs_status {
    let text = Out::new(text);
    call(error, || {
        let text = text.required("text")?;
        let shown = resolve(key)?.to_string();
        text.set(rs_buffer::new(shown.into_bytes())?);
        Ok(RS_OK)
    })
}
