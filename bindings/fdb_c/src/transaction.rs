//! [`Transaction`]: what C knows as `FDBTransaction`. The engine has the semantics; here are the transactions of a database that could
//! not be opened, and arguments for which the engine's types have no room.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use bytes::Bytes;
use record_store_kv::{
    self as kv, ConflictRangeType, KeySelector, RangeRequest, Read, StreamingMode, TransactionOption,
};

use crate::error::{self, Code, codes};
use crate::future::Future;
use crate::value::Value;

/// A transaction.
pub(crate) struct Transaction {
    kv: Result<kv::Transaction, Code>,
    /// With which code results fail after a call without result whose arguments made no sense; 0: they do not.
    refused: AtomicI32,
}

/// The arguments of a range read.
pub(crate) struct Range {
    pub(crate) begin: KeySelector,
    pub(crate) end: KeySelector,
    pub(crate) limit: i32,
    pub(crate) target_bytes: i32,
    pub(crate) mode: i32,
    pub(crate) iteration: i32,
    pub(crate) reverse: bool,
}

impl Transaction {
    /// A transaction of a database, or of one that could not be opened.
    pub(crate) fn new(kv: Result<kv::Transaction, Code>) -> Arc<Self> {
        Arc::new(Transaction {
            kv,
            refused: AtomicI32::new(0),
        })
    }

    /// The engine's transaction, for calls with a result.
    ///
    /// **Errors**: those of opening the database, and of calls without result before.
    pub(crate) fn usable(&self) -> Result<&kv::Transaction, Code> {
        match self.refused.load(Ordering::Relaxed) {
            0 => self.kv.as_ref().map_err(|code| *code),
            code => Err(code),
        }
    }

    /// The future of a call.
    pub(crate) fn future<T: Into<Value> + Unpin + Send + 'static>(
        &self,
        call: impl FnOnce(&kv::Transaction) -> Read<T>,
    ) -> Arc<Future> {
        match self.usable() {
            Ok(transaction) => Future::of(call(transaction)),
            Err(code) => Future::ready(Err(code)),
        }
    }

    /// Makes a call without result, whose failures show in later results: also that its arguments could not be read.
    pub(crate) fn defer(&self, call: impl FnOnce(&kv::Transaction) -> Result<(), Code>) {
        if let Ok(transaction) = self.usable()
            && let Err(code) = call(transaction)
        {
            self.refused.store(code, Ordering::Relaxed);
        }
    }

    /// Reads a range.
    pub(crate) fn get_range(&self, range: Range, snapshot: bool) -> Arc<Future> {
        match range.request() {
            Ok(request) => self.future(|transaction| transaction.get_range(&request, snapshot)),
            Err(code) => Future::ready(Err(code)),
        }
    }

    /// Reads a mapped range.
    pub(crate) fn get_mapped_range(&self, range: Range, mapper: &[u8], snapshot: bool) -> Arc<Future> {
        match range.request() {
            Ok(request) => self.future(|transaction| transaction.get_mapped_range(&request, mapper, snapshot)),
            Err(code) => Future::ready(Err(code)),
        }
    }

    /// Adds a conflict range, of reads (0) or writes (1).
    ///
    /// **Errors**: 2005 for an inverted range, 2000 for another kind.
    pub(crate) fn add_conflict_range(&self, begin: &[u8], end: &[u8], kind: i32) -> Result<(), Code> {
        let kind = match kind {
            _ if begin > end => return Err(codes::INVERTED_RANGE),
            0 => ConflictRangeType::Read,
            1 => ConflictRangeType::Write,
            _ => return Err(codes::CLIENT_INVALID_OPERATION),
        };
        match self.usable() {
            Ok(transaction) => transaction
                .add_conflict_range(begin, end, kind)
                .map_err(|error| error::code(&error)),
            Err(_) => Ok(()),
        }
    }

    /// Sets an option.
    ///
    /// **Errors**: 2007 for an unknown one.
    pub(crate) fn set_option(&self, option: i32, value: &[u8]) -> Result<(), Code> {
        let value = (!value.is_empty()).then(|| Bytes::copy_from_slice(value));
        match &self.kv {
            Ok(transaction) => transaction
                .set_option(&TransactionOption::Other(option, value))
                .map_err(|error| error::code(&error)),
            Err(_) => Ok(()),
        }
    }

    /// FoundationDB's judgement of an error.
    pub(crate) fn on_error(&self, code: Code) -> Arc<Future> {
        self.refused.store(0, Ordering::Relaxed);
        match &self.kv {
            Ok(transaction) => Future::of(transaction.on_error_code(code)),
            Err(_) => Future::ready(Err(code)),
        }
    }

    /// Back to a fresh transaction.
    pub(crate) fn reset(&self) {
        self.refused.store(0, Ordering::Relaxed);
        if let Ok(transaction) = &self.kv {
            transaction.reset();
        }
    }

    /// Makes everything fail with 1025 until the transaction is reset.
    pub(crate) fn cancel(&self) {
        if let Ok(transaction) = &self.kv {
            transaction.cancel();
        }
    }

    /// The version of the last successful commit; −1 before it and after a read-only one.
    pub(crate) fn committed_version(&self) -> i64 {
        self.kv.as_ref().map_or(-1, kv::Transaction::committed_version)
    }
}

impl Range {
    fn request(self) -> Result<RangeRequest, Code> {
        let mode = match self.mode {
            -2 => StreamingMode::WantAll,
            -1 => StreamingMode::Iterator,
            0 => StreamingMode::Exact,
            1 => StreamingMode::Small,
            2 => StreamingMode::Medium,
            3 => StreamingMode::Large,
            4 => StreamingMode::Serial,
            _ => return Err(codes::CLIENT_INVALID_OPERATION),
        };
        Ok(RangeRequest {
            begin: self.begin,
            end: self.end,
            limit: self.limit,
            target_bytes: self.target_bytes,
            mode,
            iteration: self.iteration,
            reverse: self.reverse,
        })
    }
}
