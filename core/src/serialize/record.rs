//! [`Record`]: what a program gives to be saved.

use std::borrow::Cow;

use prost::{Message, Name};
use prost_reflect::{DynamicMessage, MessageDescriptor, ReflectMessage};
use record_store_kv::Bytes;

use super::closed_enum::refuse_unknown_number;
use super::json;
use crate::{Error, Result};

/// A record to be saved: the name of its type, and its content as protobuf bytes, a message or JSON.
///
/// ```
/// use record_store::Record;
/// let by_bytes = Record::from_bytes("User", vec![0x08, 0x2a]);
/// let by_json = Record::from_json("User", r#"{"id": 42}"#);
/// assert_eq!(by_bytes.record_type(), by_json.record_type());
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    record_type: Cow<'static, str>,
    content: Content,
}

#[derive(Clone, Debug, PartialEq)]
enum Content {
    Bytes(Bytes),
    Json(String),
}

impl Record {
    /// A record from the bytes of its message. They are checked against the schema when they are saved, and saved as they
    /// are, unknown fields included.
    pub fn from_bytes(record_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Record {
            record_type: Cow::Owned(record_type.into()),
            content: Content::Bytes(bytes.into()),
        }
    }

    /// A record from a generated message that knows its name; a reference to one converts by itself.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// # use record_store::{Database, Record, Schema};
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
    /// // prost-build writes this with its option enable_type_names.
    /// impl prost::Name for User {
    ///     const NAME: &'static str = "User";
    ///     const PACKAGE: &'static str = "";
    /// }
    ///
    /// let ada = User { id: 42, name: "Ada".to_owned() };
    /// let saved = users.put(&ada).await?;
    /// assert_eq!(saved.decode::<User>()?, ada);
    /// assert_eq!(Record::from_message(&ada), Record::from(&ada));
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn from_message<M: Message + Name>(message: &M) -> Self {
        // The record type is the message's own name, without the messages around it.
        let name = M::NAME.rsplit('.').next().unwrap_or(M::NAME);
        Record {
            record_type: Cow::Borrowed(name),
            content: Content::Bytes(message.encode_to_vec().into()),
        }
    }

    /// A record from a dynamic message.
    pub fn from_dynamic(message: &DynamicMessage) -> Self {
        Record::from_bytes(message.descriptor().name(), message.encode_to_vec())
    }

    /// A record from protobuf's JSON. It is read when it is saved, by the schema; unknown fields are refused then, and so are
    /// numbers that an enum of proto2 does not have.
    pub fn from_json(record_type: impl Into<String>, json: impl Into<String>) -> Self {
        Record {
            record_type: Cow::Owned(record_type.into()),
            content: Content::Json(json.into()),
        }
    }

    /// The name of the record's type.
    pub fn record_type(&self) -> &str {
        &self.record_type
    }

    /// The bytes of the record's message.
    ///
    /// Errors: `InvalidRecord` for JSON that does not fit the message.
    pub(crate) fn encode(&self, descriptor: &MessageDescriptor) -> Result<Bytes> {
        match &self.content {
            Content::Bytes(bytes) => Ok(bytes.clone()),
            Content::Json(json) => {
                let of_type = |error: Error| error.with("record_type", descriptor.name());
                let message = json::read(descriptor, json).map_err(of_type)?;
                match refuse_unknown_number(&message) {
                    Some(refused) => Err(of_type(refused)),
                    None => Ok(message.encode_to_vec().into()),
                }
            }
        }
    }
}

impl<M: Message + Name> From<&M> for Record {
    fn from(message: &M) -> Self {
        Record::from_message(message)
    }
}

impl From<&Record> for Record {
    fn from(record: &Record) -> Self {
        record.clone()
    }
}
