//! Transactions: changes, commit, and their life.

use std::ffi::c_int;

use crate::abi::guard::export;
use crate::abi::handle::{self, FDBFuture, FDBTransaction, give, object};
use crate::abi::memory::{bytes, put};
use crate::future::Future;
use crate::value::Value;

export! {
    /// Destroys a transaction; what is pending of it fails.
    fn fdb_transaction_destroy(transaction: *mut FDBTransaction) -> () {
        drop(handle::take(transaction));
        Ok(())
    }

    /// Makes everything fail until the transaction is reset.
    fn fdb_transaction_cancel(transaction: *mut FDBTransaction) -> () {
        object(transaction)?.cancel();
        Ok(())
    }

    /// Sets an option.
    fn fdb_transaction_set_option(
        transaction: *mut FDBTransaction,
        option: c_int,
        value: *const u8,
        value_length: c_int,
    ) -> c_int {
        object(transaction)?.set_option(option, bytes(value, value_length)?).map(|()| 0)
    }

    /// Reads at a version instead of the latest.
    fn fdb_transaction_set_read_version(transaction: *mut FDBTransaction, version: i64) -> () {
        object(transaction)?.defer(|transaction| {
            transaction.set_read_version(version);
            Ok(())
        });
        Ok(())
    }

    /// Sets a key.
    fn fdb_transaction_set(
        transaction: *mut FDBTransaction,
        key_name: *const u8,
        key_name_length: c_int,
        value: *const u8,
        value_length: c_int,
    ) -> () {
        object(transaction)?.defer(|transaction| {
            transaction.set(bytes(key_name, key_name_length)?, bytes(value, value_length)?);
            Ok(())
        });
        Ok(())
    }

    /// Applies an atomic operation.
    fn fdb_transaction_atomic_op(
        transaction: *mut FDBTransaction,
        key_name: *const u8,
        key_name_length: c_int,
        param: *const u8,
        param_length: c_int,
        operation_type: c_int,
    ) -> () {
        object(transaction)?.defer(|transaction| {
            let (key, operand) = (bytes(key_name, key_name_length)?, bytes(param, param_length)?);
            transaction.atomic_op_code(operation_type, key, operand);
            Ok(())
        });
        Ok(())
    }

    /// Clears a key.
    fn fdb_transaction_clear(transaction: *mut FDBTransaction, key_name: *const u8, key_name_length: c_int) -> () {
        object(transaction)?.defer(|transaction| {
            transaction.clear(bytes(key_name, key_name_length)?);
            Ok(())
        });
        Ok(())
    }

    /// Clears a range.
    fn fdb_transaction_clear_range(
        transaction: *mut FDBTransaction,
        begin_key_name: *const u8,
        begin_key_name_length: c_int,
        end_key_name: *const u8,
        end_key_name_length: c_int,
    ) -> () {
        object(transaction)?.defer(|transaction| {
            let begin = bytes(begin_key_name, begin_key_name_length)?;
            transaction.clear_range(begin, bytes(end_key_name, end_key_name_length)?);
            Ok(())
        });
        Ok(())
    }

    /// Adds a conflict range.
    fn fdb_transaction_add_conflict_range(
        transaction: *mut FDBTransaction,
        begin_key_name: *const u8,
        begin_key_name_length: c_int,
        end_key_name: *const u8,
        end_key_name_length: c_int,
        conflict_range_type: c_int,
    ) -> c_int {
        let begin = bytes(begin_key_name, begin_key_name_length)?;
        let end = bytes(end_key_name, end_key_name_length)?;
        object(transaction)?.add_conflict_range(begin, end, conflict_range_type).map(|()| 0)
    }

    /// Commits.
    fn fdb_transaction_commit(transaction: *mut FDBTransaction) -> *mut FDBFuture {
        Ok(give(object(transaction)?.future(|transaction| transaction.commit())))
    }

    /// The version of the last successful commit.
    fn fdb_transaction_get_committed_version(transaction: *mut FDBTransaction, out_version: *mut i64) -> c_int {
        put(out_version, object(transaction)?.committed_version());
        Ok(0)
    }

    /// The versionstamp of the commit to come.
    fn fdb_transaction_get_versionstamp(transaction: *mut FDBTransaction) -> *mut FDBFuture {
        Ok(give(object(transaction)?.future(|transaction| transaction.versionstamp())))
    }

    /// The size of the commit so far.
    fn fdb_transaction_get_approximate_size(transaction: *mut FDBTransaction) -> *mut FDBFuture {
        Ok(give(object(transaction)?.future(|transaction| transaction.approximate_size())))
    }

    /// How long tags have delayed the transaction: they do not.
    fn fdb_transaction_get_tag_throttled_duration(transaction: *mut FDBTransaction) -> *mut FDBFuture {
        let none = object(transaction)?.usable().map(|_| Value::Double(0.0));
        Ok(give(Future::ready(none)))
    }

    /// What the transaction costs a cluster that throttles: here the size of its commit.
    fn fdb_transaction_get_total_cost(transaction: *mut FDBTransaction) -> *mut FDBFuture {
        Ok(give(object(transaction)?.future(|transaction| transaction.approximate_size())))
    }

    /// FoundationDB's judgement of an error.
    fn fdb_transaction_on_error(transaction: *mut FDBTransaction, error: c_int) -> *mut FDBFuture {
        Ok(give(object(transaction)?.on_error(error)))
    }

    /// Back to a fresh transaction.
    fn fdb_transaction_reset(transaction: *mut FDBTransaction) -> () {
        object(transaction)?.reset();
        Ok(())
    }
}
