//! A schema meets the meta-data that a space has: numbers, versions and everything left out come from there.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use prost::Message;
use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};

use super::columns::Written;
use super::dropped;
use super::indexes::{add_index, resolve_index};
use super::union_file::{self, UnionFile};
use super::{IndexSchema, Parts, RecordTypeSchema, SchemaDiff};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{concat, record_type};
use crate::metadata::evolution::Violations;
use crate::metadata::record_meta_data::unknown_record_type;
use crate::metadata::{Descriptors, Index, RecordMetaData, RecordMetaDataBuilder, options, union, validator};
use crate::proto::record_type_options::Usage;

/// The meta-data of a space that had `stored` and now gets `schema`.
pub(super) fn merge(schema: &Parts, stored: Option<&RecordMetaData>) -> Result<RecordMetaData> {
    let Some(stored) = stored else {
        let proposed = propose(schema, None)?.build()?;
        refuse_covered_primary_keys(&proposed, None)?;
        return Ok(proposed);
    };
    let base = dropped::without_dropped(schema, stored)?;
    let proposed = propose(schema, Some(&base))?.build_unchecked()?;
    if proposed.version() == base.version() {
        return Ok(base);
    }
    let violations = schema.evolution.violations(&base, &proposed);
    if !violations.is_empty() {
        let diff = SchemaDiff::new(proposed.judged_changes_since(stored, &violations));
        let refused = violations.into_result().expect_err("there are violations");
        return Err(refused.with("changes", diff.on_one_line()));
    }
    validator::validate(&proposed)?;
    refuse_covered_primary_keys(&proposed, Some(stored))?;
    Ok(proposed)
}

/// Refuses new indexes whose entries would not tell the keys of their records. Java makes them.
///
/// Errors: `InvalidExpression`.
fn refuse_covered_primary_keys(proposed: &RecordMetaData, stored: Option<&RecordMetaData>) -> Result<()> {
    let is_known = |index: &Index| stored.is_some_and(|stored| stored.index(index.name()).is_ok());
    let mut refused = proposed
        .indexes()
        .filter(|index| index.covers_primary_key() && !is_known(index));
    match refused.next() {
        None => Ok(()),
        Some(index) => Err(Error::new(
            ErrorKind::InvalidExpression,
            "an index covers a column of the primary key by its value, so that its entries would not tell the key of their \
             record: leave the column out, entries have the primary key anyway",
        )
        .with("index", index.name())),
    }
}

/// What would change if a space that has `stored` got `schema`, refused or not.
pub(super) fn diff(schema: &Parts, stored: &RecordMetaData) -> Result<SchemaDiff> {
    let base = dropped::without_dropped(schema, stored)?;
    let proposed = propose(schema, Some(&base))?.build_unchecked()?;
    let violations = match proposed.version() == base.version() {
        true => Violations::default(),
        false => schema.evolution.violations(&base, &proposed),
    };
    if violations.is_empty() {
        validator::validate(&proposed)?;
        refuse_covered_primary_keys(&proposed, Some(stored))?;
    }
    Ok(SchemaDiff::new(proposed.judged_changes_since(stored, &violations)))
}

/// The merged meta-data before its rules are checked, in the builder. Its version is that of `stored` if nothing changes.
fn propose(schema: &Parts, stored: Option<&RecordMetaData>) -> Result<RecordMetaDataBuilder> {
    let declared = Declared::of(schema)?;
    let descriptors = declared.descriptors(schema, stored)?;
    let mut builder = match stored {
        None => RecordMetaDataBuilder::new(descriptors)?,
        Some(stored) => {
            let mut builder = RecordMetaDataBuilder::from(stored);
            if !descriptors.defines_the_same(stored.descriptors()) {
                builder.update_records_unchecked(descriptors)?;
            }
            builder
        }
    };
    set_flags(schema, &declared, &mut builder, stored.is_none())?;
    for (definition, message) in &declared.types {
        set_keys(definition, message, &mut builder)?;
    }
    for index in declared.indexes(schema)? {
        add_index(index, &mut builder, stored)?;
    }
    if let Some(stored) = stored
        && builder.version() == stored.version()
        && builder.clone().build_unchecked()?.to_proto() != stored.to_proto()
    {
        builder.set_version(stored.version().saturating_add(1));
    }
    Ok(builder)
}

/// What a schema declares, found in its files.
struct Declared {
    pool: DescriptorPool,
    /// The file with a union of the user's own.
    union_file: Option<String>,
    /// The record types in the order of their declaration: in the program, then in the files.
    types: Vec<(RecordTypeSchema, MessageDescriptor)>,
}

impl Declared {
    fn of(schema: &Parts) -> Result<Self> {
        let files = schema.files.by_name();
        let pool = link_all(files)?;
        let mut union_message = None;
        let mut messages = Vec::new();
        for file in pool.files().filter(|file| files.contains_key(file.name())) {
            messages.extend(file.messages());
            if let Some(found) = union::find(&file)?
                && let Some(other) = union_message.replace(found.clone())
            {
                return Err(Error::new(
                    ErrorKind::MetaData,
                    "the files of a schema have one union message, these have two",
                )
                .with("first", other.full_name())
                .with("second", found.full_name()));
            }
        }
        let mut types = Vec::new();
        for definition in &schema.types {
            let message = find_message(&messages, definition.name())?;
            if types.iter().any(|(_, known)| *known == message) {
                return Err(Error::new(ErrorKind::MetaData, "a record type is declared twice")
                    .with("record_type", definition.name()));
            }
            types.push((definition.clone(), message));
        }
        for message in messages {
            if declares_record(&message)? && !types.iter().any(|(_, known)| *known == message) {
                types.push((RecordTypeSchema::new(message.name().to_owned()), message));
            }
        }
        if let Some(union_message) = &union_message {
            check_in_union(&types, union_message)?;
        }
        for name in &schema.dropped_types {
            if types.iter().any(|(_, message)| message.name() == name) {
                return Err(Error::new(
                    ErrorKind::MetaData,
                    "a record type is both declared and dropped: leave one out",
                )
                .with("record_type", name));
            }
        }
        Ok(Declared {
            union_file: union_message.map(|message| message.parent_file().name().to_owned()),
            pool,
            types,
        })
    }

    /// The files of the merged meta-data, with a union that knows all types.
    fn descriptors(&self, schema: &Parts, stored: Option<&RecordMetaData>) -> Result<Descriptors> {
        let mut files = schema.files.by_name().clone();
        if let Some(name) = &self.union_file {
            let records = files.remove(name).expect("the union was found in this file");
            return Descriptors::link(records, files.into_values());
        }
        if self.types.is_empty() && stored.is_none() {
            return Err(Error::new(
                ErrorKind::MetaData,
                "the schema has no record types: declare them with record_type, or set the option primary_key of a field",
            ));
        }
        let mut union = UnionFile::after(stored.map(RecordMetaData::union_message));
        let mut placed = BTreeSet::new();
        if let Some(stored) = stored {
            for field in stored.union_message().fields() {
                match self.message_now(&field, schema, stored, &mut files)? {
                    Some(message) => {
                        placed.insert(message.full_name().to_owned());
                        union.keep(field.field_descriptor_proto(), &message);
                    }
                    // The rules of evolution refuse that by name.
                    None => union.retire(field.field_descriptor_proto().number()),
                }
            }
        }
        for (_, message) in &self.types {
            if !placed.contains(message.full_name()) {
                union.add(message)?;
            }
        }
        Descriptors::link(union.encode(|name| files.contains_key(name)), files.into_values())
    }

    /// The message that records under a stored union field have now. One that the schema leaves out stays as it was, with
    /// the file that defines it; one that is gone from a file of the schema is none.
    fn message_now(
        &self,
        field: &FieldDescriptor,
        schema: &Parts,
        stored: &RecordMetaData,
        files: &mut BTreeMap<String, Bytes>,
    ) -> Result<Option<MessageDescriptor>> {
        let Kind::Message(before) = field.kind() else {
            return Err(
                Error::new(ErrorKind::Internal, "a field of a stored union is no message").with("field", field.name()),
            );
        };
        if let Some((_, message)) = self.types.iter().find(|(_, message)| message.name() == before.name()) {
            return Ok(Some(message.clone()));
        }
        if let Some(message) = self.pool.get_message_by_name(before.full_name()) {
            return Ok(Some(message));
        }
        let home = before.parent_file();
        if UnionFile::is(&home) {
            return Ok(Some(before));
        }
        if schema.files.by_name().contains_key(home.name()) {
            return Ok(None);
        }
        let mut open = vec![home];
        while let Some(file) = open.pop() {
            if let Some(bytes) = stored.descriptors().file_bytes(file.name()) {
                files.entry(file.name().to_owned()).or_insert_with(|| bytes.clone());
            }
            open.extend(file.dependencies());
        }
        Ok(Some(before))
    }

    /// All indexes of the schema with their key expressions: of the files' options, of types, of the schema.
    fn indexes(&self, schema: &Parts) -> Result<Vec<Index>> {
        let mut indexes = Vec::new();
        for (definition, message) in &self.types {
            for field in message.fields() {
                if let Some(index) = options::declared_index(&field, &options::field_options(&field)?) {
                    indexes.push(index.on(message.name()));
                }
            }
            for index in &definition.indexes {
                indexes.push(resolve_index(index, std::slice::from_ref(message))?);
            }
        }
        for index in &schema.indexes {
            indexes.push(resolve_index(index, &self.messages_of(index)?)?);
        }
        let mut names = BTreeSet::new();
        for index in &indexes {
            let refused = |message| Err(Error::new(ErrorKind::MetaData, message).with("index", index.name()));
            if !names.insert(index.name()) {
                return refused("an index is declared twice");
            }
            if schema.dropped_indexes.iter().any(|name| name == index.name()) {
                return refused("an index is both declared and dropped: leave one out");
            }
        }
        Ok(indexes)
    }

    /// The messages of the types that an index names, or of all.
    fn messages_of(&self, index: &IndexSchema) -> Result<Vec<MessageDescriptor>> {
        let all = || self.types.iter().map(|(_, message)| message.clone());
        let names = index.rest.record_types();
        if names.is_empty() {
            return Ok(all().collect());
        }
        names
            .iter()
            .map(|name| {
                let message = all().find(|message| message.name() == name || message.full_name() == name);
                message.ok_or_else(|| {
                    let known = self.types.iter().map(|(_, message)| message.name());
                    unknown_record_type(name, known).with("index", index.rest.name())
                })
            })
            .collect()
    }
}

/// Links the files of a schema, whether or not one of them imports the others.
fn link_all(files: &BTreeMap<String, Bytes>) -> Result<DescriptorPool> {
    let root = FileDescriptorProto {
        name: Some(union_file::FILE_NAME.to_owned()),
        dependency: files.keys().cloned().collect(),
        ..Default::default()
    };
    let linked = Descriptors::link(root.encode_to_vec().into(), files.values().cloned())?;
    Ok(linked.pool().clone())
}

/// The message of a record type, by its name with or without the package.
fn find_message(messages: &[MessageDescriptor], name: &str) -> Result<MessageDescriptor> {
    let found: Vec<&MessageDescriptor> = messages
        .iter()
        .filter(|message| message.full_name() == name || message.name() == name)
        .collect();
    match found[..] {
        [message] => Ok(message.clone()),
        [] => Err(unknown_record_type(name, messages.iter().map(MessageDescriptor::name))),
        [first, second, ..] => Err(Error::new(
            ErrorKind::MetaData,
            "two messages have this name: say it with the package",
        )
        .with("record_type", name)
        .with("first", first.full_name())
        .with("second", second.full_name())),
    }
}

/// Whether options say that the message is a record type: its usage, or a primary key.
fn declares_record(message: &MessageDescriptor) -> Result<bool> {
    match options::usage(message)? {
        Usage::Record => return Ok(true),
        Usage::Nested | Usage::Union => return Ok(false),
        Usage::Unset => {}
    }
    for field in message.fields() {
        if options::field_options(&field)?.primary_key() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn check_in_union(types: &[(RecordTypeSchema, MessageDescriptor)], union_message: &MessageDescriptor) -> Result<()> {
    for (definition, message) in types {
        let known = union_message
            .fields()
            .any(|field| matches!(field.kind(), Kind::Message(record) if record == *message));
        if !known {
            return Err(Error::new(
                ErrorKind::MetaData,
                "the union message has no field for a record type: add one, or remove the union and let it be made",
            )
            .with("record_type", definition.name())
            .with("union", union_message.full_name()));
        }
    }
    Ok(())
}

fn set_flags(schema: &Parts, declared: &Declared, builder: &mut RecordMetaDataBuilder, is_new: bool) -> Result<()> {
    let (mut split, mut store) = (schema.split_long_records, schema.store_record_versions);
    for file in declared.pool.files() {
        let options = options::schema_options(&file)?;
        split = split.or(options.split_long_records);
        store = store.or(options.store_record_versions);
    }
    if let Some(split) = split.or(is_new.then_some(true)) {
        builder.set_split_long_records(split);
    }
    if let Some(store) = store.or(is_new.then_some(true)) {
        builder.set_store_record_versions(store);
    }
    Ok(())
}

fn set_keys(
    definition: &RecordTypeSchema,
    message: &MessageDescriptor,
    builder: &mut RecordMetaDataBuilder,
) -> Result<()> {
    let record_type_builder = builder.record_type(message.name())?;
    if let Some(columns) = &definition.primary_key {
        let (key, written) = columns
            .resolve(message)
            .map_err(|error| error.with("record_type", message.name()))?;
        record_type_builder.set_primary_key(match written {
            Written::AsNames => concat((record_type(), key)),
            Written::AsExpression => key,
        });
    }
    if let Some(key) = &definition.record_type_key {
        record_type_builder.set_record_type_key(key.clone());
    }
    Ok(())
}
