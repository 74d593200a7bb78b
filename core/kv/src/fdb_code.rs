//! FoundationDB's error codes that a client can meet, with names, descriptions and predicates.
//!
//! Source: `error_definitions.h` and `fdb_error_predicate` of FoundationDB 7.3; the descriptions are ours.

/// One row of the table.
struct Row {
    code: i32,
    name: &'static str,
    description: &'static str,
    predicate: Predicate,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Predicate {
    /// Neither retryable nor maybe committed.
    No,
    /// Retryable and maybe committed.
    Maybe,
    /// Retryable and certainly not committed.
    NotCommitted,
}

macro_rules! codes {
    ($($code:literal $constant:ident $name:literal $predicate:ident $description:literal;)*) => {
        $(
            #[doc = concat!("`", $name, "`: ", $description, ".")]
            pub const $constant: i32 = $code;
        )*
        static TABLE: &[Row] = &[
            $(Row { code: $code, name: $name, description: $description, predicate: Predicate::$predicate },)*
        ];
    };
}

codes! {
    0 SUCCESS "success" No "success";
    1007 TRANSACTION_TOO_OLD "transaction_too_old" NotCommitted "transaction is too old to perform reads or be committed";
    1009 FUTURE_VERSION "future_version" NotCommitted "request for a version that does not exist yet";
    1020 NOT_COMMITTED "not_committed" NotCommitted "transaction not committed due to conflict with another transaction";
    1021 COMMIT_UNKNOWN_RESULT "commit_unknown_result" Maybe "transaction may or may not have committed";
    1025 TRANSACTION_CANCELLED "transaction_cancelled" No "operation aborted because the transaction was cancelled";
    1031 TRANSACTION_TIMED_OUT "transaction_timed_out" No "operation aborted because the transaction timed out";
    1032 TOO_MANY_WATCHES "too_many_watches" No "too many watches are set";
    1034 WATCHES_DISABLED "watches_disabled" No "watches need read-your-writes, which is disabled";
    1036 ACCESSED_UNREADABLE "accessed_unreadable" No "read of a key whose value is known only after commit (versionstamp)";
    1037 PROCESS_BEHIND "process_behind" NotCommitted "a storage process does not have recent mutations";
    1038 DATABASE_LOCKED "database_locked" NotCommitted "the database is locked";
    1039 CLUSTER_VERSION_CHANGED "cluster_version_changed" Maybe "the protocol version of the cluster has changed";
    1042 COMMIT_PROXY_MEMORY_LIMIT_EXCEEDED "commit_proxy_memory_limit_exceeded" NotCommitted "the database has no memory left to take the commit";
    1051 BATCH_TRANSACTION_THROTTLED "batch_transaction_throttled" NotCommitted "batch priority transactions are throttled";
    1078 GRV_PROXY_MEMORY_LIMIT_EXCEEDED "grv_proxy_memory_limit_exceeded" NotCommitted "the database has no memory left to give a read version";
    1079 BLOB_GRANULE_REQUEST_FAILED "blob_granule_request_failed" No "a blob granule request failed";
    1100 BROKEN_PROMISE "broken_promise" No "the result was abandoned";
    1101 OPERATION_CANCELLED "operation_cancelled" No "the asynchronous operation was cancelled";
    1102 FUTURE_RELEASED "future_released" No "the future has been released";
    1213 TAG_THROTTLED "tag_throttled" NotCommitted "the transaction tag is throttled";
    1223 PROXY_TAG_THROTTLED "proxy_tag_throttled" NotCommitted "the transaction tag is throttled by the proxy";
    1500 PLATFORM_ERROR "platform_error" No "the platform failed";
    1510 IO_ERROR "io_error" No "disk input or output failed";
    1511 FILE_NOT_FOUND "file_not_found" No "the file was not found";
    1513 FILE_NOT_READABLE "file_not_readable" No "the file cannot be read";
    1514 FILE_NOT_WRITABLE "file_not_writable" No "the file cannot be written";
    1515 NO_CLUSTER_FILE_FOUND "no_cluster_file_found" No "there is no cluster file where one was looked for";
    1520 CHECKSUM_FAILED "checksum_failed" No "stored data does not match its checksum";
    1521 IO_TIMEOUT "io_timeout" No "a disk operation did not end in time";
    1522 FILE_CORRUPT "file_corrupt" No "a file's structure is corrupt";
    1529 LOCK_FILE_FAILURE "lock_file_failure" No "the lock file is held by another process";
    2000 CLIENT_INVALID_OPERATION "client_invalid_operation" No "the call is not allowed here";
    2004 KEY_OUTSIDE_LEGAL_RANGE "key_outside_legal_range" No "the key is outside the legal range";
    2005 INVERTED_RANGE "inverted_range" No "the range's begin is greater than its end";
    2006 INVALID_OPTION_VALUE "invalid_option_value" No "the option's value is not valid";
    2007 INVALID_OPTION "invalid_option" No "the option is unknown or not allowed here";
    2008 NETWORK_NOT_SETUP "network_not_setup" No "the network is not set up yet";
    2009 NETWORK_ALREADY_SETUP "network_already_setup" No "the network has been set up already";
    2010 READ_VERSION_ALREADY_SET "read_version_already_set" No "the transaction has a read version already";
    2011 VERSION_INVALID "version_invalid" No "the version is not valid";
    2012 RANGE_LIMITS_INVALID "range_limits_invalid" No "the range limits are not valid";
    2013 INVALID_DATABASE_NAME "invalid_database_name" No "a database can only be named DB";
    2015 FUTURE_NOT_SET "future_not_set" No "the future is not ready yet";
    2016 FUTURE_NOT_ERROR "future_not_error" No "the future has not failed";
    2017 USED_DURING_COMMIT "used_during_commit" No "the transaction was used while it commits or after it committed";
    2018 INVALID_MUTATION_TYPE "invalid_mutation_type" No "the mutation type is unknown";
    2020 TRANSACTION_INVALID_VERSION "transaction_invalid_version" No "the transaction failed, so it has no version";
    2021 NO_COMMIT_VERSION "no_commit_version" No "the transaction was read-only, so it has no commit version";
    2022 ENVIRONMENT_VARIABLE_NETWORK_OPTION_FAILED "environment_variable_network_option_failed" No "a network option in the environment cannot be set";
    2023 TRANSACTION_READ_ONLY "transaction_read_only" No "the transaction may only read";
    2025 NETWORK_CANNOT_BE_RESTARTED "network_cannot_be_restarted" No "the network was stopped, and cannot be started again in this process";
    2026 BLOCKED_FROM_NETWORK_THREAD "blocked_from_network_thread" No "a callback on the network's thread waits for what only that thread can bring";
    2030 MAPPER_BAD_INDEX "mapper_bad_index" No "the mapper refers to an element that the key or value does not have";
    2032 MAPPER_BAD_RANGE_DESCRIPTOR "mapper_bad_range_decriptor" No "the mapper's {...} is not its last element, or its only one";
    2039 GET_MAPPED_RANGE_READS_YOUR_WRITES "get_mapped_range_reads_your_writes" No "the mapped range touches what the transaction has written: read it by plain range reads";
    2041 KEY_NOT_TUPLE "key_not_tuple" No "the mapper refers to a key that is no tuple";
    2042 VALUE_NOT_TUPLE "value_not_tuple" No "the mapper refers to a value that is no tuple";
    2043 MAPPER_NOT_TUPLE "mapper_not_tuple" No "the mapper is no tuple";
    2100 SERIALIZATION_FAILED "serialization_failed" No "the value cannot be read: its protocol version is unknown";
    2101 TRANSACTION_TOO_LARGE "transaction_too_large" No "the transaction exceeds its size limit";
    2102 KEY_TOO_LARGE "key_too_large" No "the key is longer than the limit";
    2103 VALUE_TOO_LARGE "value_too_large" No "the value is longer than the limit";
    2104 CONNECTION_STRING_INVALID "connection_string_invalid" No "the text of the cluster file names no cluster";
    2108 UNSUPPORTED_OPERATION "unsupported_operation" No "the operation is not supported";
    2109 TOO_MANY_TAGS "too_many_tags" No "too many tags on one transaction";
    2110 TAG_TOO_LONG "tag_too_long" No "the tag is too long";
    2112 SPECIAL_KEYS_CROSS_MODULE_READ "special_keys_cross_module_read" No "the read crosses modules of the special key space";
    2113 SPECIAL_KEYS_NO_MODULE_FOUND "special_keys_no_module_found" No "no module of the special key space has this key";
    2114 SPECIAL_KEYS_WRITE_DISABLED "special_keys_write_disabled" No "writing special keys needs option special_key_space_enable_writes";
    2115 SPECIAL_KEYS_NO_WRITE_MODULE_FOUND "special_keys_no_write_module_found" No "no writable module of the special key space has this key";
    2116 SPECIAL_KEYS_CROSS_MODULE_CLEAR "special_keys_cross_module_clear" No "the clear crosses modules of the special key space";
    2117 SPECIAL_KEYS_API_FAILURE "special_keys_api_failure" No "a special key call failed";
    2123 NO_EXTERNAL_CLIENT_PROVIDED "no_external_client_provided" No "the local client is disabled and there is no other";
    2124 ALL_EXTERNAL_CLIENTS_FAILED "all_external_clients_failed" No "none of the external clients works";
    2125 INCOMPATIBLE_CLIENT "incompatible_client" No "no client speaks the protocol of the cluster";
    2130 TENANT_NAME_REQUIRED "tenant_name_required" No "the transaction needs a tenant";
    2131 TENANT_NOT_FOUND "tenant_not_found" No "the tenant does not exist";
    2132 TENANT_ALREADY_EXISTS "tenant_already_exists" No "the tenant exists already";
    2133 TENANT_NOT_EMPTY "tenant_not_empty" No "the tenant holds data";
    2134 INVALID_TENANT_NAME "invalid_tenant_name" No "the tenant name is not valid";
    2135 TENANT_PREFIX_ALLOCATOR_CONFLICT "tenant_prefix_allocator_conflict" No "there is data already where the tenant would lie";
    2136 TENANTS_DISABLED "tenants_disabled" No "tenants are disabled";
    2138 ILLEGAL_TENANT_ACCESS "illegal_tenant_access" No "not allowed in a transaction of a tenant";
    2139 INVALID_TENANT_GROUP_NAME "invalid_tenant_group_name" No "the tenant group's name is not valid";
    2140 INVALID_TENANT_CONFIGURATION "invalid_tenant_configuration" No "the tenant has no such setting";
    2141 CLUSTER_NO_CAPACITY "cluster_no_capacity" No "the cluster cannot take another tenant";
    2142 TENANT_REMOVED "tenant_removed" No "the tenant was removed";
    2200 API_VERSION_UNSET "api_version_unset" No "no API version has been selected";
    2201 API_VERSION_ALREADY_SET "api_version_already_set" No "an API version has been selected already";
    2202 API_VERSION_INVALID "api_version_invalid" No "the API version is not valid";
    2203 API_VERSION_NOT_SUPPORTED "api_version_not_supported" No "the API version is not supported";
    2204 API_FUNCTION_MISSING "api_function_missing" No "the client library lacks a function of the API version";
    2210 EXACT_MODE_WITHOUT_LIMITS "exact_mode_without_limits" No "streaming mode EXACT needs a limit";
    2505 SNAP_PATH_NOT_WHITELISTED "snap_path_not_whitelisted" No "the program that makes the snapshot is not allowed to";
    2509 SNAP_INVALID_UID_STRING "snap_invalid_uid_string" No "the identifier of the snapshot is not 32 hexadecimal digits";
    4000 UNKNOWN_ERROR "unknown_error" No "an unknown error occurred";
    4100 INTERNAL_ERROR "internal_error" No "an internal error occurred";
}

fn row(code: i32) -> Option<&'static Row> {
    TABLE
        .binary_search_by_key(&code, |row| row.code)
        .ok()
        .and_then(|at| TABLE.get(at))
}

/// All codes of this table, in order.
///
/// ```
/// use record_store_kv::fdb_code;
/// assert!(fdb_code::all().any(|code| code == fdb_code::NOT_COMMITTED));
/// ```
pub fn all() -> impl Iterator<Item = i32> {
    TABLE.iter().map(|row| row.code)
}

/// FoundationDB's name of `code`, or `unknown_error`.
pub fn name(code: i32) -> &'static str {
    row(code).map_or("unknown_error", |row| row.name)
}

/// What `code` means, in words.
pub fn description(code: i32) -> &'static str {
    row(code).map_or("an error that this release does not know", |row| row.description)
}

/// The predicate `retryable` (50000).
pub fn is_retryable(code: i32) -> bool {
    row(code).is_some_and(|row| row.predicate != Predicate::No)
}

/// The predicate `maybe_committed` (50001).
pub fn is_maybe_committed(code: i32) -> bool {
    row(code).is_some_and(|row| row.predicate == Predicate::Maybe)
}

/// The predicate `retryable_not_committed` (50002).
pub fn is_retryable_not_committed(code: i32) -> bool {
    row(code).is_some_and(|row| row.predicate == Predicate::NotCommitted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_of_its_codes() {
        assert!(TABLE.is_sorted_by(|a, b| a.code < b.code));
    }

    #[test]
    fn a_commit_of_unknown_result_is_retryable_and_maybe_committed() {
        assert!(is_retryable(COMMIT_UNKNOWN_RESULT) && is_maybe_committed(COMMIT_UNKNOWN_RESULT));
        assert!(!is_retryable_not_committed(COMMIT_UNKNOWN_RESULT));
        assert!(is_retryable_not_committed(NOT_COMMITTED) && !is_maybe_committed(NOT_COMMITTED));
        assert!(!is_retryable(TRANSACTION_TIMED_OUT));
    }
}
