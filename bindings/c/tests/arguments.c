/* Arguments that cannot be: NULL with a length, no place for a result, options that are none, text that is none. */
#include "test.h"

static void bytes(void) {
    fixture in = open_users(false);
    static const uint8_t no_utf8[] = {'U', 0xff};
    rs_key *key = key_of(1);
    const rs_bytes null_with_length = {NULL, 5};
    const rs_bytes longer_than_memory = {no_utf8, SIZE_MAX};
    const rs_bytes bad[] = {null_with_length, longer_than_memory, rs_bytes_of(no_utf8, sizeof no_utf8)};
    rs_database *database = NULL;
    rs_space *space = NULL;
    rs_cursor *cursor = NULL;
    for (size_t at = 0; at < sizeof bad / sizeof bad[0]; at++) {
        STATUS(RS_INVALID_ARGUMENT, rs_open(bad[at], NULL, &database, &error));
        CHECK(database == NULL);
        STATUS(RS_INVALID_ARGUMENT, rs_space_open(in.database, bad[at], NULL, NULL, &space, &error));
        STATUS(RS_INVALID_ARGUMENT, rs_put(in.users, NULL, bad[at], rs_str(""), NULL, NULL, &error));
        STATUS(RS_INVALID_ARGUMENT, rs_put_json(in.users, NULL, rs_str("User"), bad[at], NULL, NULL, &error));
        STATUS(RS_INVALID_ARGUMENT, rs_scan_index(in.users, NULL, bad[at], NULL, &cursor, &error));
        STATUS(RS_INVALID_ARGUMENT, rs_key_string(key, bad[at]));
        rs_put_item item = {rs_str("User"), rs_str("")};
        item.record_type = bad[at];
        STATUS(RS_INVALID_ARGUMENT, rs_put_all(in.users, NULL, &item, 1, NULL, &error));
        OK(rs_key_clear(key));
        STATUS(RS_INVALID_ARGUMENT, rs_key_record_type(key, bad[at]));
        OK(rs_key_clear(key));
    }
    STATUS(RS_INVALID_ARGUMENT, rs_put(in.users, NULL, rs_str("User"), null_with_length, NULL, NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_put_all(in.users, NULL, NULL, 3, NULL, &error));
    rs_put_item items[2];
    memset(items, 0, sizeof items);
    STATUS(RS_INVALID_ARGUMENT, rs_put_all(in.users, NULL, items, SIZE_MAX / 2, NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_put_all(in.users, NULL, (rs_put_item *)((char *)items + 1), 1, NULL, &error));
    STATUS(RS_META_DATA, rs_put(in.users, NULL, rs_str("Nobody"), rs_str(""), NULL, NULL, &error));
    STATUS(RS_INVALID_RECORD, rs_put(in.users, NULL, rs_str("User"), rs_str("\xff\xff\xff"), NULL, NULL, &error));
    OK(rs_key_free(key));
    OK(rs_close(in.database));
}

static void places(void) {
    fixture in = open_users(false);
    rs_key *key = key_of(1);
    rs_transaction *transaction = NULL;
    STATUS(RS_INVALID_ARGUMENT, rs_open(rs_str("memory:"), NULL, NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_space_open(in.database, rs_str("a"), NULL, NULL, NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_get(in.users, NULL, key, NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_exists(in.users, NULL, key, NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_count(in.users, NULL, NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_scan(in.users, NULL, NULL, NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_spaces(in.database, rs_str(""), NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_transaction_begin(in.database, NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_get(in.users, NULL, key, (rs_record *)((char *)&transaction + 1), &error));
    /* Nobody need want the error. */
    STATUS(RS_INVALID_ARGUMENT, rs_get(in.users, NULL, NULL, NULL, NULL));
    STATUS(RS_STORE_NOT_FOUND, rs_space_open(in.database, rs_str("nowhere"), NULL, NULL, &in.users, NULL));
    OK(rs_key_free(key));
    OK(rs_close(in.database));
}

static void option_structs(void) {
    fixture in = open_users(false);
    rs_cursor *cursor = NULL;
    rs_scan_options options = rs_scan_options_init();

    /* Without its size, and larger than the library knows. */
    options.size = 0;
    STATUS(RS_INVALID_ARGUMENT, rs_scan(in.users, NULL, &options, &cursor, &error));
    options.size = sizeof options + 8;
    STATUS(RS_INVALID_ARGUMENT, rs_scan(in.users, NULL, &options, &cursor, &error));
    options.size = SIZE_MAX;
    STATUS(RS_INVALID_ARGUMENT, rs_scan(in.users, NULL, &options, &cursor, &error));

    /* One that an earlier release had is shorter: what it does not have is as by default. */
    size_t earlier = offsetof(rs_scan_options, limit);
    options = rs_scan_options_init();
    options.size = earlier;
    options.limit = 1;
    put_users(&in, 2);
    rs_record record;
    OK(rs_scan(in.users, NULL, &options, &cursor, &error));
    OK(rs_cursor_next(cursor, &record, &error));
    OK(rs_cursor_next(cursor, &record, &error));
    STATUS(RS_NONE, rs_cursor_next(cursor, &record, &error));
    OK(rs_cursor_free(cursor));

    rs_put_options put = rs_put_options_init();
    put.existence = 99;
    STATUS(RS_INVALID_ARGUMENT, rs_put(in.users, NULL, rs_str("User"), encode_user(1, "a", "b", 1), &put, NULL, &error));
    put.existence = RS_EXISTENCE_NONE;
    put.version = rs_str("too short");
    CHECK(rs_put(in.users, NULL, rs_str("User"), encode_user(1, "a", "b", 1), &put, NULL, NULL) != RS_OK);

    rs_open_options open = rs_open_options_init();
    rs_database *database = NULL;
    open.root = rs_str("a//b");
    STATUS(RS_INVALID_ARGUMENT, rs_open(rs_str("memory:"), &open, &database, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_open(rs_str("postgres://localhost"), NULL, &database, &error));
    /* A process that has loaded one client library takes no other. */
    rs_status without = database_is_given() ? RS_INVALID_ARGUMENT : RS_UNSUPPORTED;
    STATUS(without, rs_open(rs_str("fdb:?library=/no/such/libfdb_c.so"), NULL, &database, &error));
    OK(rs_close(in.database));
}

static void names_of_statuses(void) {
    CHECK(strcmp(rs_status_name(RS_OK), "Ok") == 0);
    CHECK(strcmp(rs_status_name(RS_NONE), "None") == 0);
    CHECK(strcmp(rs_status_name(RS_INVALID_ARGUMENT), "InvalidArgument") == 0);
    CHECK(strcmp(rs_status_name(RS_USER + 1), "user") == 0);
    CHECK(strcmp(rs_status_name(999), "unknown") == 0);
}

void test_arguments(void) {
    bytes();
    places();
    option_structs();
    names_of_statuses();
}
