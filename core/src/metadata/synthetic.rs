//! [`SyntheticRecordType`]: types whose records are not stored but made from stored ones, so that indexes may span them.
//!
//! Making the records is index maintenance's matter.

use bytes::Bytes;
use prost::Message;
use prost_reflect::prost_types::field_descriptor_proto::{Label, Type};
use prost_reflect::prost_types::{DescriptorProto, FieldDescriptorProto, FileDescriptorProto};
use prost_reflect::{FileDescriptor, MessageDescriptor};
use record_store_kv::tuple::Element;

use super::record_meta_data::unknown_record_type;
use super::{Descriptors, RecordType};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{KeyExpression, concat, field, list, record_type};

/// A type of records that are made from stored ones. Java: `SyntheticRecordType`.
#[derive(Clone, Debug)]
pub struct SyntheticRecordType {
    name: String,
    record_type_key: Element,
    parts: SyntheticParts,
    /// Set when the meta-data is built.
    built: Option<Built>,
}

#[derive(Clone, Debug)]
struct Built {
    descriptor: MessageDescriptor,
    primary_key: KeyExpression,
}

/// Of what a synthetic record is made.
#[derive(Clone, Debug, PartialEq)]
pub enum SyntheticParts {
    /// Records of several types that have equal keys. Java: `JoinedRecordType`.
    Joined {
        /// The records.
        constituents: Vec<JoinConstituent>,
        /// The keys.
        joins: Vec<Join>,
    },
    /// A record and elements of its repeated fields. Java: `UnnestedRecordType`.
    Unnested {
        /// The record, then the elements; parents before their children.
        constituents: Vec<NestedConstituent>,
    },
}

/// A record in a joined record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinConstituent {
    /// Its field in the joined record.
    pub name: String,
    /// Its type.
    pub record_type: String,
    /// Whether it may be missing.
    pub outer_joined: bool,
}

/// Two keys that are equal in a joined record.
#[derive(Clone, Debug, PartialEq)]
pub struct Join {
    /// The name of a constituent.
    pub left: String,
    /// A key in it.
    pub left_expression: KeyExpression,
    /// The name of another.
    pub right: String,
    /// The key that it equals.
    pub right_expression: KeyExpression,
}

/// The record in an unnested record, or an element of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct NestedConstituent {
    /// Its field in the unnested record.
    pub name: String,
    /// The type of the record, or the full name of the element's message.
    pub type_name: String,
    /// Where an element comes from; `None` for the record itself.
    pub nesting: Option<Nesting>,
}

/// Where an unnested element comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Nesting {
    /// The name of the constituent that holds it.
    pub parent: String,
    /// The field in it, fanned out.
    pub expression: KeyExpression,
}

impl SyntheticParts {
    /// The key expressions that say how the constituents belong together.
    pub(super) fn expressions(&self) -> Vec<&KeyExpression> {
        match self {
            SyntheticParts::Joined { joins, .. } => joins
                .iter()
                .flat_map(|join| [&join.left_expression, &join.right_expression])
                .collect(),
            SyntheticParts::Unnested { constituents } => constituents
                .iter()
                .filter_map(|constituent| Some(&constituent.nesting.as_ref()?.expression))
                .collect(),
        }
    }
}

impl SyntheticRecordType {
    /// Records of several types that have equal keys.
    pub fn joined(name: impl Into<String>, constituents: Vec<JoinConstituent>, joins: Vec<Join>) -> Self {
        Self::new(name, SyntheticParts::Joined { constituents, joins })
    }

    /// A record and elements of its repeated fields.
    pub fn unnested(name: impl Into<String>, constituents: Vec<NestedConstituent>) -> Self {
        Self::new(name, SyntheticParts::Unnested { constituents })
    }

    fn new(name: impl Into<String>, parts: SyntheticParts) -> Self {
        SyntheticRecordType {
            name: name.into(),
            record_type_key: Element::Null,
            parts,
            built: None,
        }
    }

    /// Sets the value of `recordType()`; a negative number by default.
    #[must_use]
    pub fn with_record_type_key(mut self, key: impl Into<Element>) -> Self {
        self.record_type_key = key.into();
        self
    }

    /// The type with its key, which is one below the smallest of `others` unless it was set.
    pub(super) fn with_key_after(mut self, others: &[SyntheticRecordType]) -> Self {
        if self.record_type_key.is_null() {
            let smallest = others.iter().filter_map(|other| other.record_type_key.as_i64()).min();
            self.record_type_key = Element::Int(smallest.unwrap_or(0).min(0).saturating_sub(1));
        }
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value of `recordType()` for these records.
    pub fn record_type_key(&self) -> &Element {
        &self.record_type_key
    }

    /// Of what its records are made.
    pub fn parts(&self) -> &SyntheticParts {
        &self.parts
    }

    /// Whether records of the stored type `name` are in these.
    pub fn is_made_of(&self, name: &str) -> bool {
        match &self.parts {
            SyntheticParts::Joined { constituents, .. } => {
                constituents.iter().any(|constituent| constituent.record_type == name)
            }
            SyntheticParts::Unnested { constituents } => constituents
                .iter()
                .any(|constituent| constituent.nesting.is_none() && constituent.type_name == name),
        }
    }

    /// The message with a field for each constituent.
    pub fn descriptor(&self) -> Option<&MessageDescriptor> {
        self.built.as_ref().map(|built| &built.descriptor)
    }

    /// The primary key: the type's key, then that of each constituent as a nested tuple.
    pub fn primary_key(&self) -> Option<&KeyExpression> {
        self.built.as_ref().map(|built| &built.primary_key)
    }

    fn wrong(&self, message: &'static str) -> Error {
        Error::new(ErrorKind::MetaData, message).with("record_type", &self.name)
    }

    /// The names and messages of the constituents, and the key of each.
    fn constituents(&self, descriptors: &Descriptors, stored: &[RecordType]) -> Result<Vec<Constituent>> {
        let stored_type = |name: &str| {
            stored.iter().find(|stored| stored.name() == name).ok_or_else(|| {
                unknown_record_type(name, stored.iter().map(RecordType::name)).with("synthetic", &self.name)
            })
        };
        match &self.parts {
            SyntheticParts::Joined { constituents, .. } => constituents
                .iter()
                .map(|constituent| {
                    let stored = stored_type(&constituent.record_type)?;
                    Ok(Constituent {
                        name: constituent.name.clone(),
                        message: stored.descriptor().clone(),
                        key: field(&constituent.name).nest(stored.primary_key().clone()),
                        nested: false,
                    })
                })
                .collect(),
            SyntheticParts::Unnested { constituents } => constituents
                .iter()
                .map(|constituent| match &constituent.nesting {
                    None => {
                        let stored = stored_type(&constituent.type_name)?;
                        Ok(Constituent {
                            name: constituent.name.clone(),
                            message: stored.descriptor().clone(),
                            key: field(&constituent.name).nest(stored.primary_key().clone()),
                            nested: false,
                        })
                    }
                    Some(_) => Ok(Constituent {
                        name: constituent.name.clone(),
                        message: descriptors
                            .pool()
                            .get_message_by_name(&constituent.type_name)
                            .ok_or_else(|| {
                                self.wrong("the schema has no message of this name")
                                    .with("message", &constituent.type_name)
                            })?,
                        key: field(POSITIONS_FIELD).nest(field(&constituent.name)),
                        nested: true,
                    }),
                })
                .collect(),
        }
    }

    /// The rules of Java's `JoinedRecordTypeBuilder` and `UnnestedRecordTypeBuilder`.
    fn check(&self) -> Result<()> {
        match &self.parts {
            SyntheticParts::Joined { joins, .. } => {
                for join in joins {
                    if join.left_expression.column_count() != join.right_expression.column_count() {
                        return Err(self
                            .wrong("the two sides of a join have not as many columns and will never match")
                            .with("left", &join.left_expression)
                            .with("right", &join.right_expression));
                    }
                }
            }
            SyntheticParts::Unnested { constituents } => {
                let parents = constituents
                    .iter()
                    .filter(|constituent| constituent.nesting.is_none())
                    .count();
                if parents != 1 {
                    return Err(self
                        .wrong("an unnested record type has one constituent that is a record")
                        .with("found", parents));
                }
                for (place, constituent) in constituents.iter().enumerate() {
                    let wrong = |message| Err(self.wrong(message).with("constituent", &constituent.name));
                    let before = &constituents[..place];
                    if constituent.name.starts_with("__") {
                        return wrong("the name of a constituent cannot begin with two underscores");
                    }
                    if before.iter().any(|other| other.name == constituent.name) {
                        return wrong("two constituents have one name");
                    }
                    if let Some(nesting) = &constituent.nesting
                        && !before.iter().any(|other| other.name == nesting.parent)
                    {
                        return wrong("the parent of a constituent must stand before it");
                    }
                }
            }
        }
        Ok(())
    }
}

struct Constituent {
    name: String,
    message: MessageDescriptor,
    key: KeyExpression,
    nested: bool,
}

/// Gives each type its message and its primary key.
pub(super) fn build(
    types: Vec<SyntheticRecordType>,
    descriptors: &Descriptors,
    stored: &[RecordType],
) -> Result<Vec<SyntheticRecordType>> {
    if types.is_empty() {
        return Ok(types);
    }
    let mut file = FileDescriptorProto {
        name: Some(SYNTHETIC_FILE.to_owned()),
        ..Default::default()
    };
    let mut primary_keys = Vec::with_capacity(types.len());
    for synthetic in &types {
        synthetic.check()?;
        let constituents = synthetic.constituents(descriptors, stored)?;
        for constituent in &constituents {
            let defined_in = constituent.message.parent_file().name().to_owned();
            if !file.dependency.contains(&defined_in) {
                file.dependency.push(defined_in);
            }
        }
        file.message_type.push(message_of(&synthetic.name, &constituents));
        let keys: Vec<KeyExpression> = constituents.into_iter().map(|constituent| constituent.key).collect();
        primary_keys.push(concat((record_type(), list(keys))));
    }
    let file = add_file(descriptors, file)?;
    types
        .into_iter()
        .zip(primary_keys)
        .zip(file.messages())
        .map(|((mut synthetic, primary_key), descriptor)| {
            synthetic.built = Some(Built {
                descriptor,
                primary_key,
            });
            Ok(synthetic)
        })
        .collect()
}

fn add_file(descriptors: &Descriptors, file: FileDescriptorProto) -> Result<FileDescriptor> {
    let mut pool = descriptors.pool().clone();
    pool.decode_file_descriptor_proto(Bytes::from(file.encode_to_vec()))
        .map_err(|error| {
            Error::new(ErrorKind::MetaData, "the synthetic record types do not fit the schema").caused_by(error)
        })?;
    pool.get_file_by_name(SYNTHETIC_FILE)
        .ok_or_else(|| Error::new(ErrorKind::Internal, "a file that was added to the pool is not there"))
}

/// A field for each constituent; for elements also their positions, in a message of its own.
fn message_of(name: &str, constituents: &[Constituent]) -> DescriptorProto {
    let mut fields: Vec<FieldDescriptorProto> = (1..)
        .zip(constituents)
        .map(|(number, constituent)| FieldDescriptorProto {
            name: Some(constituent.name.clone()),
            number: Some(number),
            label: Some(Label::Optional.into()),
            r#type: Some(Type::Message.into()),
            type_name: Some(format!(".{}", constituent.message.full_name())),
            ..Default::default()
        })
        .collect();
    let positions: Vec<FieldDescriptorProto> = (1..)
        .zip(constituents.iter().filter(|constituent| constituent.nested))
        .map(|(number, constituent)| FieldDescriptorProto {
            name: Some(constituent.name.clone()),
            number: Some(number),
            label: Some(Label::Optional.into()),
            r#type: Some(Type::Int64.into()),
            ..Default::default()
        })
        .collect();
    let mut nested_type = Vec::new();
    if !positions.is_empty() {
        fields.push(FieldDescriptorProto {
            name: Some(POSITIONS_FIELD.to_owned()),
            number: i32::try_from(fields.len() + 1).ok(),
            label: Some(Label::Optional.into()),
            r#type: Some(Type::Message.into()),
            type_name: Some(format!(".{name}.{POSITIONS_MESSAGE}")),
            ..Default::default()
        });
        nested_type.push(DescriptorProto {
            name: Some(POSITIONS_MESSAGE.to_owned()),
            field: positions,
            ..Default::default()
        });
    }
    DescriptorProto {
        name: Some(name.to_owned()),
        field: fields,
        nested_type,
        ..Default::default()
    }
}

const SYNTHETIC_FILE: &str = "_synthetic";
const POSITIONS_FIELD: &str = "__positions";
const POSITIONS_MESSAGE: &str = "Positions";
