//! Transactions: reads.

use std::ffi::c_int;

use crate::abi::guard::export;
use crate::abi::handle::{FDBFuture, FDBTransaction, give, object};
use crate::abi::memory::{bytes, selector};
use crate::transaction::Range;

export! {
    /// The version at which everything is read.
    fn fdb_transaction_get_read_version(transaction: *mut FDBTransaction) -> *mut FDBFuture {
        Ok(give(object(transaction)?.future(|transaction| transaction.read_version())))
    }

    /// Reads a key.
    fn fdb_transaction_get(
        transaction: *mut FDBTransaction,
        key_name: *const u8,
        key_name_length: c_int,
        snapshot: c_int,
    ) -> *mut FDBFuture {
        let key = bytes(key_name, key_name_length)?;
        Ok(give(object(transaction)?.future(|transaction| transaction.get(key, snapshot != 0))))
    }

    /// Resolves a selector.
    fn fdb_transaction_get_key(
        transaction: *mut FDBTransaction,
        key_name: *const u8,
        key_name_length: c_int,
        or_equal: c_int,
        offset: c_int,
        snapshot: c_int,
    ) -> *mut FDBFuture {
        let key = selector(key_name, key_name_length, or_equal, offset)?;
        Ok(give(object(transaction)?.future(|transaction| transaction.get_key(&key, snapshot != 0))))
    }

    /// Reads a batch of a range.
    fn fdb_transaction_get_range(
        transaction: *mut FDBTransaction,
        begin_key_name: *const u8,
        begin_key_name_length: c_int,
        begin_or_equal: c_int,
        begin_offset: c_int,
        end_key_name: *const u8,
        end_key_name_length: c_int,
        end_or_equal: c_int,
        end_offset: c_int,
        limit: c_int,
        target_bytes: c_int,
        mode: c_int,
        iteration: c_int,
        snapshot: c_int,
        reverse: c_int,
    ) -> *mut FDBFuture {
        let range = Range {
            begin: selector(begin_key_name, begin_key_name_length, begin_or_equal, begin_offset)?,
            end: selector(end_key_name, end_key_name_length, end_or_equal, end_offset)?,
            limit,
            target_bytes,
            mode,
            iteration,
            reverse: reverse != 0,
        };
        Ok(give(object(transaction)?.get_range(range, snapshot != 0)))
    }

    /// Reads a batch of a range, and what a mapper makes of its rows.
    fn fdb_transaction_get_mapped_range(
        transaction: *mut FDBTransaction,
        begin_key_name: *const u8,
        begin_key_name_length: c_int,
        begin_or_equal: c_int,
        begin_offset: c_int,
        end_key_name: *const u8,
        end_key_name_length: c_int,
        end_or_equal: c_int,
        end_offset: c_int,
        mapper_name: *const u8,
        mapper_name_length: c_int,
        limit: c_int,
        target_bytes: c_int,
        mode: c_int,
        iteration: c_int,
        snapshot: c_int,
        reverse: c_int,
    ) -> *mut FDBFuture {
        let range = Range {
            begin: selector(begin_key_name, begin_key_name_length, begin_or_equal, begin_offset)?,
            end: selector(end_key_name, end_key_name_length, end_or_equal, end_offset)?,
            limit,
            target_bytes,
            mode,
            iteration,
            reverse: reverse != 0,
        };
        let mapper = bytes(mapper_name, mapper_name_length)?;
        Ok(give(object(transaction)?.get_mapped_range(range, mapper, snapshot != 0)))
    }

    /// Completes when the value of a key changes.
    fn fdb_transaction_watch(
        transaction: *mut FDBTransaction,
        key_name: *const u8,
        key_name_length: c_int,
    ) -> *mut FDBFuture {
        let key = bytes(key_name, key_name_length)?;
        Ok(give(object(transaction)?.future(|transaction| transaction.watch(key))))
    }

    /// The addresses of the processes that store a key.
    fn fdb_transaction_get_addresses_for_key(
        transaction: *mut FDBTransaction,
        key_name: *const u8,
        key_name_length: c_int,
    ) -> *mut FDBFuture {
        let key = bytes(key_name, key_name_length)?;
        Ok(give(object(transaction)?.future(|transaction| transaction.addresses_for_key(key))))
    }

    /// About how many bytes a range has.
    fn fdb_transaction_get_estimated_range_size_bytes(
        transaction: *mut FDBTransaction,
        begin_key_name: *const u8,
        begin_key_name_length: c_int,
        end_key_name: *const u8,
        end_key_name_length: c_int,
    ) -> *mut FDBFuture {
        let begin = bytes(begin_key_name, begin_key_name_length)?;
        let end = bytes(end_key_name, end_key_name_length)?;
        Ok(give(
            object(transaction)?.future(|transaction| transaction.estimated_range_size_bytes(begin, end)),
        ))
    }

    /// Keys that cut a range into pieces.
    fn fdb_transaction_get_range_split_points(
        transaction: *mut FDBTransaction,
        begin_key_name: *const u8,
        begin_key_name_length: c_int,
        end_key_name: *const u8,
        end_key_name_length: c_int,
        chunk_size: i64,
    ) -> *mut FDBFuture {
        let begin = bytes(begin_key_name, begin_key_name_length)?;
        let end = bytes(end_key_name, end_key_name_length)?;
        Ok(give(
            object(transaction)?.future(|transaction| transaction.range_split_points(begin, end, chunk_size)),
        ))
    }
}
