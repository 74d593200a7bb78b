/* States of indexes, what breaks their uniqueness, counts, deletes of ranges, and what a schema would change. */
#include "test.h"

static rs_schema *schema_with(const char *index, bool unique) {
    rs_schema_builder *builder = rs_schema_builder_new();
    rs_schema *schema = NULL;
    OK(rs_schema_builder_proto(builder, rs_str("u.proto"),
                               rs_str("syntax = 'proto3';"
                                      "message User { int64 id = 1; string name = 2; string city = 3; int64 age = 4; }")));
    OK(rs_schema_builder_primary_key(builder, rs_str("User"), rs_str("id")));
    if (index != NULL) {
        OK(rs_schema_builder_index(builder, rs_str(index), rs_str("value")));
        OK(rs_schema_builder_index_column(builder, rs_str(index), rs_str("city")));
        OK(rs_schema_builder_index_on(builder, rs_str(index), rs_str("User")));
        if (unique) OK(rs_schema_builder_index_unique(builder, rs_str(index)));
    }
    OK(rs_schema_builder_build(builder, &schema, &error));
    OK(rs_schema_builder_free(builder));
    return schema;
}

static size_t count_violations(rs_space *space, rs_transaction *transaction) {
    rs_cursor *cursor = NULL;
    rs_uniqueness_violation violation;
    size_t count = 0;
    OK(rs_scan_uniqueness_violations(space, transaction, rs_str("one"), NULL, &cursor, &error));
    while (rs_cursor_next_violation(cursor, &violation, &error) == RS_OK) {
        rs_key *key = rs_key_new();
        rs_bytes city;
        OK(rs_key_unpack(key, violation.value));
        OK(rs_key_get_text(key, 0, &city));
        CHECK(is_text(city, "c1"));
        OK(rs_key_primary_key(key, violation.primary_key));
        bool exists = false;
        OK(rs_exists(space, transaction, key, &exists, &error));
        CHECK(exists);
        if (violation.existing_primary_key.data != NULL) OK(rs_key_primary_key(key, violation.existing_primary_key));
        OK(rs_key_free(key));
        count++;
    }
    OK(rs_cursor_free(cursor));
    return count;
}

static void violations_are_told_and_mended(void) {
    rs_database *database = NULL;
    rs_space *space = NULL;
    rs_schema *plain = schema_with(NULL, false);
    rs_schema *unique = schema_with("one", true);
    OK(rs_open(fresh_database(), NULL, &database, &error));
    OK(rs_space_open(database, rs_str("users"), plain, NULL, &space, &error));
    fixture in = {database, space};
    put_users(&in, 2);
    OK(rs_put(space, NULL, rs_str("User"), encode_user(4, "d", "c1", 1), NULL, NULL, &error));
    OK(rs_space_free(space));
    OK(rs_space_open(database, rs_str("users"), unique, NULL, &space, &error));

    STATUS(RS_UNIQUENESS_VIOLATION, rs_build_indexes(space, NULL, NULL, &error));
    CHECK(count_violations(space, NULL) == 2);
    rs_transaction *transaction = NULL;
    OK(rs_transaction_begin(database, &transaction, &error));
    CHECK(count_violations(space, transaction) == 2);
    OK(rs_transaction_free(transaction));

    rs_build_options options = rs_build_options_init();
    rs_index_state state = -1;
    options.allow_unique_pending = 1;
    OK(rs_build_indexes(space, &options, NULL, &error));
    OK(rs_get_index_state(space, NULL, rs_str("one"), &state, &error));
    CHECK(state == RS_INDEX_READABLE_UNIQUE_PENDING);

    rs_key *value = rs_key_new();
    rs_key *keep = key_of(4);
    OK(rs_key_string(value, rs_str("c1")));
    STATUS(RS_META_DATA, rs_resolve_uniqueness(space, NULL, rs_str("two"), value, keep, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_resolve_uniqueness(space, NULL, rs_str("one"), NULL, keep, &error));
    OK(rs_resolve_uniqueness(space, NULL, rs_str("one"), value, keep, &error));
    CHECK(count_violations(space, NULL) == 0);
    bool exists = true;
    OK(rs_exists(space, NULL, keep, &exists, &error));
    CHECK(exists);
    OK(rs_build_indexes(space, NULL, NULL, &error));
    OK(rs_key_free(value));
    OK(rs_key_free(keep));
    OK(rs_schema_free(plain));
    OK(rs_schema_free(unique));
    OK(rs_close(database));
}

static void states_are_told_and_changed(void) {
    fixture in = open_users(true);
    put_users(&in, 6);
    rs_index_states states;
    rs_index_state state = -1;
    bool changed = false;
    OK(rs_mark_index(in.users, NULL, rs_str("by_name"), RS_INDEX_DISABLED, &changed, &error));
    CHECK(changed);
    OK(rs_mark_index(in.users, NULL, rs_str("by_name"), RS_INDEX_DISABLED, &changed, &error));
    CHECK(!changed);
    OK(rs_get_index_states(in.users, NULL, &states, &error));
    CHECK(states.count == 3);
    CHECK(is_text(states.items[0].index, "by_city") && states.items[0].state == RS_INDEX_READABLE);
    CHECK(is_text(states.items[1].index, "by_name") && states.items[1].state == RS_INDEX_DISABLED);
    OK(rs_index_states_free(&states));
    CHECK(states.items == NULL);
    OK(rs_index_states_free(&states));
    STATUS(RS_INDEX_NOT_READABLE, rs_mark_index(in.users, NULL, rs_str("by_name"), RS_INDEX_READABLE, NULL, &error));
    STATUS(RS_UNSUPPORTED, rs_mark_index(in.users, NULL, rs_str("by_name"), RS_INDEX_WRITE_ONLY_WITH_QUEUE, NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_mark_index(in.users, NULL, rs_str("by_name"), 17, NULL, &error));
    STATUS(RS_META_DATA, rs_mark_index(in.users, NULL, rs_str("none"), RS_INDEX_DISABLED, NULL, &error));
    STATUS(RS_META_DATA, rs_get_index_state(in.users, NULL, rs_str("none"), &state, &error));
    STATUS(RS_META_DATA, rs_rebuild_index(in.users, NULL, rs_str("none"), &error));
    OK(rs_rebuild_index(in.users, NULL, rs_str("by_name"), &error));

    /* Within a transaction that is given up. */
    rs_transaction *transaction = NULL;
    OK(rs_transaction_begin(in.database, &transaction, &error));
    OK(rs_mark_index(in.users, transaction, rs_str("by_name"), RS_INDEX_WRITE_ONLY, NULL, &error));
    OK(rs_get_index_states(in.users, transaction, &states, &error));
    CHECK(states.items[1].state == RS_INDEX_WRITE_ONLY);
    OK(rs_index_states_free(&states));
    OK(rs_transaction_free(transaction));
    OK(rs_get_index_state(in.users, NULL, rs_str("by_name"), &state, &error));
    CHECK(state == RS_INDEX_READABLE);

    rs_build_options options = rs_build_options_init();
    rs_bytes name = rs_str("by_name");
    rs_build_summary summary;
    options.indexes = &name;
    options.index_count = 1;
    options.if_readable = RS_BUILD_ERROR;
    STATUS(RS_INDEX_BUILD, rs_build_indexes(in.users, &options, NULL, &error));
    options.if_readable = 9;
    STATUS(RS_INVALID_ARGUMENT, rs_build_indexes(in.users, &options, NULL, &error));
    options.if_readable = RS_BUILD_REBUILD;
    options.leave_write_only = 1;
    options.reverse = 1;
    options.write_size_max = 100000;
    options.transaction_time_max_ms = 1000;
    OK(rs_build_indexes(in.users, &options, &summary, &error));
    CHECK(summary.records_scanned == 6);
    OK(rs_get_index_state(in.users, NULL, name, &state, &error));
    CHECK(state == RS_INDEX_WRITE_ONLY);
    OK(rs_mark_index(in.users, NULL, name, RS_INDEX_READABLE, NULL, &error));
    options.limit = 2;
    options.stop_after = 1;
    STATUS(RS_INDEX_BUILD, rs_build_indexes(in.users, &options, NULL, &error));
    OK(rs_close(in.database));
}

static void counts_by_type_and_key(void) {
    fixture in = open_users(true);
    put_users(&in, 7);
    int64_t count = 0;
    rs_expression *city = NULL;
    rs_expression *age = NULL;
    rs_key *value = rs_key_new();
    OK(rs_key_string(value, rs_str("c1")));
    OK(rs_expression_field(rs_str("city"), RS_FAN_NONE, RS_MISSING_NULL, NULL, &city, &error));
    OK(rs_expression_field(rs_str("age"), RS_FAN_NONE, RS_MISSING_NULL, NULL, &age, &error));
    STATUS(RS_META_DATA, rs_count_of_type(in.users, NULL, rs_str("Usr"), &count, &error));
    STATUS(RS_UNSUPPORTED, rs_count_of_type(in.users, NULL, rs_str("User"), &count, &error));
    STATUS(RS_UNSUPPORTED, rs_count_by(in.users, NULL, age, value, &count, &error));
    OK(rs_count_by(in.users, NULL, city, value, &count, &error));
    CHECK(count == 3);
    rs_transaction *transaction = NULL;
    OK(rs_transaction_begin(in.database, &transaction, &error));
    OK(rs_put(in.users, transaction, rs_str("User"), encode_user(10, "x", "c1", 1), NULL, NULL, &error));
    OK(rs_count_by(in.users, transaction, city, value, &count, &error));
    CHECK(count == 4);
    OK(rs_transaction_free(transaction));
    OK(rs_key_int(value, 1));
    STATUS(RS_INVALID_ARGUMENT, rs_count_by(in.users, NULL, city, value, &count, &error));
    OK(rs_expression_free(city));
    OK(rs_expression_free(age));
    OK(rs_key_free(value));
    OK(rs_close(in.database));
}

static void keys_and_ranges(void) {
    fixture in = open_users(false);
    put_users(&in, 5);
    rs_cursor *cursor = NULL;
    rs_bytes packed;
    rs_record record;
    rs_scan_options options = rs_scan_options_init();
    rs_key *key = rs_key_new();
    int64_t ids[5] = {0};
    size_t found = 0;
    options.limit = 2;
    do {
        OK(rs_scan_keys(in.users, NULL, &options, &cursor, &error));
        STATUS(RS_INVALID_ARGUMENT, rs_cursor_next(cursor, &record, &error));
        while (found < 5 && rs_cursor_next_key(cursor, &packed, &error) == RS_OK) {
            OK(rs_key_unpack(key, packed));
            OK(rs_key_get_int(key, rs_key_count(key) - 1, &ids[found++]));
        }
        static uint8_t kept[256];
        rs_status status = rs_cursor_continuation(cursor, &packed, &error);
        if (status == RS_OK) memcpy(kept, packed.data, packed.len);
        options.continuation = rs_bytes_of(kept, status == RS_OK ? packed.len : 0);
        OK(rs_cursor_free(cursor));
    } while (options.continuation.len > 0 && found < 5);
    CHECK(ids[0] == 1 && ids[4] == 5);

    rs_key *of_type = rs_key_new();
    bool exists = true;
    OK(rs_key_record_type(of_type, rs_str("User")));
    rs_transaction *transaction = NULL;
    OK(rs_transaction_begin(in.database, &transaction, &error));
    OK(rs_delete_where(in.users, transaction, of_type, &error));
    OK(rs_transaction_free(transaction));
    rs_key *three = key_of(3);
    OK(rs_key_record_type(three, rs_str("User")));
    OK(rs_exists(in.users, NULL, three, &exists, &error));
    CHECK(exists);
    OK(rs_delete_where(in.users, NULL, of_type, &error));
    OK(rs_exists(in.users, NULL, three, &exists, &error));
    CHECK(!exists);
    OK(rs_key_record_type(of_type, rs_str("Usr")));
    STATUS(RS_META_DATA, rs_delete_where(in.users, NULL, of_type, &error));

    /* All or none, and only new ones. */
    rs_put_options insert = rs_put_options_init();
    insert.existence = RS_ERROR_IF_EXISTS;
    rs_put_item item = {rs_str("User"), encode_user(3, "a", "b", 1)};
    OK(rs_put_all(in.users, NULL, &item, 1, &insert, &error));
    STATUS(RS_RECORD_ALREADY_EXISTS, rs_put_all(in.users, NULL, &item, 1, &insert, &error));
    insert.existence = 42;
    STATUS(RS_INVALID_ARGUMENT, rs_put_all(in.users, NULL, &item, 1, &insert, &error));

    OK(rs_key_free(three));
    OK(rs_key_free(of_type));
    OK(rs_key_free(key));
    OK(rs_close(in.database));
}

static void changes_are_told_with_their_costs(void) {
    rs_database *database = NULL;
    rs_space *space = NULL;
    rs_schema *plain = schema_with(NULL, false);
    rs_schema *indexed = schema_with("by_city", false);
    rs_changes changes;
    rs_schema_versions versions;
    OK(rs_open(fresh_database(), NULL, &database, &error));
    OK(rs_space_open(database, rs_str("users"), plain, NULL, &space, &error));
    fixture in = {database, space};
    put_users(&in, 3);
    OK(rs_space_changes(space, indexed, &changes, &error));
    CHECK(changes.count == 1 && changes.allowed == 1);
    CHECK(is_text(changes.items[0].subject, "index") && is_text(changes.items[0].name, "by_city"));
    CHECK(is_text(changes.items[0].action, "added") && is_text(changes.items[0].cost, "index_build"));
    CHECK(changes.items[0].records == 3 && changes.items[0].rule.data == NULL && changes.items[0].text.len > 0);
    OK(rs_changes_free(&changes));
    OK(rs_changes_free(&changes));
    OK(rs_space_schema_versions(space, &versions, &error));
    CHECK(versions.count >= 1 && versions.items[0] >= 1);
    OK(rs_schema_versions_free(&versions));
    STATUS(RS_INVALID_ARGUMENT, rs_space_changes(space, NULL, &changes, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_space_changes(space, indexed, NULL, &error));
    OK(rs_schema_free(plain));
    OK(rs_schema_free(indexed));
    OK(rs_close(database));
}

static void versionstamps(void) {
    fixture in = open_users(false);
    rs_transaction *transaction = NULL;
    rs_bytes stamp;
    rs_key *one = key_of(1);
    rs_record record;
    OK(rs_key_record_type(one, rs_str("User")));
    OK(rs_transaction_begin(in.database, &transaction, &error));
    OK(rs_put(in.users, transaction, rs_str("User"), encode_user(1, "a", "b", 1), NULL, NULL, &error));
    STATUS(RS_NONE, rs_transaction_versionstamp(transaction, &stamp));
    OK(rs_transaction_commit(transaction, &error));
    OK(rs_transaction_versionstamp(transaction, &stamp));
    OK(rs_get(in.users, NULL, one, &record, &error));
    CHECK(stamp.len == 10 && record.version.len == 12 && memcmp(stamp.data, record.version.data, 10) == 0);
    OK(rs_record_free(&record));
    STATUS(RS_INVALID_ARGUMENT, rs_transaction_versionstamp(transaction, NULL));
    OK(rs_transaction_free(transaction));
    OK(rs_key_free(one));
    OK(rs_close(in.database));
}

/* A transaction of another database, and one that has ended, are none for these calls. */
static void transactions_of_others(void) {
    fixture here = open_users(true);
    fixture there = open_users(false);
    rs_transaction *foreign = NULL;
    rs_transaction *ended = NULL;
    OK(rs_transaction_begin(there.database, &foreign, &error));
    OK(rs_transaction_begin(here.database, &ended, &error));
    OK(rs_transaction_commit(ended, &error));
    rs_transaction *wrong[2] = {foreign, ended};
    rs_key *key = key_of(1);
    rs_expression *city = NULL;
    OK(rs_expression_field(rs_str("city"), RS_FAN_NONE, RS_MISSING_NULL, NULL, &city, &error));
    for (size_t at = 0; at < 2; at++) {
        const rs_status refused = RS_INVALID_ARGUMENT;
        rs_cursor *cursor = NULL;
        rs_index_states states;
        int64_t count = 0;
        STATUS(refused, rs_delete_where(here.users, wrong[at], key, &error));
        STATUS(refused, rs_count_of_type(here.users, wrong[at], rs_str("User"), &count, &error));
        STATUS(refused, rs_count_by(here.users, wrong[at], city, key, &count, &error));
        STATUS(refused, rs_scan_keys(here.users, wrong[at], NULL, &cursor, &error));
        STATUS(refused, rs_scan_uniqueness_violations(here.users, wrong[at], rs_str("by_name"), NULL, &cursor, &error));
        STATUS(refused, rs_resolve_uniqueness(here.users, wrong[at], rs_str("by_name"), key, NULL, &error));
        STATUS(refused, rs_get_index_states(here.users, wrong[at], &states, &error));
        STATUS(refused, rs_mark_index(here.users, wrong[at], rs_str("by_name"), RS_INDEX_DISABLED, NULL, &error));
        STATUS(refused, rs_rebuild_index(here.users, wrong[at], rs_str("by_name"), &error));
        CHECK(cursor == NULL && states.items == NULL);
    }
    OK(rs_expression_free(city));
    OK(rs_key_free(key));
    OK(rs_close(here.database));
    OK(rs_close(there.database));
}

void test_states(void) {
    transactions_of_others();
    violations_are_told_and_mended();
    states_are_told_and_changed();
    counts_by_type_and_key();
    keys_and_ranges();
    changes_are_told_with_their_costs();
    versionstamps();
}
