//! The union message of a schema that has none: a small .proto file of this layer's, with a field for each record type.
//!
//! Numbers are for ever: they stand in every stored record.

use bytes::Bytes;
use prost::Message;
use prost_reflect::prost_types::descriptor_proto::ReservedRange;
use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use prost_reflect::{FileDescriptor, MessageDescriptor};

use crate::error::{Error, ErrorKind, Result};
use crate::metadata::DEFAULT_UNION_NAME;

/// The union in the making.
pub(super) struct UnionFile {
    union: DescriptorProto,
    imports: Vec<String>,
    /// The file as it is stored, if a record type is kept that is defined in it.
    stored: Option<FileDescriptorProto>,
}

impl UnionFile {
    /// Begins with the numbers that were ever used; `None` for a new space.
    pub(super) fn after(stored: Option<&MessageDescriptor>) -> Self {
        let retired = stored.map(|stored| stored.descriptor_proto().reserved_range.clone());
        UnionFile {
            union: DescriptorProto {
                name: Some(DEFAULT_UNION_NAME.to_owned()),
                reserved_range: retired.unwrap_or_default(),
                ..Default::default()
            },
            imports: Vec::new(),
            stored: None,
        }
    }

    /// Whether a file is the one that such a union is stored in. Java adds record types to it.
    pub(super) fn is(file: &FileDescriptor) -> bool {
        file.name() == FILE_NAME
    }

    /// Keeps a field of the stored union, for the message that its records have now.
    pub(super) fn keep(&mut self, stored: &FieldDescriptorProto, message: &MessageDescriptor) {
        let field = FieldDescriptorProto {
            type_name: Some(absolute(message)),
            oneof_index: None,
            proto3_optional: None,
            json_name: None,
            ..stored.clone()
        };
        self.add_field(field, message);
    }

    /// Lets no record type have this number any more.
    pub(super) fn retire(&mut self, number: i32) {
        self.union.reserved_range.push(ReservedRange {
            start: Some(number),
            end: Some(number + 1),
        });
    }

    /// Adds a record type under the largest number and one.
    ///
    /// **Errors**: `MetaData` when protobuf has no more numbers.
    pub(super) fn add(&mut self, message: &MessageDescriptor) -> Result<()> {
        let used = self.union.field.iter().map(FieldDescriptorProto::number);
        let retired = self
            .union
            .reserved_range
            .iter()
            .map(|range| range.end().saturating_sub(1));
        let mut number = used.chain(retired).max().unwrap_or(0).saturating_add(1);
        if RESERVED_BY_PROTOBUF.contains(&number) {
            number = RESERVED_BY_PROTOBUF.end() + 1;
        }
        if number > NUMBER_MAX {
            return Err(Error::new(
                ErrorKind::MetaData,
                "the union has no number left for a new record type",
            )
            .with("record_type", message.name()));
        }
        let field = FieldDescriptorProto {
            name: Some(self.free_name(message.name())),
            number: Some(number),
            label: Some(Label::Optional.into()),
            r#type: Some(Type::Message.into()),
            type_name: Some(absolute(message)),
            ..Default::default()
        };
        self.add_field(field, message);
        Ok(())
    }

    /// The encoded file, with what is defined beside the union; of what that imports, what there still is.
    pub(super) fn encode(mut self, is_there: impl Fn(&str) -> bool) -> Bytes {
        let mut file = self.stored.take().unwrap_or_default();
        for import in &file.dependency {
            if is_there(import) && !self.imports.contains(import) {
                self.imports.push(import.clone());
            }
        }
        match file
            .message_type
            .iter_mut()
            .find(|message| message.name() == DEFAULT_UNION_NAME)
        {
            Some(stored) => *stored = self.union,
            None => file.message_type.push(self.union),
        }
        FileDescriptorProto {
            name: Some(FILE_NAME.to_owned()),
            package: Some(PACKAGE.to_owned()),
            dependency: self.imports,
            public_dependency: Vec::new(),
            weak_dependency: Vec::new(),
            ..file
        }
        .encode_to_vec()
        .into()
    }

    fn add_field(&mut self, field: FieldDescriptorProto, message: &MessageDescriptor) {
        let file = message.parent_file();
        if UnionFile::is(&file) {
            self.stored = Some(file.file_descriptor_proto().clone());
        } else if !self.imports.iter().any(|import| import == file.name()) {
            self.imports.push(file.name().to_owned());
        }
        self.union.field.push(field);
    }

    /// `_TypeName`, which Java prefers for writing; with more underscores where a stored field has that name.
    fn free_name(&self, type_name: &str) -> String {
        let mut name = format!("_{type_name}");
        while self.union.field.iter().any(|field| field.name() == name) {
            name.insert(0, '_');
        }
        name
    }
}

fn absolute(message: &MessageDescriptor) -> String {
    format!(".{}", message.full_name())
}

/// The name under which meta-data keeps the generated file.
pub(super) const FILE_NAME: &str = "record_store_union.proto";
pub(super) const PACKAGE: &str = "record_store";
const RESERVED_BY_PROTOBUF: std::ops::RangeInclusive<i32> = 19_000..=19_999;
const NUMBER_MAX: i32 = (1 << 29) - 1;
