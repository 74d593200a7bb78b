//! [`StoredRecord`]: a record as it stands in a store, undecoded until somebody asks.

use std::fmt;
use std::sync::OnceLock;

use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use record_store_kv::tuple::Tuple;
use record_store_kv::{Bytes, TransactionVersion};

use crate::{Error, ErrorKind, RecordVersion, Result, StoredSizes, serialize};

/// A record of a store: its type, key, bytes and version.
///
/// Java class: `FDBStoredRecord`.
///
/// ```
/// # futures_executor::block_on(async {
/// # use record_store::{Database, Record, Schema, Tuple};
/// # let schema = Schema::builder()
/// #     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }")
/// #     .record_type("User", |t| t.primary_key("id"))
/// #     .build()?;
/// # let users = Database::in_memory()?.space("users").schema(&schema).open().await?;
/// #[derive(Clone, PartialEq, prost::Message)]
/// struct User {
///     #[prost(int64, tag = "1")]
///     id: i64,
///     #[prost(string, tag = "2")]
///     name: String,
/// }
///
/// let record = users.put(Record::from_json("User", r#"{"id": 42, "name": "Ada"}"#)).await?;
/// assert_eq!(record.decode::<User>()?.name, "Ada");
/// assert_eq!(record.to_json()?, r#"{"id":"42","name":"Ada"}"#);
/// assert_eq!(record.to_dynamic()?.get_field_by_name("id").and_then(|id| id.as_i64()), Some(42));
/// # Ok::<(), record_store::Error>(())
/// # }).unwrap();
/// ```
#[derive(Clone)]
pub struct StoredRecord {
    pub(super) descriptor: MessageDescriptor,
    pub(super) primary_key: PrimaryKey,
    pub(super) bytes: Bytes,
    pub(super) version: Option<RecordVersion>,
    pub(super) sizes: StoredSizes,
}

impl StoredRecord {
    /// A record that is known from other bytes than its own: it takes nothing in the database.
    pub(crate) fn new(
        descriptor: MessageDescriptor,
        primary_key: Tuple,
        bytes: Bytes,
        version: Option<RecordVersion>,
    ) -> Self {
        StoredRecord {
            descriptor,
            primary_key: primary_key.into(),
            bytes,
            version,
            sizes: StoredSizes::default(),
        }
    }

    /// A part of a record, as an entry of an index tells it, with the packed primary key.
    ///
    /// Errors: `Corrupt` for a primary key that is no tuple.
    pub(crate) fn of_part(descriptor: MessageDescriptor, primary_key: Bytes, bytes: Bytes) -> Result<Self> {
        let primary_key = PrimaryKey::new(primary_key).map_err(|error| {
            Error::new(
                ErrorKind::Corrupt,
                "an entry of an index has no primary key: rebuild the index",
            )
            .caused_by(error)
        })?;
        Ok(StoredRecord {
            descriptor,
            primary_key,
            bytes,
            version: None,
            sizes: StoredSizes::default(),
        })
    }

    /// The name of the record's type.
    pub fn record_type(&self) -> &str {
        self.descriptor.name()
    }

    /// The message of the record's type.
    pub fn descriptor(&self) -> &MessageDescriptor {
        &self.descriptor
    }

    /// The whole primary key. Of a schema built with [`Schema`](crate::Schema) it begins with the key of the record type.
    pub fn primary_key(&self) -> &Tuple {
        self.primary_key.columns()
    }

    /// The whole primary key, packed.
    pub(crate) fn packed_primary_key(&self) -> &Bytes {
        self.primary_key.packed()
    }

    /// The bytes of the record's message, as they were saved.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The version of the record, if it was saved with one.
    pub fn version(&self) -> Option<RecordVersion> {
        self.version
    }

    /// What the record takes in the database.
    pub fn sizes(&self) -> &StoredSizes {
        &self.sizes
    }

    /// The record as a generated message.
    ///
    /// **Errors**: `InvalidRecord` if the bytes are no such message.
    pub fn decode<M: Message + Default>(&self) -> Result<M> {
        M::decode(self.bytes.clone()).map_err(|error| self.undecodable(error))
    }

    /// The record as a dynamic message.
    ///
    /// **Errors**: `InvalidRecord` if the bytes are no message of the record's type.
    pub fn to_dynamic(&self) -> Result<DynamicMessage> {
        DynamicMessage::decode(self.descriptor.clone(), self.bytes.clone()).map_err(|error| self.undecodable(error))
    }

    /// The record as protobuf's JSON, with the names of the fields as the schema spells them and the entries of maps in the order
    /// of their keys. Unknown fields are left out, and so are numbers that an enum of proto2 does not have.
    ///
    /// **Errors**: `InvalidRecord` if the bytes are no message of the record's type.
    pub fn to_json(&self) -> Result<String> {
        let mut message = self.to_dynamic()?;
        serialize::drop_unknown_numbers(&mut message);
        serialize::to_json(&message).map_err(|error| self.undecodable(error))
    }

    /// Fills in the version of the commit of the transaction in which the record was saved, as
    /// [`RecordContext::committed_versionstamp`](crate::RecordContext::committed_versionstamp) tells it. A complete version stays
    /// as it is.
    ///
    /// **Errors**: `InvalidArgument` if `versionstamp` is the mark of an incomplete version.
    pub fn complete_version(&mut self, versionstamp: TransactionVersion) -> Result<()> {
        if let Some(version) = &mut self.version {
            *version = version.complete_with(versionstamp)?;
        }
        Ok(())
    }

    fn undecodable(&self, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::new(
            ErrorKind::InvalidRecord,
            "the stored bytes are no message of the record type",
        )
        .with("record_type", self.record_type())
        .with("primary_key", self.primary_key())
        .caused_by(error)
    }
}

impl PartialEq for StoredRecord {
    /// Descriptors of one type are equal, even if they were loaded twice.
    fn eq(&self, other: &Self) -> bool {
        self.descriptor.full_name() == other.descriptor.full_name()
            && self.primary_key.packed == other.primary_key.packed
            && self.bytes == other.bytes
            && self.version == other.version
            && self.sizes == other.sizes
    }
}

impl fmt::Debug for StoredRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredRecord")
            .field("record_type", &self.record_type())
            .field("primary_key", self.primary_key())
            .field("bytes", &self.bytes)
            .field("version", &self.version)
            .field("sizes", &self.sizes)
            .finish()
    }
}

/// The primary key of a record as its key in the database has it; its columns are unpacked when somebody asks for them.
#[derive(Clone)]
pub(super) struct PrimaryKey {
    /// A tuple, which was checked.
    packed: Bytes,
    columns: OnceLock<Tuple>,
}

impl PrimaryKey {
    /// Errors: `InvalidArgument` for bytes that are no tuple.
    pub(super) fn new(packed: Bytes) -> Result<Self> {
        Tuple::check(&packed)?;
        Ok(PrimaryKey::of_checked(packed))
    }

    /// The primary key of bytes that [`Tuple::check`] has found to be a tuple.
    pub(super) fn of_checked(packed: Bytes) -> Self {
        PrimaryKey {
            packed,
            columns: OnceLock::new(),
        }
    }

    pub(super) fn packed(&self) -> &Bytes {
        &self.packed
    }

    pub(super) fn columns(&self) -> &Tuple {
        self.columns
            .get_or_init(|| Tuple::unpack(&self.packed).expect("the bytes were checked to be a tuple"))
    }
}

impl From<Tuple> for PrimaryKey {
    fn from(columns: Tuple) -> Self {
        PrimaryKey {
            packed: columns.pack().into(),
            columns: columns.into(),
        }
    }
}

impl fmt::Display for PrimaryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.columns().fmt(f)
    }
}
