//! [`RecordKey`]: how a program names a record of a space.

use std::fmt;

use record_store_kv::tuple::{Element, Tuple};

use crate::metadata::{RecordMetaData, RecordType};
use crate::{Error, ErrorKind, Result};

/// The key of a record, in the words of the schema: the columns of its primary key without the key of the record type.
///
/// In a space with one record type the columns are enough; with several, say which: [`RecordKey::of`].
///
/// ```
/// use record_store::RecordKey;
/// let by_id = RecordKey::from(42);
/// let by_two_columns = RecordKey::from(("Oslo", 7));
/// let of_type = RecordKey::of("User", 42);
/// assert_ne!(by_id, of_type);
/// # let _ = by_two_columns;
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RecordKey(Form);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    /// Columns without the key of the record type; the type, where several are possible.
    Columns(Option<String>, Tuple),
    /// A whole primary key.
    Whole(Tuple),
}

impl RecordKey {
    /// The key of a record of this type. `columns` is a value, or a tuple of values.
    pub fn of(record_type: impl Into<String>, columns: impl Into<RecordKey>) -> Self {
        match columns.into().0 {
            Form::Columns(_, columns) => RecordKey(Form::Columns(Some(record_type.into()), columns)),
            Form::Whole(whole) => RecordKey(Form::Whole(whole)),
        }
    }

    /// A whole primary key, with the key of the record type where there is one, as
    /// [`StoredRecord::primary_key`](crate::StoredRecord::primary_key) gives it.
    pub fn primary_key(primary_key: Tuple) -> Self {
        RecordKey(Form::Whole(primary_key))
    }

    /// The primary key by this schema.
    ///
    /// **Errors**: `InvalidArgument` for a missing record type, another number of columns or a value that its field cannot hold;
    /// what an unknown record type gives.
    pub fn resolve(&self, metadata: &RecordMetaData) -> Result<Tuple> {
        let beginning = self.resolve_beginning(metadata)?;
        match beginning.record_type {
            Some(record_type) if beginning.key.len() != record_type.primary_key().column_count() => {
                Err(misfit(self, record_type))
            }
            _ => Ok(beginning.key),
        }
    }

    /// Whether it is the beginning of every key: no type, no column.
    pub(crate) fn names_nothing(&self) -> bool {
        match &self.0 {
            Form::Columns(record_type, columns) => record_type.is_none() && columns.is_empty(),
            Form::Whole(key) => key.is_empty(),
        }
    }

    /// The columns of a key that names no record type and is no whole primary key: those of any key, such as an index's.
    pub(crate) fn untyped_columns(&self) -> Option<&Tuple> {
        match &self.0 {
            Form::Columns(None, columns) => Some(columns),
            _ => None,
        }
    }

    /// The primary key by this schema, or the first columns of it.
    ///
    /// Errors: `InvalidArgument` for a missing record type or too many columns; what an unknown record type gives.
    pub(crate) fn resolve_beginning<'m>(&self, metadata: &'m RecordMetaData) -> Result<Beginning<'m>> {
        let (record_type, columns) = match &self.0 {
            Form::Whole(key) => return Ok(Beginning::untyped(key)),
            Form::Columns(Some(name), columns) => (metadata.record_type(name)?, columns),
            Form::Columns(None, columns) => match metadata.record_types() {
                [only] => (only, columns),
                // Without record types in the keys, all types share the same ones.
                types if types.iter().all(|each| !each.primary_key_has_record_type_prefix()) => {
                    return Ok(Beginning::untyped(columns));
                }
                types => return Err(ambiguous(types, columns)),
            },
        };
        let type_key = record_type
            .primary_key_has_record_type_prefix()
            .then(|| record_type.record_type_key().clone());
        let type_columns = usize::from(type_key.is_some());
        let fields = record_type.key_columns().get(type_columns..).unwrap_or_default();
        if columns.len() > fields.len() {
            return Err(misfit(self, record_type));
        }
        let mut primary_key: Tuple = type_key.into_iter().collect();
        for (field, column) in fields.iter().zip(columns) {
            primary_key.push(field.conform(column)?);
        }
        Ok(Beginning {
            key: primary_key,
            type_columns,
            record_type: Some(record_type),
        })
    }
}

/// The first columns of a primary key, or all of it.
pub(crate) struct Beginning<'m> {
    pub(crate) key: Tuple,
    /// How many columns are the key of the record type: one or none.
    pub(crate) type_columns: usize,
    /// The type of the record, if only records of this type can have the key.
    pub(crate) record_type: Option<&'m RecordType>,
}

impl Beginning<'_> {
    fn untyped(key: &Tuple) -> Self {
        Beginning {
            key: key.clone(),
            type_columns: 0,
            record_type: None,
        }
    }
}

impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Columns(None, columns) => columns.fmt(f),
            Form::Columns(Some(record_type), columns) => write!(f, "{record_type} {columns}"),
            Form::Whole(primary_key) => write!(f, "primary key {primary_key}"),
        }
    }
}

fn misfit(key: &RecordKey, record_type: &RecordType) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        "the key has another number of columns than the primary key of the record type",
    )
    .with("record_type", record_type.name())
    .with("key", key)
    .with("primary_key", record_type.primary_key())
}

fn ambiguous(types: &[RecordType], columns: &Tuple) -> Error {
    let names: Vec<&str> = types.iter().map(RecordType::name).collect();
    Error::new(
        ErrorKind::InvalidArgument,
        "the space has several record types: say which one is meant, with RecordKey::of",
    )
    .with("key", columns)
    .with("record_types", names.join(", "))
}

impl From<Tuple> for RecordKey {
    fn from(columns: Tuple) -> Self {
        RecordKey(Form::Columns(None, columns))
    }
}

impl From<()> for RecordKey {
    fn from((): ()) -> Self {
        RecordKey::from(Tuple::from(()))
    }
}

impl From<&Tuple> for RecordKey {
    fn from(columns: &Tuple) -> Self {
        RecordKey::from(columns.clone())
    }
}

impl From<&RecordKey> for RecordKey {
    fn from(key: &RecordKey) -> Self {
        key.clone()
    }
}

macro_rules! from_one_column {
    ($($column:ty)*) => {$(
        impl From<$column> for RecordKey {
            fn from(column: $column) -> Self {
                RecordKey::from(Tuple::from((column,)))
            }
        }
    )*};
}

from_one_column! { i32 i64 &str String bool uuid::Uuid record_store_kv::Bytes Element }

macro_rules! from_several_columns {
    ($($($name:ident)+;)*) => {$(
        impl<$($name: Into<Element>),+> From<($($name,)+)> for RecordKey {
            fn from(columns: ($($name,)+)) -> Self {
                RecordKey::from(Tuple::from(columns))
            }
        }
    )*};
}

from_several_columns! {
    A;
    A B;
    A B C;
    A B C D;
}
