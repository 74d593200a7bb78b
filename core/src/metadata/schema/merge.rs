//! A schema meets the meta-data that a space has: numbers, versions and everything left out come from there.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use prost::Message;
use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use record_store_kv::tuple::Element;

use super::columns::Written;
use super::union_file::{self, UnionFile};
use super::{IndexSchema, Parts, RecordTypeSchema};
use crate::error::{Error, ErrorKind, Result};
use crate::key_expression::{concat, record_type};
use crate::metadata::record_meta_data::unknown_record_type;
use crate::metadata::{Descriptors, Index, RecordMetaData, RecordMetaDataBuilder, index_rules, options, union};
use crate::proto::record_type_options::Usage;

/// The meta-data of a space that had `stored` and now gets `schema`.
pub(super) fn merge(schema: &Parts, stored: Option<&RecordMetaData>) -> Result<RecordMetaData> {
    let declared = Declared::of(schema)?;
    let descriptors = declared.descriptors(schema, stored)?;
    let mut builder = match stored {
        None => RecordMetaDataBuilder::new(descriptors)?,
        Some(stored) => {
            let mut builder = RecordMetaDataBuilder::from(stored);
            if !descriptors.defines_the_same(stored.descriptors()) {
                builder.update_records_with(descriptors, &schema.evolution)?;
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
    let mut merged = builder.build()?;
    let Some(stored) = stored else {
        return Ok(merged);
    };
    if merged.version() == stored.version() {
        if merged.to_proto() == stored.to_proto() {
            return Ok(stored.clone());
        }
        let mut builder = RecordMetaDataBuilder::from(&merged);
        builder.set_version(stored.version().saturating_add(1));
        merged = builder.build()?;
    }
    schema.evolution.validate(stored, &merged)?;
    Ok(merged)
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
                let message = self.message_now(&field, schema, stored, &mut files)?;
                placed.insert(message.full_name().to_owned());
                union.keep(field.field_descriptor_proto(), &message);
            }
        }
        for (_, message) in &self.types {
            if !placed.contains(message.full_name()) {
                union.add(message)?;
            }
        }
        Descriptors::link(union.encode(), files.into_values())
    }

    /// The message that records under a stored union field have now. One that the schema leaves out stays as it was, with
    /// the file that defines it.
    fn message_now(
        &self,
        field: &FieldDescriptor,
        schema: &Parts,
        stored: &RecordMetaData,
        files: &mut BTreeMap<String, Bytes>,
    ) -> Result<MessageDescriptor> {
        let Kind::Message(before) = field.kind() else {
            return Err(
                Error::new(ErrorKind::Internal, "a field of a stored union is no message").with("field", field.name()),
            );
        };
        if let Some((_, message)) = self.types.iter().find(|(_, message)| message.name() == before.name()) {
            return Ok(message.clone());
        }
        if let Some(message) = self.pool.get_message_by_name(before.full_name()) {
            return Ok(message);
        }
        let home = before.parent_file();
        if schema.files.by_name().contains_key(home.name()) {
            return Err(Error::new(
                ErrorKind::MetaDataEvolution,
                "a stored record type is gone from its file: keep its message, its records may be stored",
            )
            .with("record_type", before.name())
            .with("file", home.name()));
        }
        let mut open = vec![home];
        while let Some(file) = open.pop() {
            if let Some(bytes) = stored.descriptors().file_bytes(file.name()) {
                files.entry(file.name().to_owned()).or_insert_with(|| bytes.clone());
            }
            open.extend(file.dependencies());
        }
        Ok(before)
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
        match indexes.iter().find(|index| !names.insert(index.name())) {
            Some(twice) => {
                Err(Error::new(ErrorKind::MetaData, "an index is declared twice").with("index", twice.name()))
            }
            None => Ok(indexes),
        }
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

fn resolve_index(index: &IndexSchema, messages: &[MessageDescriptor]) -> Result<Index> {
    let name = |error: Error| error.with("index", index.rest.name());
    let mut resolved = None;
    for message in messages {
        let (expression, _) = index.columns.resolve(message).map_err(name)?;
        if resolved.get_or_insert_with(|| expression.clone()).to_proto() != expression.to_proto() {
            return Err(name(Error::new(
                ErrorKind::InvalidExpression,
                "the columns of an index mean different keys in its record types: make it several indexes",
            ))
            .with("record_type", message.name()));
        }
    }
    let expression =
        resolved.ok_or_else(|| name(Error::new(ErrorKind::MetaData, "an index is over no record type")))?;
    let types = messages.iter().map(|message| message.name().to_owned()).collect();
    let universal = index.rest.is_universal();
    let mut index = index.rest.clone().with_root_expression(expression);
    if !universal {
        index.set_record_types(types);
    }
    Ok(index)
}

/// Adds a new index; brings one that is there to its new definition.
fn add_index(mut index: Index, builder: &mut RecordMetaDataBuilder, stored: Option<&RecordMetaData>) -> Result<()> {
    let Some(before) = builder.indexes.get(index.name()) else {
        if builder
            .former_indexes
            .iter()
            .any(|former| former.subspace_key == *index.subspace_key())
        {
            // Stores may still have entries under the name: a new index of an old name has a key of its own.
            let key = Element::String(format!("{}#{}", index.name(), builder.version().saturating_add(1)));
            index = index.with_subspace_key(key);
        }
        builder.add_index(index)?;
        return Ok(());
    };
    let new_version = builder
        .version()
        .max(stored.map_or(0, |stored| stored.version().saturating_add(1)));
    let Some(mut changed) = redefined(before, index) else {
        return Ok(());
    };
    if changed.rebuild {
        changed.index.set_last_modified_version(new_version);
    }
    builder.version = new_version;
    builder.indexes.insert(changed.index.name().to_owned(), changed.index);
    Ok(())
}

struct Redefined {
    index: Index,
    rebuild: bool,
}

/// The new definition under the old key, or `None` when it is the old one.
fn redefined(before: &Index, now: Index) -> Option<Redefined> {
    let mut index = now.with_versions(before.added_version(), before.last_modified_version());
    if !index.has_explicit_subspace_key() {
        index.set_subspace_key(before.subspace_key().clone());
    }
    index.unknown_fields = before.unknown_fields.clone();
    let (old, new) = (before.to_proto(), index.to_proto());
    if old == new {
        return None;
    }
    let changed_options: BTreeSet<&str> = before
        .options()
        .iter()
        .chain(index.options())
        .map(|(name, _)| name.as_str())
        .filter(|name| before.option(name) != index.option(name))
        .collect();
    let options_may_change = index_rules::validate_changed_options(before, &index, &changed_options).is_ok();
    let gains_types_only = before
        .record_types()
        .iter()
        .all(|name| index.record_types().contains(name));
    let rest_is_same = old.root_expression == new.root_expression
        && old.r#type == new.r#type
        && old.predicate == new.predicate
        && before.is_universal() == index.is_universal();
    Some(Redefined {
        rebuild: !(options_may_change && gains_types_only && rest_is_same),
        index,
    })
}
