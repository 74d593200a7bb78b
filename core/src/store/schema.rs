//! [`StoreSchema`]: meta-data with what is compiled from it, shared by all stores that use it.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::key_expression::CompiledExpression;
use crate::metadata::{RecordMetaData, RecordType};
use crate::wire::RecordValidator;
use crate::{Error, ErrorKind, Result};

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
    pub(crate) validator: RecordValidator,
    pub(crate) primary_key: CompiledExpression,
    pub(crate) record_count_key: Option<CompiledExpression>,
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
            validator: RecordValidator::new(record_type.descriptor()),
            primary_key: compile(record_type.primary_key())?,
            record_count_key: self.inner.metadata.record_count_key().map(compile).transpose()?,
        };
        Ok(cell.get_or_init(|| access))
    }
}
