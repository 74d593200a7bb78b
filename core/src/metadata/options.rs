//! Java's options in .proto files (`record_metadata_options.proto`): which field is a key, what is indexed, which message
//! is the union.
//!
//! Each is extension 1233 of Google's options. They are read from the options' bytes, so that it does not matter which
//! release of the options file a schema was compiled with.

use std::fmt;

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, FileDescriptor, MessageDescriptor};

use super::index::{Index, index_type};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{FanType, KeyExpression, field};
use crate::proto;
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

/// The index that a field's options declare. Java: `protoFieldOptions`.
#[expect(deprecated, reason = "the older option is still obeyed")]
pub(super) fn declared_index(descriptor: &FieldDescriptor, declared: &FieldOptions) -> Option<Index> {
    use proto::index::Type;
    let (kind, unique, index_options) = match (&declared.index, declared.indexed) {
        (Some(index), _) => (index.r#type().to_owned(), index.unique(), &index.options[..]),
        (None, Some(_)) => {
            let (kind, unique) = match declared.indexed() {
                Type::Index => (index_type::VALUE, false),
                Type::Unique => (index_type::VALUE, true),
                Type::Rank => (index_type::RANK, false),
                Type::RankUnique => (index_type::RANK, true),
            };
            (kind.to_owned(), unique, &[][..])
        }
        (None, None) => return None,
    };
    let fan_type = if descriptor.is_list() {
        FanType::FanOut
    } else {
        FanType::None
    };
    let column = field(descriptor.name()).with_fan_type(fan_type);
    let expression: KeyExpression = if kind == index_type::RANK {
        column.ungrouped()
    } else {
        column.into()
    };
    let name = format!("{}${}", descriptor.parent_message().name(), descriptor.name());
    let mut index = Index::new(name, expression).with_kind(kind);
    if unique {
        index = index.unique();
    }
    for option in index_options {
        index = index.with_option(&option.key, &option.value);
    }
    Some(index)
}

fn extension<T: Message + Default + fmt::Debug>(options: &DynamicMessage) -> Result<T> {
    let bytes = options.encode_to_vec();
    let extended = Extended::<T>::decode(&bytes[..]).map_err(|error| {
        Error::new(ErrorKind::MetaData, "the record layer's option cannot be read").caused_by(error)
    })?;
    Ok(extended.extension.unwrap_or_default())
}
