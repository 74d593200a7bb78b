//! [`Schema`]: meta-data as a program declares it, from .proto files and a few words.
//!
//! A schema has no versions and no numbers of its own: these come from the meta-data that a space has already, with which
//! it is merged. So the same schema, given again, changes nothing.

mod columns;
mod condition;
mod definition;
mod diff;
mod drop_type;
mod dropped;
mod indexes;
mod merge;
mod sources;
mod union_file;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use prost_reflect::ReflectMessage;

use super::{MetaDataEvolutionValidator, RecordMetaData};
use crate::error::Result;
use sources::{Files, Source};

pub use columns::Columns;
pub use definition::{IndexSchema, RecordTypeSchema};
pub use diff::SchemaDiff;

/// What a program wants its records to be: types, keys, indexes. Clones are cheap.
///
/// ```
/// use record_store::Schema;
/// let schema = Schema::builder()
///     .proto("users.proto", r#"
///         syntax = "proto3";
///         package demo;
///         message User { int64 id = 1; string email = 2; }
///     "#)
///     .record_type("User", |t| t.primary_key("id").index(("by_email", "email")))
///     .build()?;
/// let meta_data = schema.merge_into(None)?;
/// assert_eq!(
///     meta_data.record_type("User")?.primary_key().to_string(),
///     "[RecordTypeKey, Field { 'id' None}]"
/// );
/// # Ok::<(), record_store::Error>(())
/// ```
#[derive(Clone)]
pub struct Schema(Arc<Parts>);

struct Parts {
    files: Files,
    types: Vec<RecordTypeSchema>,
    indexes: Vec<IndexSchema>,
    dropped_indexes: Vec<String>,
    dropped_types: Vec<String>,
    split_long_records: Option<bool>,
    store_record_versions: Option<bool>,
    evolution: MetaDataEvolutionValidator,
}

/// Declares a [`Schema`].
#[derive(Clone, Default)]
#[must_use = "a schema is made by build()"]
pub struct SchemaBuilder {
    sources: Vec<Source>,
    types: Vec<RecordTypeSchema>,
    indexes: Vec<IndexSchema>,
    dropped_indexes: Vec<String>,
    dropped_types: Vec<String>,
    split_long_records: Option<bool>,
    store_record_versions: Option<bool>,
    evolution: MetaDataEvolutionValidator,
}

impl Schema {
    /// Begins an empty schema.
    pub fn builder() -> SchemaBuilder {
        SchemaBuilder::default()
    }

    /// The meta-data of a space that had `stored` and now gets this schema; `None` for a new space.
    ///
    /// Record types keep their numbers, a new type gets the largest and one. Types and indexes that the schema leaves out
    /// stay. The version grows with every change that a store must notice; if there is none, the meta-data is `stored`.
    ///
    /// **Errors**: `MetaData` and `InvalidExpression` for broken rules; `MetaDataEvolution` for a change that would make
    /// stored records or index entries unreadable.
    pub fn merge_into(&self, stored: Option<&RecordMetaData>) -> Result<RecordMetaData> {
        merge::merge(&self.0, stored)
    }

    /// What would change if a space that has `stored` got this schema: each change with its cost, or the rule that it breaks.
    /// [`RecordSpace::plan`](crate::RecordSpace::plan) says it of a space, with the number of records.
    ///
    /// **Errors**: `MetaData` and `InvalidExpression` for broken rules other than those of evolution.
    pub fn diff(&self, stored: &RecordMetaData) -> Result<SchemaDiff> {
        merge::diff(&self.0, stored)
    }

    /// The files that it was made of, compiled, imports first: an encoded `FileDescriptorSet`. Those that every schema may
    /// import are left out.
    ///
    /// **Errors**: those of [`merge_into`](Schema::merge_into).
    pub fn descriptor_set(&self) -> Result<Vec<u8>> {
        const FILE: u32 = 1;
        let meta_data = self.merge_into(None)?;
        let mut set = Vec::new();
        for file in meta_data.descriptors().pool().files() {
            if let Some(bytes) = self.0.files.by_name().get(file.name()) {
                prost::encoding::bytes::encode(FILE, bytes, &mut set);
            }
        }
        Ok(set)
    }
}

impl SchemaBuilder {
    /// Adds a .proto file as text. Others import it by `name`, and it may import them, `record_metadata_options.proto`,
    /// `tuple_fields.proto` and `google/protobuf/*.proto`.
    pub fn proto(mut self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.sources.push(Source::Text {
            name: name.into(),
            text: text.into(),
        });
        self
    }

    /// Adds .proto files from disk; imports are looked for under `includes`, or beside the files when there are none.
    pub fn proto_files<P: AsRef<Path>, I: AsRef<Path>>(
        mut self,
        paths: impl IntoIterator<Item = P>,
        includes: impl IntoIterator<Item = I>,
    ) -> Self {
        let owned = |path: &Path| -> PathBuf { path.to_owned() };
        self.sources.push(Source::Paths {
            paths: paths.into_iter().map(|path| owned(path.as_ref())).collect(),
            includes: includes.into_iter().map(|path| owned(path.as_ref())).collect(),
        });
        self
    }

    /// Adds compiled files: an encoded `FileDescriptorSet`, as `protoc --include_imports --descriptor_set_out` writes it.
    pub fn descriptor_set(mut self, set: impl Into<Bytes>) -> Self {
        self.sources.push(Source::DescriptorSet(set.into()));
        self
    }

    /// Adds the files that define a Rust type, generated with `prost-reflect`.
    pub fn message<M: ReflectMessage + Default>(self) -> Self {
        self.descriptor_set(M::default().descriptor().parent_pool().encode_to_vec())
    }

    /// Declares that records of the message `name` are stored, and their keys and indexes. The name may have the package.
    ///
    /// A message whose options name its primary key need not be declared.
    pub fn record_type(
        mut self,
        name: impl Into<String>,
        declare: impl FnOnce(RecordTypeSchema) -> RecordTypeSchema,
    ) -> Self {
        self.types.push(declare(RecordTypeSchema::new(name.into())));
        self
    }

    /// Declares an index over the types that it names with [`IndexSchema::on`], or over all.
    pub fn index(mut self, index: impl Into<IndexSchema>) -> Self {
        self.indexes.push(index.into());
        self
    }

    /// Drops an index that the space may have: its entries are cleared when the space is opened, and a [`FormerIndex`] stays
    /// behind, so that stores that are opened later clear theirs.
    ///
    /// [`FormerIndex`]: crate::FormerIndex
    pub fn drop_index(mut self, name: impl Into<String>) -> Self {
        self.dropped_indexes.push(name.into());
        self
    }

    /// Drops a record type that the space may have, with the indexes that are its alone. Its number in the union is retired.
    ///
    /// Its records must be deleted before, by [`delete_records_where`](crate::RecordStore::delete_records_where) for example:
    /// a space that has some refuses the schema.
    ///
    /// ```
    /// # futures_executor::block_on(async {
    /// use record_store::{Database, ErrorKind, Record, RecordKey, Schema};
    /// let db = Database::in_memory()?;
    /// let files = || Schema::builder().proto(
    ///     "shop.proto",
    ///     "syntax = 'proto3'; message User { int64 id = 1; } message Order { int64 id = 1; }",
    /// );
    /// let before = files()
    ///     .record_type("User", |t| t.primary_key("id"))
    ///     .record_type("Order", |t| t.primary_key("id"))
    ///     .build()?;
    /// let shop = db.space("shop").schema(&before).open().await?;
    /// shop.put(Record::from_json("Order", r#"{"id": 1}"#)).await?;
    ///
    /// let after = files().record_type("User", |t| t.primary_key("id")).drop_type("Order").build()?;
    /// let refused = db.space("shop").schema(&after).open().await.unwrap_err();
    /// assert_eq!(refused.kind(), ErrorKind::MetaDataEvolution);
    ///
    /// shop.delete(RecordKey::of("Order", 1)).await?;
    /// let shop = db.space("shop").schema(&after).open().await?;
    /// assert_eq!(shop.metadata().record_types().len(), 1);
    /// # Ok::<(), record_store::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn drop_type(mut self, name: impl Into<String>) -> Self {
        self.dropped_types.push(name.into());
        self
    }

    /// Whether records longer than 100,000 bytes may be saved; yes in a new space, unless a file's options say otherwise.
    pub fn split_long_records(mut self, split: bool) -> Self {
        self.split_long_records = Some(split);
        self
    }

    /// Whether the commit's version is kept with every record; yes in a new space, unless a file's options say otherwise.
    pub fn store_record_versions(mut self, store: bool) -> Self {
        self.store_record_versions = Some(store);
        self
    }

    /// Which changes of stored meta-data are allowed.
    pub fn evolution(mut self, evolution: MetaDataEvolutionValidator) -> Self {
        self.evolution = evolution;
        self
    }

    /// Compiles the files and checks the whole schema.
    ///
    /// **Errors**: `Schema` for files that do not compile, with file, line and column; `MetaData` and `InvalidExpression` for
    /// unknown names and broken rules.
    pub fn build(self) -> Result<Schema> {
        let schema = Schema(Arc::new(Parts {
            files: Files::compile(self.sources)?,
            types: self.types,
            indexes: self.indexes,
            dropped_indexes: self.dropped_indexes,
            dropped_types: self.dropped_types,
            split_long_records: self.split_long_records,
            store_record_versions: self.store_record_versions,
            evolution: self.evolution,
        }));
        schema.merge_into(None)?;
        Ok(schema)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let types: Vec<&str> = self.0.types.iter().map(RecordTypeSchema::name).collect();
        f.debug_struct("Schema")
            .field("files", &self.0.files.names().collect::<Vec<_>>())
            .field("record_types", &types)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
