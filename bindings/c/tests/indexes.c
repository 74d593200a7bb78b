/* Indexes: scanning them, what they keep of groups, their states and their building. */
#include "test.h"

static void entries_and_records(void) {
    fixture in = open_users(true);
    put_users(&in, 6);
    rs_key *city = rs_key_new();
    OK(rs_key_string(city, rs_str("c1")));
    rs_scan_options options = rs_scan_options_init();
    options.within = city;
    rs_cursor *cursor = NULL;
    rs_index_entry entry;
    rs_key *columns = rs_key_new();
    rs_key *primary_key = rs_key_new();
    rs_record record;
    rs_bytes text;
    int64_t age = 0;

    OK(rs_scan_index(in.users, NULL, rs_str("by_city"), &options, &cursor, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_cursor_next(cursor, &record, &error));
    OK(rs_cursor_next_entry(cursor, &entry, &error));
    OK(rs_key_unpack(columns, entry.key));
    OK(rs_key_get_text(columns, 0, &text));
    CHECK(is_text(text, "c1"));
    OK(rs_key_get_int(columns, 1, &age));
    CHECK(age == 21);
    OK(rs_key_unpack(columns, entry.value));
    OK(rs_key_get_text(columns, 0, &text));
    CHECK(is_text(text, "user 1"));
    OK(rs_key_primary_key(primary_key, entry.primary_key));
    OK(rs_get(in.users, NULL, primary_key, &record, &error));
    CHECK(id_of(record) == 1);
    OK(rs_record_free(&record));
    OK(rs_cursor_next_entry(cursor, &entry, &error));
    STATUS(RS_NONE, rs_cursor_next_entry(cursor, &entry, &error));
    CHECK(entry.key.data == NULL);
    OK(rs_cursor_free(cursor));

    options.reverse = 1;
    OK(rs_scan_by(in.users, NULL, rs_str("by_city"), &options, &cursor, &error));
    OK(rs_cursor_next(cursor, &record, &error));
    CHECK(id_of(record) == 4);
    OK(rs_cursor_next(cursor, &record, &error));
    CHECK(id_of(record) == 1);
    STATUS(RS_NONE, rs_cursor_next(cursor, &record, &error));
    OK(rs_cursor_free(cursor));

    OK(rs_scan_index(in.users, NULL, rs_str("none"), NULL, &cursor, &error));
    STATUS(RS_META_DATA, rs_cursor_next_entry(cursor, &entry, &error));
    OK(rs_cursor_free(cursor));

    /* The same within a transaction. */
    rs_transaction *transaction = NULL;
    OK(rs_transaction_begin(in.database, &transaction, &error));
    OK(rs_scan_index(in.users, transaction, rs_str("none"), NULL, &cursor, &error));
    STATUS(RS_META_DATA, rs_cursor_next_entry(cursor, &entry, &error));
    OK(rs_cursor_free(cursor));
    OK(rs_scan_index(in.users, transaction, rs_str("by_name"), NULL, &cursor, &error));
    OK(rs_cursor_next_entry(cursor, &entry, &error));
    OK(rs_cursor_free(cursor));
    OK(rs_scan_by(in.users, transaction, rs_str("by_name"), NULL, &cursor, &error));
    OK(rs_cursor_next(cursor, &record, &error));
    OK(rs_cursor_free(cursor));
    OK(rs_transaction_free(transaction));

    STATUS(RS_UNIQUENESS_VIOLATION,
           rs_put(in.users, NULL, rs_str("User"), encode_user(100, "user 1", "c1", 1), NULL, NULL, &error));
    OK(rs_key_free(city));
    OK(rs_key_free(columns));
    OK(rs_key_free(primary_key));
    OK(rs_close(in.database));
}

static void aggregates(void) {
    fixture in = open_users(true);
    put_users(&in, 7);
    rs_key *group = rs_key_new();
    rs_key *value = NULL;
    int64_t count = 0;
    OK(rs_key_string(group, rs_str("c1")));
    OK(rs_aggregate(in.users, NULL, rs_str("users_by_city"), group, &value, &error));
    OK(rs_key_get_int(value, 0, &count));
    CHECK(count == 3);
    OK(rs_key_free(value));
    OK(rs_aggregate(in.users, NULL, rs_str("users_by_city"), NULL, &value, &error));
    OK(rs_key_get_int(value, 0, &count));
    CHECK(count == 7);
    OK(rs_key_free(value));
    OK(rs_count(in.users, NULL, &count, &error));
    CHECK(count == 7);
    STATUS(RS_UNSUPPORTED, rs_aggregate(in.users, NULL, rs_str("by_name"), NULL, &value, &error));
    CHECK(value == NULL);
    OK(rs_key_free(group));
    OK(rs_close(in.database));

    fixture without = open_users(false);
    STATUS(RS_UNSUPPORTED, rs_count(without.users, NULL, &count, &error));
    OK(rs_close(without.database));
}

struct told {
    int calls;
    uint64_t records;
    rs_status answer;
};

static rs_status on_progress(const rs_build_progress *progress, void *context) {
    struct told *told = (struct told *)context;
    told->calls++;
    told->records = progress->records_scanned;
    CHECK(progress->index_count > 0 && progress->indexes[0].len > 0);
    return told->answer;
}

static void building(void) {
    fixture in = open_users(false);
    put_users(&in, 250);
    rs_schema *extended = make_schema(true);
    rs_space *users = NULL;
    rs_index_state state = -1;
    OK(rs_space_open(in.database, rs_str("test/users"), extended, NULL, &users, &error));
    OK(rs_get_index_state(users, NULL, rs_str("by_name"), &state, &error));
    CHECK(state == RS_INDEX_DISABLED);
    rs_cursor *cursor = NULL;
    rs_index_entry entry;
    OK(rs_scan_index(users, NULL, rs_str("by_name"), NULL, &cursor, &error));
    STATUS(RS_INDEX_NOT_READABLE, rs_cursor_next_entry(cursor, &entry, &error));
    OK(rs_cursor_free(cursor));

    /* What the callback returns comes back as it is, and the build goes on later. */
    struct told told = {0, 0, RS_USER + 7};
    rs_bytes names[] = {rs_str("by_name")};
    rs_build_options options = rs_build_options_init();
    options.indexes = names;
    options.index_count = 1;
    options.on_progress = on_progress;
    options.context = &told;
    options.limit = 50;
    rs_build_summary summary;
    STATUS(RS_USER + 7, rs_build_indexes(users, &options, &summary, &error));
    CHECK(told.calls == 1 && summary.transactions == 0);
    told.answer = RS_OK;
    OK(rs_build_indexes(users, &options, &summary, &error));
    CHECK(told.calls > 2 && told.records == 250 && summary.transactions > 0);
    OK(rs_get_index_state(users, NULL, rs_str("by_name"), &state, &error));
    CHECK(state == RS_INDEX_READABLE);
    OK(rs_build_indexes(users, NULL, NULL, &error));
    OK(rs_get_index_state(users, NULL, rs_str("by_city"), &state, &error));
    CHECK(state == RS_INDEX_READABLE);
    names[0] = rs_str("none");
    STATUS(RS_META_DATA, rs_build_indexes(users, &options, NULL, &error));

    /* Or when the space is opened. */
    rs_space_options at_once = rs_space_options_init();
    rs_schema *schema = make_schema(false);
    at_once.build_indexes = 1;
    rs_space *others = NULL;
    OK(rs_space_open(in.database, rs_str("test/others"), schema, NULL, &others, &error));
    OK(rs_put(others, NULL, rs_str("User"), encode_user(1, "a", "b", 1), NULL, NULL, &error));
    OK(rs_space_free(others));
    OK(rs_space_open(in.database, rs_str("test/others"), extended, &at_once, &others, &error));
    OK(rs_get_index_state(others, NULL, rs_str("by_city"), &state, &error));
    CHECK(state == RS_INDEX_READABLE);
    OK(rs_schema_free(schema));
    OK(rs_schema_free(extended));
    OK(rs_close(in.database));
}

void test_indexes(void) {
    entries_and_records();
    aggregates();
    building();
}
