/*
 * Record-Store for C: records of protobuf messages in FoundationDB, or in a database of the program's own.
 *
 * Every call returns a status; one that can fail in many ways takes a place for an error, which may be NULL. Results are zero
 * after a failure. Pointers to types without fields, such as rs_database, are handles: each has its own call that frees it and
 * takes NULL, and to use one that was freed is an error. Arguments are copied before a call returns.
 */

#ifndef RECORD_STORE_H
#define RECORD_STORE_H

/* Made by `cargo xtask gen` from bindings/c/src: change that and run it again. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/**
 * The version of this interface: it grows by one when programs must be compiled again.
 */
#define RS_ABI_VERSION 1

/**
 * The results of a scan. What it gives stays until the next call on the cursor.
 *
 * Threads: one at a time; a call while another is under way is an error.
 */
typedef struct rs_cursor rs_cursor;

/**
 * An open database. Threads: may be used by several at once.
 */
typedef struct rs_database rs_database;

/**
 * What went wrong: made by a call that fails, if it is given a place for it, and freed by the program with `rs_error_free`.
 *
 * Threads: may be used by several at once.
 */
typedef struct rs_error rs_error;

/**
 * A key expression: columns of a record, for an index or a primary key. It is made whole and does not change; one that is made of
 * others keeps what it needs of them, so that they may be freed. Whether it fits a schema is told when that is built.
 *
 * Threads: may be used by several at once.
 */
typedef struct rs_expression rs_expression;

/**
 * What must be true of a record: comparisons of fields, joined by and, or and not. It is made whole and does not change; a filter
 * that is made of others keeps what it needs of them, so that they may be freed.
 *
 * What is compared with an absent value is neither true nor false, as in SQL. Threads: may be used by several at once.
 */
typedef struct rs_filter rs_filter;

/**
 * A key: columns one after the other, and the record type where a space has several.
 *
 * What is wrong with a column (a text that is not UTF-8) is told by the call that adds it, and with an error by the call
 * that uses the key. Threads: one at a time.
 */
typedef struct rs_key rs_key;

/**
 * Memory of the library that a struct of C looks at.
 */
typedef struct rs_memory rs_memory;

/**
 * A schema: types of records, primary keys and indexes. It is given to `rs_space_open`, and may be given to it again and again.
 * Threads: may be used by several at once.
 */
typedef struct rs_schema rs_schema;

/**
 * A schema that is being declared. What is wrong with a declaration is told by its call, and with an error by
 * `rs_schema_builder_build`. Threads: one at a time.
 */
typedef struct rs_schema_builder rs_schema_builder;

/**
 * The records of one schema under a path such as "prod/users".
 *
 * A call with a transaction is part of it; with NULL it is a transaction of its own, tried again where that is right.
 * Threads: may be used by several at once.
 */
typedef struct rs_space rs_space;

/**
 * A transaction: all that it reads is of one moment, and all that it writes takes effect at once, or not at all.
 *
 * Threads: one at a time; a call while another is under way is an error.
 */
typedef struct rs_transaction rs_transaction;

/**
 * What came of a call: RS_OK, RS_NONE, or the number of a kind of error. Numbers that were published keep their meaning.
 */
typedef int32_t rs_status;

/**
 * Bytes, or text in UTF-8, that the library has given away: free them with `rs_buffer_free`.
 */
typedef struct {
    /**
     * Where they begin.
     */
    const uint8_t *data;
    /**
     * How many there are.
     */
    size_t len;
    /**
     * Whose they are: for the library alone.
     */
    rs_memory *owner;
} rs_buffer;

/**
 * Bytes, or text in UTF-8: where they begin and how many there are. No NUL stands at the end, and some may stand within.
 *
 * Given to a function they are copied before it returns; NULL with a length is an error. `rs_str` makes one of a C string.
 */
typedef struct {
    /**
     * Where they begin; may be NULL when there are none.
     */
    const uint8_t *data;
    /**
     * How many there are.
     */
    size_t len;
} rs_bytes;

/**
 * Texts that the library has given away: free them with `rs_list_free`.
 */
typedef struct {
    /**
     * The texts.
     */
    const rs_bytes *items;
    /**
     * How many there are.
     */
    size_t count;
    /**
     * Whose they are: for the library alone.
     */
    rs_memory *owner;
} rs_list;

/**
 * What a column of a key is: its type.
 */
typedef int32_t rs_column_type;

/**
 * Which values of a field are columns.
 */
typedef int32_t rs_fan_type;

/**
 * What a missing value stands for.
 */
typedef int32_t rs_null_standin;

/**
 * How a field is compared.
 */
typedef int32_t rs_comparison;

/**
 * How a database is used. Zeros are the defaults; make it with `rs_open_options_init`.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t size;
    /**
     * The directory below which all record spaces lie; none means the root of FoundationDB's directory layer.
     */
    rs_bytes root;
} rs_open_options;

/**
 * How long `rs_run` tries. Zeros are the defaults; make it with `rs_run_options_init`.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t size;
    /**
     * No new attempt starts after so many milliseconds; 0 means 30 seconds, UINT64_MAX without limit.
     */
    uint64_t timeout_ms;
    /**
     * At most so many attempts; 0 means without limit.
     */
    uint32_t max_attempts;
} rs_run_options;

/**
 * What `rs_run` runs in a transaction. It returns RS_OK to commit, and anything else to give up: the status of a call that
 * failed, perhaps with the error that the call put into `error`, or a status of its own, from RS_USER on.
 *
 * The transaction is that of the call alone: `rs_run` commits and frees it.
 */
typedef rs_status (*rs_body)(rs_transaction *transaction, void *context, rs_error **error);

/**
 * How a space is opened. Zeros are the defaults; make it with `rs_space_options_init`.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t size;
    /**
     * Not 0: builds all indexes that are not readable before the space is given.
     */
    uint8_t build_indexes;
} rs_space_options;

/**
 * What must be true of the record that is saved over.
 */
typedef int32_t rs_existence_check;

/**
 * How a record is saved. Zeros are the defaults; make it with `rs_put_options_init`.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t size;
    /**
     * The version to save, 12 bytes; otherwise the commit gives one.
     */
    rs_bytes version;
    /**
     * What must be true of the record that is saved over.
     */
    rs_existence_check existence;
} rs_put_options;

/**
 * A record. From a cursor it stays until the next call on that cursor; any other is freed with `rs_record_free`.
 */
typedef struct {
    /**
     * The name of its type.
     */
    rs_bytes record_type;
    /**
     * Its protobuf message.
     */
    rs_bytes data;
    /**
     * Its whole primary key, packed: see `rs_key_primary_key` and `rs_key_unpack`.
     */
    rs_bytes primary_key;
    /**
     * The version that its commit gave it, 12 bytes in the order of commits; none if it was saved without one, and in
     * the transaction that saves it.
     */
    rs_bytes version;
    /**
     * Whose it is: for the library alone.
     */
    rs_memory *owner;
} rs_record;

/**
 * A record to be saved: its type and its protobuf message.
 */
typedef struct {
    /**
     * The name of its type.
     */
    rs_bytes record_type;
    /**
     * Its protobuf message.
     */
    rs_bytes data;
} rs_put_item;

/**
 * One thing that a schema has otherwise than the space.
 */
typedef struct {
    /**
     * What kind of thing it is: "record type", "message", "field", "enum value", "index", "former index" or "property".
     */
    rs_bytes subject;
    /**
     * Its name; the old one when it was renamed.
     */
    rs_bytes name;
    /**
     * What happened to it: "added", "removed", "renamed", "changed" or "contradicts".
     */
    rs_bytes action;
    /**
     * Which part of it changed; may be none.
     */
    rs_bytes part;
    /**
     * What the part was; may be none.
     */
    rs_bytes before;
    /**
     * What the part is now, or the new name; may be none.
     */
    rs_bytes after;
    /**
     * What that costs: "nothing", "index_build", "index_clear", or "refused" for what is not allowed.
     */
    rs_bytes cost;
    /**
     * The rule for which it is refused; may be none.
     */
    rs_bytes rule;
    /**
     * What to do instead of what is refused; may be none.
     */
    rs_bytes way_out;
    /**
     * The change in a line.
     */
    rs_bytes text;
    /**
     * Over how many records an index is built, or at least how many; 0 for no build.
     */
    uint64_t records;
} rs_change;

/**
 * What a schema would change in a space: free it with `rs_changes_free`.
 */
typedef struct {
    /**
     * The changes: properties, record types with their fields, indexes.
     */
    const rs_change *items;
    /**
     * How many there are.
     */
    size_t count;
    /**
     * Not 0: no change is refused.
     */
    uint8_t allowed;
    /**
     * Whose they are: for the library alone.
     */
    rs_memory *owner;
} rs_changes;

/**
 * Versions of schemas: free them with `rs_schema_versions_free`.
 */
typedef struct {
    /**
     * The versions.
     */
    const int32_t *items;
    /**
     * How many there are.
     */
    size_t count;
    /**
     * Whose they are: for the library alone.
     */
    rs_memory *owner;
} rs_schema_versions;

/**
 * What a scan reads, and how far it goes. Zeros are the defaults; make it with `rs_scan_options_init`.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t size;
    /**
     * The first key, which belongs to the scan; of an index the first columns. NULL for the beginning.
     */
    const rs_key *from;
    /**
     * The key at which the scan ends, which does not belong to it; of an index the first columns. NULL for the end.
     */
    const rs_key *to;
    /**
     * The first columns of the keys, or the record type alone. Excludes `from` and `to`. NULL for all.
     */
    const rs_key *within;
    /**
     * Where the scan goes on: the continuation of a scan of the same range in the same direction.
     */
    rs_bytes continuation;
    /**
     * The most results; 0 for all.
     */
    uint64_t limit;
    /**
     * How many results to leave out first.
     */
    uint64_t skip;
    /**
     * The most key-value pairs to read before the scan stops; 0 for no limit.
     */
    uint64_t scanned_rows_max;
    /**
     * The most bytes of keys and values to read before the scan stops; 0 for no limit.
     */
    uint64_t scanned_bytes_max;
    /**
     * After how many milliseconds the scan stops; 0 for no limit.
     */
    uint64_t time_max_ms;
    /**
     * Not 0: from the greatest key downwards.
     */
    uint8_t reverse;
    /**
     * Not 0: reads without conflicts with those who write.
     */
    uint8_t snapshot;
} rs_scan_options;

/**
 * What a query asks beside its filter, and how far it goes. Zeros are the defaults; make it with `rs_query_options_init`.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t size;
    /**
     * The values of the filter's parameters, one in each column: those of `?` in their order, or else those of
     * `parameter_names`. The list of `city = ANY(?)` is a column of `rs_key_list`. NULL for a filter without parameters.
     */
    const rs_key *parameters;
    /**
     * The names of the parameters, without colons, as many as there are columns; NULL for the values of `?`.
     */
    const rs_bytes *parameter_names;
    /**
     * How many names there are.
     */
    size_t parameter_name_count;
    /**
     * Only records of these types; NULL for all types.
     */
    const rs_bytes *record_types;
    /**
     * How many types there are.
     */
    size_t record_type_count;
    /**
     * The columns of the order: an index that has it is scanned, or else the records are sorted in memory. NULL for any order.
     */
    const rs_bytes *order_by;
    /**
     * How many columns there are.
     */
    size_t order_by_count;
    /**
     * The only indexes that may be used; NULL for all.
     */
    const rs_bytes *indexes;
    /**
     * How many indexes there are.
     */
    size_t index_count;
    /**
     * Where the query goes on: the continuation of the same query.
     */
    rs_bytes continuation;
    /**
     * The most records; 0 for all.
     */
    uint64_t limit;
    /**
     * How many records to leave out first.
     */
    uint64_t skip;
    /**
     * The most key-value pairs to read before the query stops; 0 for no limit.
     */
    uint64_t scanned_rows_max;
    /**
     * The most bytes of keys and values to read before the query stops; 0 for no limit.
     */
    uint64_t scanned_bytes_max;
    /**
     * After how many milliseconds the query stops; 0 for no limit.
     */
    uint64_t time_max_ms;
    /**
     * Not 0: in the opposite order.
     */
    uint8_t reverse;
    /**
     * Not 0: reads without conflicts with those who write.
     */
    uint8_t snapshot;
    /**
     * Only records of which this is true too; NULL for none.
     */
    const rs_filter *filter;
} rs_query_options;

/**
 * An entry of an index. It stays until the next call on its cursor. Its parts are packed keys: read them with `rs_key_unpack`.
 */
typedef struct {
    /**
     * The columns of the index, then those of the primary key that are not among them; the group in an index of groups.
     */
    rs_bytes key;
    /**
     * The covered columns, or the aggregate of a group.
     */
    rs_bytes value;
    /**
     * The primary key of the record, for `rs_key_primary_key`; empty in an index of groups.
     */
    rs_bytes primary_key;
} rs_index_entry;

/**
 * A record with a value that a unique index may have once. It stays until the next call on its cursor. Its parts are packed keys.
 */
typedef struct {
    /**
     * The columns of the index, for `rs_key_unpack`.
     */
    rs_bytes value;
    /**
     * The primary key of a record with the value, for `rs_key_primary_key`.
     */
    rs_bytes primary_key;
    /**
     * The primary key of another record with the value; none if it was not noted down.
     */
    rs_bytes existing_primary_key;
} rs_uniqueness_violation;

/**
 * Why a cursor has no next result.
 */
typedef int32_t rs_no_next_reason;

/**
 * What may be done with an index.
 */
typedef int32_t rs_index_state;

/**
 * An index and its state.
 */
typedef struct {
    /**
     * The name of the index.
     */
    rs_bytes index;
    /**
     * Its state.
     */
    rs_index_state state;
} rs_named_index_state;

/**
 * Indexes with their states, in the order of their names: free them with `rs_index_states_free`.
 */
typedef struct {
    /**
     * The indexes.
     */
    const rs_named_index_state *items;
    /**
     * How many there are.
     */
    size_t count;
    /**
     * Whose they are: for the library alone.
     */
    rs_memory *owner;
} rs_index_states;

/**
 * How far a build is.
 */
typedef struct {
    /**
     * The names of the indexes that are being built together.
     */
    const rs_bytes *indexes;
    /**
     * How many indexes these are.
     */
    size_t index_count;
    /**
     * How many records this build and those that it goes on with have seen.
     */
    uint64_t records_scanned;
    /**
     * How many records there were when it began; 0 if the store does not count them.
     */
    uint64_t records_total;
    /**
     * How many ranges of primary keys are left; up to a thousand are counted.
     */
    size_t ranges_left;
} rs_build_progress;

/**
 * What is called with the progress of a build, which stays until it returns. It returns RS_OK to go on; any other status stops
 * the build, and comes back from it.
 */
typedef rs_status (*rs_on_progress)(const rs_build_progress *progress, void *context);

/**
 * What becomes of an index that a build finds.
 */
typedef int32_t rs_build_action;

/**
 * How indexes are built. Zeros are the defaults; make it with `rs_build_options_init`.
 */
typedef struct {
    /**
     * The size of this struct.
     */
    size_t size;
    /**
     * The names of the indexes to build; without any, all that are not readable.
     */
    const rs_bytes *indexes;
    /**
     * How many names there are.
     */
    size_t index_count;
    /**
     * What is called after each transaction that has indexed records; may be NULL. It is called in the thread of the build.
     */
    rs_on_progress on_progress;
    /**
     * What `on_progress` is handed.
     */
    void *context;
    /**
     * The most records of one transaction; 0 for 100.
     */
    uint64_t limit;
    /**
     * The build stops, with an error, after so many milliseconds; 0 for no limit.
     */
    uint64_t time_max_ms;
    /**
     * For how many milliseconds the sign of life of another builder counts; 0 for 10,000.
     */
    uint64_t lease_ms;
    /**
     * The most records a second; 0 for as many as can be.
     */
    uint32_t records_per_second;
    /**
     * What becomes of an index that is disabled; RS_BUILD_DEFAULT rebuilds it.
     */
    rs_build_action if_disabled;
    /**
     * What becomes of an index whose build was stopped; RS_BUILD_DEFAULT goes on with it.
     */
    rs_build_action if_write_only;
    /**
     * What becomes of an index that is readable; RS_BUILD_DEFAULT leaves it as it is.
     */
    rs_build_action if_readable;
    /**
     * The value index over the same record type, with an entry for each record, whose entries the build reads instead of all
     * records; none for the records.
     */
    rs_bytes by_index;
    /**
     * The most bytes that one transaction writes; 0 for 900,000.
     */
    uint64_t write_size_max;
    /**
     * The most milliseconds of one transaction; 0 for 4,000.
     */
    uint64_t transaction_time_max_ms;
    /**
     * The build stops, with an error, after so many transactions; 0 for no limit.
     */
    uint64_t stop_after;
    /**
     * Not 0: the index stays write-only when it has all records.
     */
    uint8_t leave_write_only;
    /**
     * Not 0: a unique index becomes readable though records have the same value.
     */
    uint8_t allow_unique_pending;
    /**
     * Not 0: from the greatest primary key downwards.
     */
    uint8_t reverse;
} rs_build_options;

/**
 * What a build has done.
 */
typedef struct {
    /**
     * How many records it has seen.
     */
    uint64_t records_scanned;
    /**
     * In how many transactions.
     */
    uint64_t transactions;
} rs_build_summary;

/**
 * It went well.
 */
#define RS_OK 0

/**
 * It went well and there is nothing: no record with this key, or no next result. This is no error.
 */
#define RS_NONE -1

/**
 * The statuses from here on are the program's own: a callback may return them, and they come back as they are.
 */
#define RS_USER 1000

/**
 * FoundationDB's judgement, named by its code: `rs_run` tries again where that helps.
 */
#define RS_FDB 1

/**
 * An argument that can never work: mend the call.
 */
#define RS_INVALID_ARGUMENT 2

/**
 * This database, index or store cannot do what was asked: use another way.
 */
#define RS_UNSUPPORTED 3

/**
 * The operating system failed a read, a write or a sync. Nothing acknowledged is lost: open the database again.
 */
#define RS_IO 4

/**
 * Stored bytes are not what was written. Nothing is served from them: restore or repair them.
 */
#define RS_CORRUPT 5

/**
 * Another process does not hand the database over in time: wait for it or close it there.
 */
#define RS_LOCKED 6

/**
 * The directory exists and is no database of ours: choose another path.
 */
#define RS_NOT_A_DATABASE 7

/**
 * The data was written by a newer release: upgrade this program.
 */
#define RS_NEWER_FORMAT 8

/**
 * A directory exists already, or does not exist, or has another layer: choose another path.
 */
#define RS_DIRECTORY 9

/**
 * The schema does not compile: mend the .proto text or the descriptors at the place that the error names.
 */
#define RS_SCHEMA 10

/**
 * The meta-data breaks a rule (types, keys, indexes): mend the definition that the error names.
 */
#define RS_META_DATA 11

/**
 * A key expression does not fit its message type: mend the expression or the field.
 */
#define RS_INVALID_EXPRESSION 12

/**
 * The new meta-data would make stored data unreadable: keep what the error names, or allow the change.
 */
#define RS_META_DATA_EVOLUTION 13

/**
 * The store was last used with newer meta-data: load the schema again.
 */
#define RS_STALE_META_DATA 14

/**
 * The store was last used by a newer version of the application: upgrade it.
 */
#define RS_STALE_USER_VERSION 15

/**
 * There is no record store or record space here: create it, or mend the path.
 */
#define RS_STORE_NOT_FOUND 16

/**
 * There is a record store or other data here already: open it, or choose another path.
 */
#define RS_STORE_ALREADY_EXISTS 17

/**
 * The record store is locked against this use: unlock it, or name the reason of the lock.
 */
#define RS_STORE_LOCKED 18

/**
 * A record with this primary key exists: update it, or choose another key.
 */
#define RS_RECORD_ALREADY_EXISTS 19

/**
 * There is no record with this primary key: insert it, or mend the key.
 */
#define RS_RECORD_NOT_FOUND 20

/**
 * The stored record with this primary key is of another type: delete it first.
 */
#define RS_RECORD_TYPE_CHANGED 21

/**
 * Another record has this value in a unique index: choose another value.
 */
#define RS_UNIQUENESS_VIOLATION 22

/**
 * The record does not fit its type (bytes, required fields, key columns): mend the record.
 */
#define RS_INVALID_RECORD 23

/**
 * A key, a value or a record is larger than its limit: shorten it, or let the store split long records.
 */
#define RS_TOO_LARGE 24

/**
 * The index is not built, or is disabled: build it, or read without it.
 */
#define RS_INDEX_NOT_READABLE 25

/**
 * The continuation is damaged or belongs to another scan: start that scan again.
 */
#define RS_INVALID_CONTINUATION 26

/**
 * A limit on rows, bytes or time stopped the scan where it must not stop: raise the limit.
 */
#define RS_SCAN_LIMIT_REACHED 27

/**
 * The query names what the schema does not have, or compares what does not compare: mend the query.
 */
#define RS_INVALID_QUERY 28

/**
 * Another build of this index is under way, or it was stopped: wait for it, or resume it.
 */
#define RS_INDEX_BUILD 29

/**
 * A promise of this library is broken: report it with the error's text.
 */
#define RS_INTERNAL 30

/**
 * There is no such column.
 */
#define RS_COLUMN_NONE 0

/**
 * No value.
 */
#define RS_COLUMN_NULL 1

/**
 * A whole number of 64 bits: `rs_key_get_int`.
 */
#define RS_COLUMN_INT 2

/**
 * A number with a fraction: `rs_key_get_double`.
 */
#define RS_COLUMN_DOUBLE 3

/**
 * A truth value: `rs_key_get_bool`.
 */
#define RS_COLUMN_BOOL 4

/**
 * A text: `rs_key_get_text`.
 */
#define RS_COLUMN_STRING 5

/**
 * Bytes: `rs_key_get_bytes`.
 */
#define RS_COLUMN_BYTES 6

/**
 * A UUID: `rs_key_get_bytes` gives its 16 bytes.
 */
#define RS_COLUMN_UUID 7

/**
 * What none of the other types holds, such as a number of more than 64 bits: `rs_key_to_text` shows it.
 */
#define RS_COLUMN_OTHER 8

/**
 * That of a field that is not repeated.
 */
#define RS_FAN_NONE 0

/**
 * Those of a repeated field, a row for each.
 */
#define RS_FAN_OUT 1

/**
 * Those of a repeated field, all in one column.
 */
#define RS_FAN_CONCATENATE 2

/**
 * Null, which does not collide with another one in a unique index.
 */
#define RS_MISSING_NULL 0

/**
 * Null, which collides with another one in a unique index.
 */
#define RS_MISSING_UNIQUE_NULL 1

/**
 * The default of the field.
 */
#define RS_MISSING_DEFAULT 2

/**
 * The same value.
 */
#define RS_EQUALS 1

/**
 * A value, and another one.
 */
#define RS_NOT_EQUALS 2

/**
 * A smaller value.
 */
#define RS_LESS_THAN 3

/**
 * A smaller value, or the same.
 */
#define RS_LESS_THAN_OR_EQUALS 4

/**
 * A greater value.
 */
#define RS_GREATER_THAN 5

/**
 * A greater value, or the same.
 */
#define RS_GREATER_THAN_OR_EQUALS 6

/**
 * A text or bytes that begin so.
 */
#define RS_STARTS_WITH 7

/**
 * One of several values: those of all columns of the key.
 */
#define RS_IN 8

/**
 * A text in the form of a pattern of SQL: `%` stands for any text and `_` for one character.
 */
#define RS_LIKE 9

/**
 * No value; it is compared with NULL.
 */
#define RS_IS_NULL 10

/**
 * A value; it is compared with NULL.
 */
#define RS_NOT_NULL 11

/**
 * A repeated field without values; it is compared with NULL.
 */
#define RS_IS_EMPTY 12

/**
 * A repeated field with values; it is compared with NULL.
 */
#define RS_NOT_EMPTY 13

/**
 * Nothing: save in any case.
 */
#define RS_EXISTENCE_NONE 0

/**
 * There must be none: insert.
 */
#define RS_ERROR_IF_EXISTS 1

/**
 * There must be one: update.
 */
#define RS_ERROR_IF_NOT_EXISTS 2

/**
 * If there is one, it must be of the same type.
 */
#define RS_ERROR_IF_TYPE_CHANGED 3

/**
 * There must be one, and it must be of the same type.
 */
#define RS_ERROR_IF_NOT_EXISTS_OR_TYPE_CHANGED 4

/**
 * There may be a next result.
 */
#define RS_REASON_NONE 0

/**
 * There is nothing more.
 */
#define RS_REASON_SOURCE_EXHAUSTED 1

/**
 * As many results as asked for were returned.
 */
#define RS_REASON_RETURN_LIMIT_REACHED 2

/**
 * The time given for the scan is over.
 */
#define RS_REASON_TIME_LIMIT_REACHED 3

/**
 * As many bytes as allowed were read.
 */
#define RS_REASON_BYTE_LIMIT_REACHED 4

/**
 * As many key-value pairs as allowed were read.
 */
#define RS_REASON_SCAN_LIMIT_REACHED 5

/**
 * It has all records: it is maintained and may be scanned.
 */
#define RS_INDEX_READABLE 0

/**
 * It is maintained but does not have all records yet.
 */
#define RS_INDEX_WRITE_ONLY 1

/**
 * It is neither maintained nor scanned, and has no entries.
 */
#define RS_INDEX_DISABLED 2

/**
 * It has all records and may be scanned, but some of them break its uniqueness.
 */
#define RS_INDEX_READABLE_UNIQUE_PENDING 3

/**
 * Changes are queued for the builder, which applies them. Only Java's layer does so.
 */
#define RS_INDEX_WRITE_ONLY_WITH_QUEUE 4

/**
 * What is best for the state in which it is.
 */
#define RS_BUILD_DEFAULT 0

/**
 * The build is refused.
 */
#define RS_BUILD_ERROR 1

/**
 * It is emptied and built from the beginning.
 */
#define RS_BUILD_REBUILD 2

/**
 * What is left to do is done.
 */
#define RS_BUILD_CONTINUE 3

/**
 * It only becomes readable, if it has all records.
 */
#define RS_BUILD_MARK_READABLE 4

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version of the interface of the library that is loaded; a program asks whether it is the RS_ABI_VERSION of its header.
 */
uint32_t rs_abi_version(void);

/**
 * The release of the library, such as "0.1.0", with a NUL at its end. It stays for ever.
 */
const char *rs_version(void);

/**
 * The name of a status, such as "InvalidRecord", with a NUL at its end; "unknown" for a number that is none. It stays for ever.
 */
const char *rs_status_name(rs_status status);

/**
 * Frees the bytes and makes the struct zero. NULL, and one that is zero, are freed already.
 */
rs_status rs_buffer_free(rs_buffer *buffer);

/**
 * Frees the texts and makes the struct zero. NULL, and one that is zero, are freed already.
 */
rs_status rs_list_free(rs_list *list);

/**
 * The error in words, with a NUL at their end; they stay until the error is freed. "" for what is no error.
 */
const char *rs_error_message(const rs_error *error);

/**
 * The name of the error's kind, such as "InvalidRecord"; it stays until the error is freed. "" for what is no error.
 */
const char *rs_error_name(const rs_error *error);

/**
 * The status of the error's kind. RS_OK for what is no error.
 */
rs_status rs_error_status(const rs_error *error);

/**
 * FoundationDB's code, or 0 if the error has none.
 */
int32_t rs_error_fdb_code(const rs_error *error);

/**
 * Whether the transaction may be tried again, which `rs_run` does.
 */
bool rs_error_retryable(const rs_error *error);

/**
 * Whether the commit may have happened nevertheless.
 */
bool rs_error_maybe_committed(const rs_error *error);

/**
 * How many facts the error has, such as the name of the index that it is about.
 */
size_t rs_error_fact_count(const rs_error *error);

/**
 * The name of a fact, counted from 0, with a NUL at its end; it stays until the error is freed. NULL if there are not so many.
 */
const char *rs_error_fact_name(const rs_error *error,
                               size_t at);

/**
 * The value of a fact, counted from 0, with a NUL at its end; it stays until the error is freed. NULL if there are not so many.
 */
const char *rs_error_fact_value(const rs_error *error,
                                size_t at);

/**
 * Frees an error. NULL is freed already.
 */
rs_status rs_error_free(rs_error *error);

/**
 * A key without columns. NULL if there is no room for more handles.
 */
rs_key *rs_key_new(void);

/**
 * A key like another one. NULL for what is no key, and if there is no room for more handles.
 */
rs_key *rs_key_copy(const rs_key *key);

/**
 * Frees a key. NULL is freed already.
 */
rs_status rs_key_free(rs_key *key);

/**
 * Takes all columns away, the record type, and what was wrong with them: the key is as a new one.
 */
rs_status rs_key_clear(rs_key *key);

/**
 * Says of which record type the record is. A key without columns is then the beginning of all keys of that type.
 */
rs_status rs_key_record_type(rs_key *key, rs_bytes record_type);

/**
 * Adds a column without a value.
 */
rs_status rs_key_null(rs_key *key);

/**
 * Adds a whole number.
 */
rs_status rs_key_int(rs_key *key, int64_t value);

/**
 * Adds a number with a fraction.
 */
rs_status rs_key_double(rs_key *key, double value);

/**
 * Adds a truth value: 0 is false, all others are true.
 */
rs_status rs_key_bool(rs_key *key, int32_t value);

/**
 * Adds a text.
 */
rs_status rs_key_string(rs_key *key, rs_bytes value);

/**
 * Adds bytes.
 */
rs_status rs_key_bytes(rs_key *key, rs_bytes value);

/**
 * Adds a UUID, which has 16 bytes.
 */
rs_status rs_key_uuid(rs_key *key, rs_bytes value);

/**
 * Adds the version of a record, which has 12 bytes.
 */
rs_status rs_key_version(rs_key *key, rs_bytes value);

/**
 * Adds the columns of another key as one column: a list, for a parameter of a query.
 */
rs_status rs_key_list(rs_key *key, const rs_key *list);

/**
 * Makes it the whole primary key of a record, as `rs_record` and `rs_index_entry` have it. Columns that it had are gone.
 */
rs_status rs_key_primary_key(rs_key *key,
                             rs_bytes primary_key);

/**
 * Makes it the columns of a packed key, as `rs_index_entry` has it, to read them. Columns that it had are gone.
 */
rs_status rs_key_unpack(rs_key *key, rs_bytes packed);

/**
 * How many columns the key has; 0 for what is no key.
 */
size_t rs_key_count(const rs_key *key);

/**
 * The type of a column, counted from 0; RS_COLUMN_NONE if there are not so many.
 */
rs_column_type rs_key_column_type(const rs_key *key, size_t at);

/**
 * Reads a whole number; RS_INVALID_ARGUMENT for a column of another type, and for none.
 */
rs_status rs_key_get_int(const rs_key *key, size_t at, int64_t *value);

/**
 * Reads a number with a fraction; RS_INVALID_ARGUMENT for a column of another type, and for none.
 */
rs_status rs_key_get_double(const rs_key *key, size_t at, double *value);

/**
 * Reads a truth value; RS_INVALID_ARGUMENT for a column of another type, and for none.
 */
rs_status rs_key_get_bool(const rs_key *key, size_t at, bool *value);

/**
 * Reads a text, which stays until the key is changed or freed; RS_INVALID_ARGUMENT for a column of another type, and for none.
 */
rs_status rs_key_get_text(const rs_key *key,
                          size_t at,
                          rs_bytes *value);

/**
 * Reads bytes or a UUID, which stay until the key is changed or freed; RS_INVALID_ARGUMENT for a column of another type, and
 * for none.
 */
rs_status rs_key_get_bytes(const rs_key *key,
                           size_t at,
                           rs_bytes *value);

/**
 * The key in words, for people.
 */
rs_status rs_key_to_text(const rs_key *key, rs_buffer *text, rs_error **error);

/**
 * A field, whose name may lead into messages as "address.city"; with `nested`, which may be NULL, its columns of the message in
 * the field. Free the expression with `rs_expression_free`.
 */
rs_status rs_expression_field(rs_bytes path,
                              rs_fan_type fan_type,
                              rs_null_standin missing,
                              const rs_expression *nested,
                              rs_expression **expression,
                              rs_error **error);

/**
 * The columns of all of these, one after the other; none of them means no columns, which a count index counts before it is grouped.
 * Free the expression with `rs_expression_free`.
 */
rs_status rs_expression_concat(const rs_expression *const *expressions,
                               size_t count,
                               rs_expression **expression,
                               rs_error **error);

/**
 * Each of these packed into one column. Free the expression with `rs_expression_free`.
 */
rs_status rs_expression_packed(const rs_expression *const *expressions,
                               size_t count,
                               rs_expression **expression,
                               rs_error **error);

/**
 * The version of the record. Free the expression with `rs_expression_free`.
 */
rs_status rs_expression_version(rs_expression **expression, rs_error **error);

/**
 * The key of the record's type, which keeps the records of a type, or their entries, together. Free the expression with
 * `rs_expression_free`.
 */
rs_status rs_expression_record_type(rs_expression **expression, rs_error **error);

/**
 * A constant: the one column of a key. Free the expression with `rs_expression_free`.
 */
rs_status rs_expression_literal(const rs_key *value, rs_expression **expression, rs_error **error);

/**
 * The function `name` of the columns of `arguments`. Free the expression with `rs_expression_free`.
 */
rs_status rs_expression_function(rs_bytes name,
                                 const rs_expression *arguments,
                                 rs_expression **expression,
                                 rs_error **error);

/**
 * The columns of `key` as the key of each entry and those of `value` as its value, from which they can be read without the record.
 * Free the expression with `rs_expression_free`.
 */
rs_status rs_expression_with_value(const rs_expression *key,
                                   const rs_expression *value,
                                   rs_expression **expression,
                                   rs_error **error);

/**
 * The columns of `grouped`, for each group of the columns of `by`; with NULL all are one group. Free the expression with
 * `rs_expression_free`.
 */
rs_status rs_expression_group_by(const rs_expression *grouped,
                                 const rs_expression *by,
                                 rs_expression **expression,
                                 rs_error **error);

/**
 * The rows of an expression of one column, dealt into rows of `size` columns. Free the expression with `rs_expression_free`.
 */
rs_status rs_expression_split(const rs_expression *rows,
                              size_t size,
                              rs_expression **expression,
                              rs_error **error);

/**
 * The columns of `whole`, of which `dimensions` after the first `prefix` are dimensions of space. Free the expression with
 * `rs_expression_free`.
 */
rs_status rs_expression_dimensions(const rs_expression *whole,
                                   size_t prefix,
                                   size_t dimensions,
                                   rs_expression **expression,
                                   rs_error **error);

/**
 * How many columns the expression has; 0 for what is no expression.
 */
size_t rs_expression_column_count(const rs_expression *expression);

/**
 * The expression in words, for people. Free the text with `rs_buffer_free`.
 */
rs_status rs_expression_to_text(const rs_expression *expression, rs_buffer *text, rs_error **error);

/**
 * Frees an expression. NULL is freed already.
 */
rs_status rs_expression_free(rs_expression *expression);

/**
 * Compares a field, whose name may lead into messages as "address.city", with a value: the one column of a key. `RS_IN` takes any
 * number of columns, and comparisons with nothing take NULL. Free the filter with `rs_filter_free`.
 */
rs_status rs_filter_compare(rs_bytes field,
                            rs_comparison comparison,
                            const rs_key *value,
                            rs_filter **filter,
                            rs_error **error);

/**
 * Compares one of the values of a repeated field; otherwise as `rs_filter_compare`.
 */
rs_status rs_filter_compare_any(rs_bytes field,
                                rs_comparison comparison,
                                const rs_key *value,
                                rs_filter **filter,
                                rs_error **error);

/**
 * Compares a field with a parameter, whose value `rs_query_options` gives by its name, without a colon. Free the filter with
 * `rs_filter_free`.
 */
rs_status rs_filter_compare_parameter(rs_bytes field,
                                      rs_comparison comparison,
                                      rs_bytes parameter,
                                      rs_filter **filter,
                                      rs_error **error);

/**
 * Reads a filter from text in the manner of SQL. `parameters`, which may be NULL, has the values of its `?` in their order. Free
 * the filter with `rs_filter_free`.
 */
rs_status rs_filter_parse(rs_bytes text,
                          const rs_key *parameters,
                          rs_filter **filter,
                          rs_error **error);

/**
 * All of these filters are true. Free the filter with `rs_filter_free`.
 */
rs_status rs_filter_and(const rs_filter *const *filters, size_t count, rs_filter **filter, rs_error **error);

/**
 * One of these filters is true. Free the filter with `rs_filter_free`.
 */
rs_status rs_filter_or(const rs_filter *const *filters, size_t count, rs_filter **filter, rs_error **error);

/**
 * The filter is false. Free the new one with `rs_filter_free`.
 */
rs_status rs_filter_not(const rs_filter *negated, rs_filter **filter, rs_error **error);

/**
 * A filter is true of the message in a field. Free the new one with `rs_filter_free`.
 */
rs_status rs_filter_matches(rs_bytes field, const rs_filter *of_message, rs_filter **filter, rs_error **error);

/**
 * A filter is true of one of the messages in a repeated field. Free the new one with `rs_filter_free`.
 */
rs_status rs_filter_any(rs_bytes field, const rs_filter *of_message, rs_filter **filter, rs_error **error);

/**
 * The filter as text, which `rs_filter_parse` reads. Free it with `rs_buffer_free`.
 */
rs_status rs_filter_to_text(const rs_filter *filter, rs_buffer *text, rs_error **error);

/**
 * Frees a filter. NULL is freed already.
 */
rs_status rs_filter_free(rs_filter *filter);

/**
 * A schema without anything. NULL if there is no room for more handles.
 */
rs_schema_builder *rs_schema_builder_new(void);

/**
 * Frees a builder. The schemas that it has built stay. NULL is freed already.
 */
rs_status rs_schema_builder_free(rs_schema_builder *builder);

/**
 * Adds a .proto file as text. Others import it by `name`.
 */
rs_status rs_schema_builder_proto(rs_schema_builder *builder, rs_bytes name, rs_bytes text);

/**
 * Adds a .proto file from disk. Its imports are looked for in the folder `includes`, or beside the file without it.
 */
rs_status rs_schema_builder_proto_file(rs_schema_builder *builder, rs_bytes path, rs_bytes includes);

/**
 * Adds compiled files: the bytes of a FileDescriptorSet, as protoc --include_imports --descriptor_set_out writes it.
 */
rs_status rs_schema_builder_descriptor_set(rs_schema_builder *builder, rs_bytes set);

/**
 * Declares that messages of this name are records. Not needed for those whose primary key is declared here or by their options.
 */
rs_status rs_schema_builder_record_type(rs_schema_builder *builder,
                                        rs_bytes record_type);

/**
 * Adds a column to the primary key of a record type: the name of a field, or "address.city" for one within a message.
 */
rs_status rs_schema_builder_primary_key(rs_schema_builder *builder, rs_bytes record_type, rs_bytes column);

/**
 * Makes a key expression the primary key of a record type. It is taken as it is: without the key of the record type in it, records of
 * several types share their keys.
 */
rs_status rs_schema_builder_primary_key_expression(rs_schema_builder *builder,
                                                   rs_bytes record_type,
                                                   const rs_expression *expression);

/**
 * Drops an index that the space may have.
 */
rs_status rs_schema_builder_drop_index(rs_schema_builder *builder, rs_bytes index);

/**
 * Drops a record type that the space may have; its records must be deleted before.
 */
rs_status rs_schema_builder_drop_type(rs_schema_builder *builder, rs_bytes record_type);

/**
 * Allows a change of the stored schema that is refused by itself, such as "allow_field_renames".
 */
rs_status rs_schema_builder_allow(rs_schema_builder *builder, rs_bytes change);

/**
 * Compiles and checks what was declared. The schema is freed with `rs_schema_free`, and the builder may be used on.
 */
rs_status rs_schema_builder_build(rs_schema_builder *builder, rs_schema **schema, rs_error **error);

/**
 * Frees a schema; spaces that were opened with it stay. NULL is freed already.
 */
rs_status rs_schema_free(rs_schema *schema);

/**
 * The compiled files of a schema: the bytes of a FileDescriptorSet, to be freed with `rs_buffer_free`.
 */
rs_status rs_schema_descriptor_set(const rs_schema *schema, rs_buffer *set, rs_error **error);

/**
 * Begins an index. `kind` is its type, such as "count" or "sum"; none means "value". The calls that follow say the rest.
 */
rs_status rs_schema_builder_index(rs_schema_builder *builder,
                                  rs_bytes index,
                                  rs_bytes kind);

/**
 * Adds a column to an index.
 */
rs_status rs_schema_builder_index_column(rs_schema_builder *builder, rs_bytes index, rs_bytes column);

/**
 * Makes a key expression the columns of an index. It is taken as it is: types of indexes that group need `rs_expression_group_by` in it.
 */
rs_status rs_schema_builder_index_expression(rs_schema_builder *builder,
                                             rs_bytes index,
                                             const rs_expression *expression);

/**
 * Only records of which the filter is true are indexed.
 */
rs_status rs_schema_builder_index_where(rs_schema_builder *builder, rs_bytes index, const rs_filter *filter);

/**
 * Adds a record type whose records are indexed; all types are, unless one is named.
 */
rs_status rs_schema_builder_index_on(rs_schema_builder *builder, rs_bytes index, rs_bytes record_type);

/**
 * Adds a column by whose values an index, such as a count, is grouped.
 */
rs_status rs_schema_builder_index_group_by(rs_schema_builder *builder, rs_bytes index, rs_bytes column);

/**
 * Adds a column that is kept in the value of each entry, so that a query for it need not read the record.
 */
rs_status rs_schema_builder_index_covering(rs_schema_builder *builder, rs_bytes index, rs_bytes column);

/**
 * No two records may have the same value in the index.
 */
rs_status rs_schema_builder_index_unique(rs_schema_builder *builder, rs_bytes index);

/**
 * Sets an option of an index.
 */
rs_status rs_schema_builder_index_option(rs_schema_builder *builder, rs_bytes index, rs_bytes option, rs_bytes value);

/**
 * Opens the database that `url` names: "memory:" is a new one in this process; a path, or "file:" and a path, is the embedded
 * database in that directory, made if it is not there; "fdb:" and the path of a cluster file is a FoundationDB cluster. Behind
 * the path of "file:" options may stand: "file:data?cache_mib=1024&window_mib=512&durability=none&lock_wait_ms=2000". Several
 * processes may open one directory and take turns: RS_LOCKED says that one does not hand it over in time. FoundationDB's client
 * library is opened when a cluster is; behind the path of "fdb:" may stand "library=", "api_version=", "connect_timeout_ms=" and
 * FoundationDB's network and database options by their names, such as "tls_ca_path=". "root=apps/shop" is for both.
 *
 * `options` may be NULL. The database is closed by `rs_close`.
 */
rs_status rs_open(rs_bytes url,
                  const rs_open_options *options,
                  rs_database **database,
                  rs_error **error);

/**
 * Closes a database and frees its handle with all that came from it: spaces, transactions and cursors. To use or to free one
 * of these afterwards is an error without effect. Calls of other threads that are under way end normally. NULL is closed.
 */
rs_status rs_close(rs_database *database);

/**
 * The paths of the record spaces below `prefix`, at any depth, in order; all of them without it. Free them with `rs_list_free`.
 */
rs_status rs_spaces(rs_database *database,
                    rs_bytes prefix,
                    rs_list *paths,
                    rs_error **error);

/**
 * Whether there is a record space at `path`.
 */
rs_status rs_space_exists(rs_database *database, rs_bytes path, bool *exists, rs_error **error);

/**
 * Removes a record space with its records, its schema and all spaces below it. `removed`, which may be NULL, says whether
 * there was one.
 */
rs_status rs_remove_space(rs_database *database,
                          rs_bytes path,
                          bool *removed,
                          rs_error **error);

/**
 * Moves a record space, or a folder of some, with all spaces below it. Nothing is copied, and spaces that are open stay so.
 */
rs_status rs_move_space(rs_database *database,
                        rs_bytes from,
                        rs_bytes to,
                        rs_error **error);

/**
 * Runs `body` in a transaction and commits it. On a conflict it is tried again, so `body` must have no effects but through the
 * transaction.
 *
 * It is tried again where FoundationDB says that this is right, when the commit fails, or when `body` returns the status of
 * a call with its transaction that failed. Every other status of `body` is returned as it is, with the error that `body`
 * filled in. `options` may be NULL. `context` is handed to `body`.
 */
rs_status rs_run(rs_database *database,
                 const rs_run_options *options,
                 rs_body body,
                 void *context,
                 rs_error **error);

/**
 * A transaction that the caller commits with `rs_transaction_commit` and, on a conflict, tries again. Most programs want
 * `rs_run`. Free it with `rs_transaction_free`.
 */
rs_status rs_transaction_begin(rs_database *database,
                               rs_transaction **transaction,
                               rs_error **error);

/**
 * Commits. Whatever comes of it, the transaction has ended: all that is left is to free it. An error that is retryable
 * (`rs_error_retryable`) means to begin another one and do the same.
 */
rs_status rs_transaction_commit(rs_transaction *transaction, rs_error **error);

/**
 * The 10 bytes that order a transaction of `rs_transaction_begin` among all others, which stay until it is freed: the beginning of the
 * versions of its records. RS_NONE before it has committed, and if it saved no versions of records.
 */
rs_status rs_transaction_versionstamp(const rs_transaction *transaction,
                                      rs_bytes *versionstamp);

/**
 * Gives up: nothing of the transaction takes effect. All that is left is to free it.
 */
rs_status rs_transaction_cancel(rs_transaction *transaction);

/**
 * Frees a transaction of `rs_transaction_begin`; one that has not committed is given up. NULL is freed already.
 */
rs_status rs_transaction_free(rs_transaction *transaction);

/**
 * The number of this attempt of `rs_run`, from 1. 0 for what is no transaction.
 */
uint32_t rs_transaction_attempt(const rs_transaction *transaction);

/**
 * Whether an earlier attempt of `rs_run` may have committed: what this one writes may be there already.
 */
bool rs_transaction_maybe_committed(const rs_transaction *transaction);

/**
 * Opens the record space at `path`, a name or names between slashes.
 *
 * With a schema the space is created if it is not there, and what the schema adds to the stored one is added. With NULL the
 * space has the schema that is stored. `options` may be NULL. Free the space with `rs_space_free`.
 */
rs_status rs_space_open(rs_database *database,
                        rs_bytes path,
                        const rs_schema *schema,
                        const rs_space_options *options,
                        rs_space **space,
                        rs_error **error);

/**
 * Opens the record space at `path` below `parent`; otherwise as `rs_space_open`.
 */
rs_status rs_space_child(rs_space *parent,
                         rs_bytes path,
                         const rs_schema *schema,
                         const rs_space_options *options,
                         rs_space **space,
                         rs_error **error);

/**
 * The paths of the record spaces below this one, at any depth, in order. Free them with `rs_list_free`.
 */
rs_status rs_space_children(rs_space *space, rs_list *paths, rs_error **error);

/**
 * Frees the handle of a space; the space itself stays. NULL is freed already.
 */
rs_status rs_space_free(rs_space *space);

/**
 * Saves a record over the one with its key, if there is one.
 *
 * `data` is a protobuf message of the type `record_type`. `options` may be NULL. `saved`, which may be NULL, gets the record
 * with its primary key and its version; free it with `rs_record_free`.
 */
rs_status rs_put(rs_space *space,
                 rs_transaction *transaction,
                 rs_bytes record_type,
                 rs_bytes data,
                 const rs_put_options *options,
                 rs_record *saved,
                 rs_error **error);

/**
 * Saves a record as `rs_put` does, from protobuf's JSON. Fields that the type does not have are refused.
 */
rs_status rs_put_json(rs_space *space,
                      rs_transaction *transaction,
                      rs_bytes record_type,
                      rs_bytes json,
                      const rs_put_options *options,
                      rs_record *saved,
                      rs_error **error);

/**
 * Saves records, in one transaction: all or, without a transaction of the caller, none. `options` may be NULL.
 *
 * A transaction takes 10 MB and five seconds: for more records, call several times.
 */
rs_status rs_put_all(rs_space *space,
                     rs_transaction *transaction,
                     const rs_put_item *records,
                     size_t count,
                     const rs_put_options *options,
                     rs_error **error);

/**
 * Gets the record with this key; RS_NONE if there is none. Free the record with `rs_record_free`.
 */
rs_status rs_get(rs_space *space, rs_transaction *transaction, const rs_key *key, rs_record *record, rs_error **error);

/**
 * Gets the record with this key as protobuf's JSON; RS_NONE if there is none. Free the text with `rs_buffer_free`.
 */
rs_status rs_get_json(rs_space *space,
                      rs_transaction *transaction,
                      const rs_key *key,
                      rs_buffer *json,
                      rs_error **error);

/**
 * Deletes the record with this key. `deleted`, which may be NULL, says whether there was one.
 */
rs_status rs_delete(rs_space *space, rs_transaction *transaction, const rs_key *key, bool *deleted, rs_error **error);

/**
 * Deletes all records. The schema stays.
 */
rs_status rs_delete_all(rs_space *space, rs_transaction *transaction, rs_error **error);

/**
 * Deletes all records whose primary keys begin with the columns of `within`, or all of its record type, without reading them.
 *
 * That is refused where the entries of these records do not stand together in each index: delete them one by one then.
 */
rs_status rs_delete_where(rs_space *space,
                          rs_transaction *transaction,
                          const rs_key *within,
                          rs_error **error);

/**
 * Whether there is a record with this key.
 */
rs_status rs_exists(rs_space *space, rs_transaction *transaction, const rs_key *key, bool *exists, rs_error **error);

/**
 * Frees the changes and makes the struct zero. NULL, and one that is zero, are freed already.
 */
rs_status rs_changes_free(rs_changes *changes);

/**
 * What would change if the space got this schema, in words: a line for each change with its cost. It changes nothing. Free
 * the text with `rs_buffer_free`.
 */
rs_status rs_space_plan(rs_space *space,
                        const rs_schema *schema,
                        rs_buffer *plan,
                        rs_error **error);

/**
 * What would change if the space got this schema: each change with its cost, or the rule that it breaks and the way out. It changes
 * nothing. Free the changes with `rs_changes_free`.
 */
rs_status rs_space_changes(rs_space *space,
                           const rs_schema *schema,
                           rs_changes *changes,
                           rs_error **error);

/**
 * Frees the versions and makes the struct zero. NULL, and one that is zero, are freed already.
 */
rs_status rs_schema_versions_free(rs_schema_versions *versions);

/**
 * The versions of the schemas that the space had, from the oldest to the current one. Free them with `rs_schema_versions_free`.
 */
rs_status rs_space_schema_versions(rs_space *space,
                                   rs_schema_versions *versions,
                                   rs_error **error);

/**
 * Frees the record and makes the struct zero. NULL, one that is zero and one of a cursor need no freeing.
 */
rs_status rs_record_free(rs_record *record);

/**
 * Begins to read the records in the order of their primary keys; read them with `rs_cursor_next`.
 *
 * Without a transaction the scan may take any time: it reads in batches, each of one moment. What does not go with the space,
 * such as a continuation of another scan, is told with the first result. `options` may be NULL. Free the cursor with
 * `rs_cursor_free`.
 */
rs_status rs_scan(rs_space *space,
                  rs_transaction *transaction,
                  const rs_scan_options *options,
                  rs_cursor **cursor,
                  rs_error **error);

/**
 * Begins to read the records in the order of an index; read them with `rs_cursor_next`. A record comes as often as it has entries
 * in the range. Otherwise as `rs_scan`.
 */
rs_status rs_scan_by(rs_space *space,
                     rs_transaction *transaction,
                     rs_bytes index,
                     const rs_scan_options *options,
                     rs_cursor **cursor,
                     rs_error **error);

/**
 * Begins to read the entries of an index in its order; read them with `rs_cursor_next_entry`. Otherwise as `rs_scan`.
 */
rs_status rs_scan_index(rs_space *space,
                        rs_transaction *transaction,
                        rs_bytes index,
                        const rs_scan_options *options,
                        rs_cursor **cursor,
                        rs_error **error);

/**
 * Begins to read the primary keys of the records, in their order and without the records; read them with `rs_cursor_next_key`.
 * Otherwise as `rs_scan`.
 */
rs_status rs_scan_keys(rs_space *space,
                       rs_transaction *transaction,
                       const rs_scan_options *options,
                       rs_cursor **cursor,
                       rs_error **error);

/**
 * Begins to read what breaks the uniqueness of an index that is being built, or is not yet unique, by value and primary key; read it
 * with `rs_cursor_next_violation`. Otherwise as `rs_scan_index`.
 */
rs_status rs_scan_uniqueness_violations(rs_space *space,
                                        rs_transaction *transaction,
                                        rs_bytes index,
                                        const rs_scan_options *options,
                                        rs_cursor **cursor,
                                        rs_error **error);

/**
 * Asks for the records of which `filter` is true, such as `age >= 18 AND address.city = ?`; for all if it is empty. An index answers
 * where one can, or else all records are read. Read them with `rs_cursor_next`.
 *
 * Without a transaction the query may take any time: it reads in batches, each of one moment. `options` may be NULL. Free
 * the cursor with `rs_cursor_free`.
 */
rs_status rs_query(rs_space *space,
                   rs_transaction *transaction,
                   rs_bytes filter,
                   const rs_query_options *options,
                   rs_cursor **cursor,
                   rs_error **error);

/**
 * How the records of a query would be found now, in words: the plan, and what each of its steps reads. Free the text with
 * `rs_buffer_free`.
 */
rs_status rs_explain(rs_space *space,
                     rs_bytes filter,
                     const rs_query_options *options,
                     rs_buffer *plan,
                     rs_error **error);

/**
 * Reads the next record; RS_NONE at the end, and when a limit was reached.
 */
rs_status rs_cursor_next(rs_cursor *cursor, rs_record *record, rs_error **error);

/**
 * Reads the next entry of an index; RS_NONE at the end, and when a limit was reached.
 */
rs_status rs_cursor_next_entry(rs_cursor *cursor, rs_index_entry *entry, rs_error **error);

/**
 * Reads the next primary key, packed: see `rs_key_primary_key` and `rs_key_unpack`; RS_NONE at the end, and when a limit was reached.
 */
rs_status rs_cursor_next_key(rs_cursor *cursor,
                             rs_bytes *primary_key,
                             rs_error **error);

/**
 * Reads what next breaks the uniqueness of an index; RS_NONE at the end, and when a limit was reached.
 */
rs_status rs_cursor_next_violation(rs_cursor *cursor, rs_uniqueness_violation *violation, rs_error **error);

/**
 * Reads the next record as protobuf's JSON; RS_NONE at the end, and when a limit was reached.
 */
rs_status rs_cursor_next_json(rs_cursor *cursor, rs_bytes *json, rs_error **error);

/**
 * Where another scan goes on behind the last result, perhaps in another process: keep a copy of the bytes. RS_NONE when nothing
 * follows, and before the first result of a scan that began at the beginning.
 */
rs_status rs_cursor_continuation(rs_cursor *cursor,
                                 rs_bytes *continuation,
                                 rs_error **error);

/**
 * Why there is no next result; RS_REASON_NONE while there may be one.
 */
rs_status rs_cursor_no_next_reason(rs_cursor *cursor, rs_no_next_reason *reason, rs_error **error);

/**
 * Frees a cursor. NULL is freed already.
 */
rs_status rs_cursor_free(rs_cursor *cursor);

/**
 * How many records there are, by the count indexes of the schema, or by its record count key. It does not conflict with those
 * who save.
 */
rs_status rs_count(rs_space *space,
                   rs_transaction *transaction,
                   int64_t *count,
                   rs_error **error);

/**
 * How many records of a type there are, by a count index over it, or one over all types by record type. It does not conflict with
 * those who save.
 */
rs_status rs_count_of_type(rs_space *space,
                           rs_transaction *transaction,
                           rs_bytes record_type,
                           int64_t *count,
                           rs_error **error);

/**
 * How many records have this value of a key, by the record count key of the schema if that begins with the key, otherwise by a count
 * index over all types that does. It does not conflict with those who save.
 */
rs_status rs_count_by(rs_space *space,
                      rs_transaction *transaction,
                      const rs_expression *key,
                      const rs_key *value,
                      int64_t *count,
                      rs_error **error);

/**
 * The count, sum, or least or greatest value that an index keeps for the groups whose first columns are `group`; of all
 * groups for NULL. RS_NONE if there is nothing to have a least or greatest value. Free the value with `rs_key_free`.
 */
rs_status rs_aggregate(rs_space *space,
                       rs_transaction *transaction,
                       rs_bytes index,
                       const rs_key *group,
                       rs_key **value,
                       rs_error **error);

/**
 * Deletes the records that have this value in a unique index, but for the one whose key is `keep`; all of them for NULL. When no
 * violation is left, `rs_build_indexes` makes the index readable.
 */
rs_status rs_resolve_uniqueness(rs_space *space,
                                rs_transaction *transaction,
                                rs_bytes index,
                                const rs_key *value,
                                const rs_key *keep,
                                rs_error **error);

/**
 * Frees the states and makes the struct zero. NULL, and one that is zero, are freed already.
 */
rs_status rs_index_states_free(rs_index_states *states);

/**
 * The states of all indexes. Free them with `rs_index_states_free`.
 */
rs_status rs_get_index_states(rs_space *space, rs_transaction *transaction, rs_index_states *states, rs_error **error);

/**
 * The state of an index.
 */
rs_status rs_get_index_state(rs_space *space,
                             rs_transaction *transaction,
                             rs_bytes index,
                             rs_index_state *state,
                             rs_error **error);

/**
 * Puts an index into a state. `changed`, which may be NULL, says whether that changed anything.
 *
 * RS_INDEX_DISABLED takes it out of use and clears its entries, RS_INDEX_WRITE_ONLY keeps what it has; the readable states are refused
 * for an index that does not have all records.
 */
rs_status rs_mark_index(rs_space *space,
                        rs_transaction *transaction,
                        rs_bytes index,
                        rs_index_state state,
                        bool *changed,
                        rs_error **error);

/**
 * Builds an index again, in one transaction: for spaces of few records. `rs_build_indexes` does it in many.
 */
rs_status rs_rebuild_index(rs_space *space, rs_transaction *transaction, rs_bytes index, rs_error **error);

/**
 * Builds indexes, in many transactions, while others use the space. A build that was stopped goes on.
 *
 * `options` may be NULL: then all indexes are built that are not readable. `summary` may be NULL.
 */
rs_status rs_build_indexes(rs_space *space,
                           const rs_build_options *options,
                           rs_build_summary *summary,
                           rs_error **error);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/* A C string as bytes, without the NUL at its end; NULL as none. */
static inline rs_bytes rs_str(const char *text) {
    rs_bytes bytes;
    bytes.data = (const uint8_t *)text;
    bytes.len = text == NULL ? 0 : strlen(text);
    return bytes;
}

/* Bytes by where they begin and how many there are. */
static inline rs_bytes rs_bytes_of(const void *data, size_t len) {
    rs_bytes bytes;
    bytes.data = (const uint8_t *)data;
    bytes.len = len;
    return bytes;
}

/* rs_open_options with the defaults. */
static inline rs_open_options rs_open_options_init(void) {
    rs_open_options options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    return options;
}

/* rs_run_options with the defaults. */
static inline rs_run_options rs_run_options_init(void) {
    rs_run_options options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    return options;
}

/* rs_space_options with the defaults. */
static inline rs_space_options rs_space_options_init(void) {
    rs_space_options options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    return options;
}

/* rs_put_options with the defaults. */
static inline rs_put_options rs_put_options_init(void) {
    rs_put_options options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    return options;
}

/* rs_scan_options with the defaults. */
static inline rs_scan_options rs_scan_options_init(void) {
    rs_scan_options options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    return options;
}

/* rs_query_options with the defaults. */
static inline rs_query_options rs_query_options_init(void) {
    rs_query_options options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    return options;
}

/* rs_build_options with the defaults. */
static inline rs_build_options rs_build_options_init(void) {
    rs_build_options options;
    memset(&options, 0, sizeof options);
    options.size = sizeof options;
    return options;
}

#endif  /* RECORD_STORE_H */
