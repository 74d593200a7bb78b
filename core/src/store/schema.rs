//! [`StoreSchema`]: meta-data with what is compiled from it, shared by all stores that use it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use record_store_kv::tuple::Element;

use crate::key_expression::{CompiledExpression, RecordView};
use crate::metadata::{RecordMetaData, RecordType};
use crate::wire::RecordValidator;
use crate::{Error, ErrorKind, RecordVersion, Result};

/// Meta-data, and for each record type that is used what reads its encoded records. Clones share both.
#[derive(Clone, Debug)]
pub(crate) struct StoreSchema {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    metadata: RecordMetaData,
    types: HashMap<String, OnceLock<TypeAccess>>,
}

/// What reads the encoded records of one type.
#[derive(Debug)]
pub(crate) struct TypeAccess {
    record_type_key: Element,
    validator: RecordValidator,
    primary_key: CompiledExpression,
    record_count_key: Option<CompiledExpression>,
}

impl TypeAccess {
    /// Checks that bytes are a record of the type. Errors: `InvalidRecord`.
    pub(crate) fn validate(&self, record: &[u8]) -> Result<()> {
        self.validator.validate(record)
    }

    /// Appends the packed primary key of a record. Errors: `InvalidRecord`.
    pub(crate) fn append_primary_key(
        &self,
        record: &[u8],
        version: Option<RecordVersion>,
        key: &mut Vec<u8>,
    ) -> Result<()> {
        self.primary_key.append_key(&self.view(record, version), key)
    }

    /// Appends the packed record count key of a record; says whether there is one. Errors: `InvalidRecord`.
    pub(crate) fn append_record_count_key(&self, record: &[u8], key: &mut Vec<u8>) -> Result<bool> {
        let Some(expression) = &self.record_count_key else {
            return Ok(false);
        };
        expression.append_key(&self.view(record, None), key)?;
        Ok(true)
    }

    fn view<'a>(&'a self, bytes: &'a [u8], version: Option<RecordVersion>) -> RecordView<'a> {
        RecordView::new(bytes, &self.record_type_key, version.map(Into::into))
    }
}

impl StoreSchema {
    pub(crate) fn new(metadata: RecordMetaData) -> Self {
        let types = metadata
            .record_types()
            .iter()
            .map(|record_type| (record_type.name().to_owned(), OnceLock::new()))
            .collect();
        StoreSchema {
            inner: Arc::new(Inner { metadata, types }),
        }
    }

    pub(crate) fn metadata(&self) -> &RecordMetaData {
        &self.inner.metadata
    }

    /// What reads the records of a type; compiled when it is first asked for.
    pub(crate) fn access(&self, record_type: &RecordType) -> Result<&TypeAccess> {
        let cell = self.inner.types.get(record_type.name()).ok_or_else(|| {
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
        };
        Ok(cell.get_or_init(|| access))
    }
}
