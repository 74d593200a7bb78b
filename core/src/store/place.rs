//! [`StorePlace`]: a store as one handle opens it, perhaps in many transactions: where it is, with which schema and how.

use std::sync::Arc;

use parking_lot::Mutex;
use record_store_kv::{Bytes, Subspace};

use super::{StoreHeader, StoreLayout, StoreOptions, StoreSchema};
use crate::Result;

/// What is the same each time that a store is opened.
#[derive(Debug)]
pub(crate) struct StorePlace {
    layout: Arc<StoreLayout>,
    schema: StoreSchema,
    options: StoreOptions,
    /// The bytes of the header that was read last, and what they say.
    last_header: Mutex<Option<(Bytes, StoreHeader)>>,
}

impl StorePlace {
    pub(crate) fn new(subspace: Subspace, schema: StoreSchema, options: StoreOptions) -> Self {
        StorePlace {
            layout: Arc::new(StoreLayout::new(subspace)),
            schema,
            options,
            last_header: Mutex::new(None),
        }
    }

    /// The same place, opened with another schema.
    pub(crate) fn with_schema(&self, schema: StoreSchema) -> Self {
        StorePlace {
            layout: self.layout.clone(),
            schema,
            options: self.options.clone(),
            last_header: Mutex::new(None),
        }
    }

    pub(crate) fn layout(&self) -> &Arc<StoreLayout> {
        &self.layout
    }

    pub(crate) fn schema(&self) -> &StoreSchema {
        &self.schema
    }

    pub(crate) fn options(&self) -> &StoreOptions {
        &self.options
    }

    /// The header with these bytes. Most transactions read those that the last one has read.
    ///
    /// Errors: `Corrupt` for bytes that are no header.
    pub(super) fn header_of(&self, bytes: Bytes) -> Result<StoreHeader> {
        if let Some((last, header)) = &*self.last_header.lock()
            && *last == bytes
        {
            return Ok(header.clone());
        }
        let header = StoreHeader::from_bytes(self.layout.header_key(), bytes.clone())?;
        *self.last_header.lock() = Some((bytes, header.clone()));
        Ok(header)
    }
}
