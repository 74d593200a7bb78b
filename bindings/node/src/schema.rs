//! `Schema`: which records there are and what their keys are, from protobuf descriptors in any of their shapes.

use napi::Env;
use napi::bindgen_prelude::{Buffer, BufferSlice, Either, PromiseRaw};
use napi_derive::napi;
use record_store::Result;
use record_store::metadata::{Columns, IndexPredicate, IndexSchema, MetaDataEvolutionValidator, SchemaBuilder};

use crate::error::Failure;
use crate::filter::read_filter;
use crate::key_expression::read_key;
use crate::packed::Reader;
use crate::runtime::{blocking, promise, promise_packed};

/// Which types of records there are, and which columns are their primary keys.
#[napi]
pub struct Schema {
    core: record_store::Schema,
    record_types: Vec<String>,
}

/// What a schema says beside its messages.
#[napi(object, object_to_js = false)]
pub struct SchemaOptions {
    /// The names of record types and the columns of their primary keys.
    pub primary_keys: Vec<PrimaryKeyOption>,
    /// The indexes.
    pub indexes: Vec<IndexOption>,
    /// The indexes that the schema takes from a space.
    pub drop_indexes: Vec<String>,
    /// The record types that the schema takes from a space.
    pub drop_types: Vec<String>,
    /// The changes that the schema allows.
    pub evolution: Vec<SwitchOption>,
}

/// The primary key of a record type.
#[napi(object, object_to_js = false)]
pub struct PrimaryKeyOption {
    /// The name of the record type.
    pub record_type: String,
    /// Its columns, packed.
    pub columns: Buffer,
}

/// A change that is allowed or not.
#[napi(object, object_to_js = false)]
pub struct SwitchOption {
    /// The name of the switch.
    pub name: String,
    /// Whether it is on.
    pub on: bool,
}

/// An index.
#[napi(object, object_to_js = false)]
pub struct IndexOption {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: String,
    /// The record types that it has.
    pub on: Vec<String>,
    /// Its columns, packed.
    pub columns: Buffer,
    /// The columns of its groups, packed.
    pub group_by: Option<Buffer>,
    /// The columns that stand in its entries too, packed.
    pub covering: Option<Buffer>,
    /// Whether its values are unique.
    pub unique: bool,
    /// Which records are indexed: a packed filter.
    pub condition: Option<Buffer>,
    /// Options by name: names and values.
    pub options: Vec<Vec<String>>,
}

/// Compiles .proto texts by the names by which they import each other: names and texts.
#[napi]
pub fn schema_from_proto(
    env: &Env,
    files: Vec<Vec<String>>,
    options: SchemaOptions,
) -> napi::Result<PromiseRaw<'_, Either<Schema, Failure>>> {
    compile(env, options, move |builder| {
        files.into_iter().fold(builder, |builder, file| {
            let mut file = file.into_iter();
            builder.proto(file.next().unwrap_or_default(), file.next().unwrap_or_default())
        })
    })
}

/// Compiles .proto files; their imports are looked for under `includes`, or beside the files without it.
#[napi]
pub fn schema_from_files(
    env: &Env,
    files: Vec<String>,
    includes: Vec<String>,
    options: SchemaOptions,
) -> napi::Result<PromiseRaw<'_, Either<Schema, Failure>>> {
    compile(env, options, |builder| builder.proto_files(files, includes))
}

/// Takes compiled files: the bytes of a `FileDescriptorSet`.
#[napi]
pub fn schema_from_descriptor_set<'env>(
    env: &'env Env,
    descriptor_set: &[u8],
    options: SchemaOptions,
) -> napi::Result<PromiseRaw<'env, Either<Schema, Failure>>> {
    let set = descriptor_set.to_vec();
    compile(env, options, |builder| builder.descriptor_set(set))
}

#[napi]
impl Schema {
    /// The names of the record types.
    #[napi(getter)]
    pub fn record_types(&self) -> Vec<String> {
        self.record_types.clone()
    }

    /// The compiled files: the bytes of a `FileDescriptorSet`.
    #[napi]
    pub fn descriptor_set<'env>(
        &self,
        env: &'env Env,
    ) -> napi::Result<PromiseRaw<'env, Either<BufferSlice<'env>, Failure>>> {
        let schema = self.core.clone();
        promise_packed(env, async move { schema.descriptor_set() })
    }
}

impl Schema {
    pub(crate) fn core(&self) -> &record_store::Schema {
        &self.core
    }
}

fn compile<'env>(
    env: &'env Env,
    options: SchemaOptions,
    add_messages: impl FnOnce(SchemaBuilder) -> SchemaBuilder + Send + 'static,
) -> napi::Result<PromiseRaw<'env, Either<Schema, Failure>>> {
    promise(
        env,
        blocking(move || {
            let core = with_options(add_messages(record_store::Schema::builder()), options)?.build()?;
            let metadata = core.merge_into(None)?;
            let types = metadata.record_types().iter();
            Ok(Schema {
                record_types: types.map(|record_type| record_type.name().to_owned()).collect(),
                core,
            })
        }),
    )
}

fn with_options(mut builder: SchemaBuilder, options: SchemaOptions) -> Result<SchemaBuilder> {
    for key in options.primary_keys {
        let columns = to_columns(&key.columns)?;
        builder = builder.record_type(key.record_type, |t| t.primary_key(columns));
    }
    for index in options.indexes {
        builder = builder.index(index_schema(index)?);
    }
    builder = options
        .drop_indexes
        .into_iter()
        .fold(builder, SchemaBuilder::drop_index);
    builder = options.drop_types.into_iter().fold(builder, SchemaBuilder::drop_type);
    if options.evolution.is_empty() {
        return Ok(builder);
    }
    let mut evolution = MetaDataEvolutionValidator::default();
    for switch in options.evolution {
        evolution.set(&switch.name, switch.on)?;
    }
    Ok(builder.evolution(evolution))
}

fn to_columns(packed: &[u8]) -> Result<Columns> {
    read_key(&mut Reader::new(packed))
}

fn index_schema(index: IndexOption) -> Result<IndexSchema> {
    let mut schema = IndexSchema::new(index.name, to_columns(&index.columns)?).kind(index.kind);
    schema = index.on.into_iter().fold(schema, IndexSchema::on);
    if let Some(groups) = &index.group_by {
        schema = schema.group_by(to_columns(groups)?);
    }
    if let Some(covering) = &index.covering {
        schema = schema.covering(to_columns(covering)?);
    }
    if index.unique {
        schema = schema.unique();
    }
    if let Some(condition) = &index.condition {
        let filter = read_filter(&mut Reader::new(condition))?;
        schema = schema.condition(IndexPredicate::try_from(&filter)?);
    }
    Ok(index.options.into_iter().fold(schema, |schema, option| {
        let mut option = option.into_iter();
        schema.option(option.next().unwrap_or_default(), option.next().unwrap_or_default())
    }))
}
