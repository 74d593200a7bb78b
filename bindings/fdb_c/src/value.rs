//! [`Value`]: what a future can hold, with the arrays through which C sees it.

use std::ffi::CString;
use std::sync::Arc;

use bytes::Bytes;
use record_store_kv::{MappedRangeBatch, RangeBatch, TransactionVersion};

use crate::abi::layout::{FDBKey, FDBKeyValue, FDBMappedKeyValue, TextPointer};
use crate::database::Database;
use crate::location::Named;

/// What a future comes to.
pub(crate) enum Value {
    /// That it is done.
    Nothing,
    /// A version, a number, a size.
    Int64(i64),
    /// A version of FoundationDB's protocol.
    Uint64(u64),
    /// A duration.
    Double(f64),
    /// A key, or a document.
    Key(Bytes),
    /// The value of a key, if it has one.
    Found(Option<Bytes>),
    /// Rows of a range.
    Rows(Rows),
    /// Rows of a mapped range.
    MappedRows(MappedRows),
    /// Several keys.
    Keys(Keys),
    /// Several texts.
    Texts(Texts),
    /// What programs before API version 610 opened databases of.
    Cluster(Named),
    /// What they opened.
    Database(Arc<Database>),
}

/// Rows, and where C finds their keys and values.
pub(crate) struct Rows {
    /// For each row.
    pub(crate) pointers: Vec<FDBKeyValue>,
    /// Whether rows may follow.
    pub(crate) more: bool,
    _owner: RangeBatch,
}

/// Rows of a mapped range, and where C finds all of them.
pub(crate) struct MappedRows {
    /// For each row.
    pub(crate) pointers: Vec<FDBMappedKeyValue>,
    /// Whether rows may follow.
    pub(crate) more: bool,
    _found: Vec<Vec<FDBKeyValue>>,
    _owner: MappedRangeBatch,
}

/// Keys, and where C finds them.
pub(crate) struct Keys {
    /// For each key.
    pub(crate) pointers: Vec<FDBKey>,
    _owner: Vec<Bytes>,
}

/// Texts that end with a zero byte, and where C finds them.
pub(crate) struct Texts {
    /// For each text.
    pub(crate) pointers: Vec<TextPointer>,
    _owner: Vec<CString>,
}

impl From<()> for Value {
    fn from((): ()) -> Self {
        Value::Nothing
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Int64(number)
    }
}

impl From<Bytes> for Value {
    fn from(key: Bytes) -> Self {
        Value::Key(key)
    }
}

impl From<TransactionVersion> for Value {
    fn from(stamp: TransactionVersion) -> Self {
        Value::Key(Bytes::copy_from_slice(&stamp))
    }
}

impl From<Option<Bytes>> for Value {
    fn from(value: Option<Bytes>) -> Self {
        Value::Found(value)
    }
}

impl From<RangeBatch> for Value {
    fn from(batch: RangeBatch) -> Self {
        Value::Rows(Rows {
            pointers: batch.rows.iter().map(FDBKeyValue::of).collect(),
            more: batch.more,
            _owner: batch,
        })
    }
}

impl From<MappedRangeBatch> for Value {
    fn from(batch: MappedRangeBatch) -> Self {
        let found: Vec<Vec<FDBKeyValue>> = batch
            .rows
            .iter()
            .map(|row| row.rows.iter().map(FDBKeyValue::of).collect())
            .collect();
        let rows = batch.rows.iter().zip(&found);
        Value::MappedRows(MappedRows {
            pointers: rows.map(|(row, found)| FDBMappedKeyValue::of(row, found)).collect(),
            more: batch.more,
            _found: found,
            _owner: batch,
        })
    }
}

impl From<Vec<Bytes>> for Value {
    fn from(keys: Vec<Bytes>) -> Self {
        Value::Keys(Keys {
            pointers: keys.iter().map(|key| FDBKey::of(key)).collect(),
            _owner: keys,
        })
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        // A text of ours has no zero byte within; one that had would end there for C.
        let texts: Vec<CString> = texts
            .into_iter()
            .map(|text| CString::new(text).unwrap_or_default())
            .collect();
        Value::Texts(Texts {
            pointers: texts.iter().map(|text| TextPointer::of(text)).collect(),
            _owner: texts,
        })
    }
}
