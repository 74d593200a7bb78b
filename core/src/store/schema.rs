//! [`StoreSchema`]: meta-data with what is compiled from it, shared by all stores that use it.

use std::sync::{Arc, OnceLock};

use record_store_kv::tuple::Element;

use crate::index::{IndexMaintainer, IndexMaintainers, TypeIndex};
use crate::key_expression::{CompiledExpression, RecordView};
use crate::metadata::{Index, RecordMetaData, RecordType};
use crate::wire::{Field, RecordValidator};
use crate::{Error, ErrorKind, RecordVersion, Result};

/// Meta-data, and for each record type that is used what reads its encoded records. Clones share both.
#[derive(Clone, Debug)]
pub(crate) struct StoreSchema {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    metadata: RecordMetaData,
    /// In the order of the record types.
    types: Vec<OnceLock<TypeAccess>>,
    maintainers: IndexMaintainers,
}

/// What reads the encoded records of one type.
#[derive(Debug)]
pub(crate) struct TypeAccess {
    record_type_key: Element,
    validator: RecordValidator,
    primary_key: CompiledExpression,
    record_count_key: Option<CompiledExpression>,
    indexes: OnceLock<Vec<TypeIndex>>,
}

impl TypeAccess {
    /// Checks that bytes are a record of the type, and adds its fields to `fields`. Errors: `InvalidRecord`.
    pub(crate) fn validate<'a>(&self, record: &'a [u8], fields: &mut Vec<Field<'a>>) -> Result<()> {
        self.validator.find_fields(record, fields)
    }

    /// A record of the type whose fields were found when it was checked.
    pub(crate) fn view_of<'a>(&'a self, fields: &'a [Field<'a>], version: Option<RecordVersion>) -> RecordView<'a> {
        RecordView::of_fields(fields, &self.record_type_key, version.map(Into::into))
    }

    /// A record of the type, walked once for all that is made of it.
    pub(crate) fn view<'a>(&'a self, record: &'a [u8], version: Option<RecordVersion>) -> RecordView<'a> {
        RecordView::new(record, &self.record_type_key, version.map(Into::into))
    }

    /// Appends the packed primary key of a record. Errors: `InvalidRecord`.
    pub(crate) fn append_primary_key(&self, record: &RecordView<'_>, key: &mut Vec<u8>) -> Result<()> {
        self.primary_key.append_key(record, key)
    }

    /// Whether records of the type are counted.
    pub(crate) fn has_record_count_key(&self) -> bool {
        self.record_count_key.is_some()
    }

    /// Appends the packed record count key of a record; says whether there is one. Errors: `InvalidRecord`.
    pub(crate) fn append_record_count_key(&self, record: &RecordView<'_>, key: &mut Vec<u8>) -> Result<bool> {
        match &self.record_count_key {
            Some(expression) => expression.append_key(record, key).map(|()| true),
            None => Ok(false),
        }
    }
}

impl StoreSchema {
    pub(crate) fn new(metadata: RecordMetaData) -> Self {
        let types = metadata.record_types().iter().map(|_| OnceLock::new()).collect();
        StoreSchema {
            inner: Arc::new(Inner {
                maintainers: IndexMaintainers::new(&metadata),
                metadata,
                types,
            }),
        }
    }

    /// Whether this is the very same one.
    pub(crate) fn is_same(&self, other: &StoreSchema) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    pub(crate) fn metadata(&self) -> &RecordMetaData {
        &self.inner.metadata
    }

    /// What reads the records of a type; compiled when it is first asked for.
    pub(crate) fn access(&self, record_type: &RecordType) -> Result<&TypeAccess> {
        let mut of_schema = self.inner.metadata.record_types().iter();
        // Nearly all callers have the record type from here, and few schemas have many: this is faster than hashing.
        let is_this = |each: &RecordType| std::ptr::eq(each, record_type) || each.name() == record_type.name();
        let cell = of_schema
            .position(is_this)
            .and_then(|place| self.inner.types.get(place));
        let cell = cell.ok_or_else(|| {
            Error::new(ErrorKind::Internal, "a record type is not one of its own schema")
                .with("record_type", record_type.name())
        })?;
        if let Some(access) = cell.get() {
            return Ok(access);
        }
        let compile = |expression| CompiledExpression::new(expression, record_type.descriptor());
        let access = TypeAccess {
            record_type_key: record_type.record_type_key().clone(),
            validator: RecordValidator::new(record_type.descriptor()),
            primary_key: compile(record_type.primary_key())?,
            record_count_key: self.inner.metadata.record_count_key().map(compile).transpose()?,
            indexes: OnceLock::new(),
        };
        Ok(cell.get_or_init(|| access))
    }

    /// What maintains an index.
    pub(crate) fn maintainer(&self, index: &Arc<Index>) -> Result<&Arc<dyn IndexMaintainer>> {
        self.inner.maintainers.get(index)
    }

    /// The indexes to which the records of a type belong; compiled when they are first asked for.
    pub(crate) fn indexes(&self, record_type: &RecordType) -> Result<&[TypeIndex]> {
        let cell = &self.access(record_type)?.indexes;
        if let Some(indexes) = cell.get() {
            return Ok(indexes);
        }
        self.check_not_joined(record_type)?;
        let indexes: Result<Vec<TypeIndex>> = self
            .inner
            .metadata
            .indexes_of(record_type)
            .map(|index| TypeIndex::compile(Arc::clone(self.maintainer(index)?), record_type))
            .collect();
        let indexes = indexes?;
        Ok(cell.get_or_init(|| indexes))
    }

    /// A record of which indexed records are made must not change without them. Errors: `Unsupported`.
    fn check_not_joined(&self, record_type: &RecordType) -> Result<()> {
        let metadata = &self.inner.metadata;
        for synthetic in metadata.synthetic_record_types() {
            let is_indexed = |index: &&Arc<Index>| index.record_types().iter().any(|name| name == synthetic.name());
            if synthetic.is_made_of(record_type.name())
                && let Some(index) = metadata.indexes().find(is_indexed)
            {
                return Err(Error::new(
                    ErrorKind::Unsupported,
                    "records of this type make up synthetic records that are indexed, and this release does not maintain such \
                     indexes: use Apple's layer for its records",
                )
                .with("record_type", record_type.name())
                .with("synthetic_record_type", synthetic.name())
                .with("index", index.name()));
            }
        }
        Ok(())
    }
}
