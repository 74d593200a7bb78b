//! Scans and queries of a `RecordSpace`: each gives a cursor.

use napi::Env;
use napi::bindgen_prelude::{Either, PromiseRaw};
use napi_derive::napi;

use super::RecordSpace;
use crate::cursor::Cursor;
use crate::error::Failure;
use crate::query::to_query;
use crate::runtime::{CLOSED, promise};
use crate::scan::ScanArguments;
use crate::transaction::Transaction;

#[napi]
impl RecordSpace {
    /// The records in the order of their primary keys. See `ScanArguments::with_bounds` for the bounds.
    #[napi]
    pub fn scan(
        &self,
        record_type: Option<String>,
        bounds: &[u8],
        arguments: ScanArguments,
        tx: Option<&Transaction>,
    ) -> Cursor {
        let bounds = bounds.to_vec();
        self.cursor(tx, move |space| {
            Ok(space.scan(arguments.with_bounds(&bounds, record_type.as_deref())?))
        })
    }

    /// The entries of an index in its order. See `ScanArguments::with_bounds` for the bounds.
    #[napi]
    pub fn scan_index(
        &self,
        name: String,
        bounds: &[u8],
        arguments: ScanArguments,
        tx: Option<&Transaction>,
    ) -> Cursor {
        let bounds = bounds.to_vec();
        self.cursor(tx, move |space| {
            Ok(space.scan_index(name, None, arguments.with_bounds(&bounds, None)?))
        })
    }

    /// The records in the order of an index. See `ScanArguments::with_bounds` for the bounds.
    #[napi]
    pub fn scan_by(&self, name: String, bounds: &[u8], arguments: ScanArguments, tx: Option<&Transaction>) -> Cursor {
        let bounds = bounds.to_vec();
        self.cursor(tx, move |space| {
            Ok(space.scan_index_records(name, arguments.with_bounds(&bounds, None)?))
        })
    }

    /// The primary keys of the records, in their order. See `ScanArguments::with_bounds` for the bounds.
    #[napi]
    pub fn scan_keys(
        &self,
        record_type: Option<String>,
        bounds: &[u8],
        arguments: ScanArguments,
        tx: Option<&Transaction>,
    ) -> Cursor {
        let bounds = bounds.to_vec();
        self.cursor(tx, move |space| {
            Ok(space.scan_record_keys(arguments.with_bounds(&bounds, record_type.as_deref())?))
        })
    }

    /// What breaks the uniqueness of an index. See `ScanArguments::with_bounds` for the bounds.
    #[napi]
    pub fn uniqueness_violations(
        &self,
        name: String,
        bounds: &[u8],
        arguments: ScanArguments,
        tx: Option<&Transaction>,
    ) -> Cursor {
        let bounds = bounds.to_vec();
        self.cursor(tx, move |space| {
            Ok(space.scan_uniqueness_violations(name, arguments.with_bounds(&bounds, None)?))
        })
    }

    /// The records that a query asks for. See `to_query` for how it is packed.
    #[napi]
    pub fn query(&self, query: &[u8], arguments: ScanArguments, tx: Option<&Transaction>) -> Cursor {
        let query = query.to_vec();
        self.cursor(tx, move |space| {
            let options = arguments.to_core()?;
            let query = to_query(space, &query)?.limits(options.limits);
            Ok(query
                .snapshot(options.snapshot)
                .continuation(options.continuation)
                .execute())
        })
    }

    /// How the records of a query would be found. See `to_query` for how it is packed.
    #[napi]
    pub fn explain<'env>(
        &self,
        env: &'env Env,
        query: &[u8],
    ) -> napi::Result<PromiseRaw<'env, Either<String, Failure>>> {
        let (space, query) = (self.handle.get(CLOSED), query.to_vec());
        promise(env, async move { to_query(&space?, &query)?.explain().await })
    }
}
