//! Java's options in .proto files (`record_metadata_options.proto`): which field is a key, what is indexed, which message
//! is the union.
//!
//! Each is extension 1233 of Google's options. They are read from the options' bytes, so that it does not matter which
//! release of the options file a schema was compiled with.

use std::fmt;

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, FileDescriptor, MessageDescriptor};

use crate::error::{Error, ErrorKind, Result};
use crate::proto::record_type_options::Usage;
use crate::proto::{FieldOptions, RecordTypeOptions, SchemaOptions};

#[derive(Message)]
struct Extended<T: Message + Default + fmt::Debug> {
    #[prost(message, optional, tag = "1233")]
    extension: Option<T>,
}

/// The file's `(com.apple.foundationdb.record.schema)`.
pub(crate) fn schema_options(file: &FileDescriptor) -> Result<SchemaOptions> {
    extension(&file.options()).map_err(|error| error.with("file", file.name()))
}

/// The message's `(com.apple.foundationdb.record.record)`.
pub(crate) fn record_type_options(message: &MessageDescriptor) -> Result<RecordTypeOptions> {
    extension(&message.options()).map_err(|error| error.with("message", message.full_name()))
}

/// The field's `(com.apple.foundationdb.record.field)`.
pub(crate) fn field_options(field: &FieldDescriptor) -> Result<FieldOptions> {
    extension(&field.options()).map_err(|error| error.with("field", field.full_name()))
}

/// What the message is declared to be; `Unset` when nothing is declared.
pub(crate) fn usage(message: &MessageDescriptor) -> Result<Usage> {
    Ok(record_type_options(message)?.usage())
}

fn extension<T: Message + Default + fmt::Debug>(options: &DynamicMessage) -> Result<T> {
    let bytes = options.encode_to_vec();
    let extended = Extended::<T>::decode(&bytes[..]).map_err(|error| {
        Error::new(ErrorKind::MetaData, "the record layer's option cannot be read").caused_by(error)
    })?;
    Ok(extended.extension.unwrap_or_default())
}
