/* Saving, getting and deleting records, as messages and as JSON; counting them; the tree of spaces. */
#include "test.h"

static void put_get_delete(void) {
    fixture in = open_users(false);
    rs_key *key = key_of(42);
    rs_record record;
    STATUS(RS_NONE, rs_get(in.users, NULL, key, &record, &error));
    CHECK(record.data.data == NULL && record.owner == NULL);

    rs_record saved;
    OK(rs_put(in.users, NULL, rs_str("User"), encode_user(42, "Ada", "London", 36), NULL, &saved, &error));
    CHECK(is_text(saved.record_type, "User") && saved.version.len == 12 && saved.primary_key.len > 0);

    OK(rs_get(in.users, NULL, key, &record, &error));
    rs_bytes expected = encode_user(42, "Ada", "London", 36);
    CHECK(record.data.len == expected.len && memcmp(record.data.data, expected.data, expected.len) == 0);
    CHECK(record.version.len == 12 && memcmp(record.version.data, saved.version.data, 12) == 0);

    /* The whole primary key leads to the record too. */
    rs_key *whole = rs_key_new();
    OK(rs_key_primary_key(whole, saved.primary_key));
    bool exists = false;
    OK(rs_exists(in.users, NULL, whole, &exists, &error));
    CHECK(exists);
    OK(rs_record_free(&record));
    CHECK(record.data.data == NULL && record.data.len == 0);
    OK(rs_record_free(&record));
    OK(rs_record_free(&saved));
    OK(rs_record_free(NULL));

    bool deleted = false;
    OK(rs_delete(in.users, NULL, key, &deleted, &error));
    CHECK(deleted);
    OK(rs_delete(in.users, NULL, key, &deleted, &error));
    CHECK(!deleted);
    OK(rs_delete(in.users, NULL, key, NULL, &error));
    OK(rs_exists(in.users, NULL, key, &exists, &error));
    CHECK(!exists);

    OK(rs_key_free(key));
    OK(rs_key_free(whole));
    OK(rs_close(in.database));
}

static void existence_checks(void) {
    fixture in = open_users(false);
    rs_put_options insert = rs_put_options_init();
    insert.existence = RS_ERROR_IF_EXISTS;
    rs_put_options update = rs_put_options_init();
    update.existence = RS_ERROR_IF_NOT_EXISTS;
    rs_bytes user = encode_user(1, "Ada", "London", 36);
    STATUS(RS_RECORD_NOT_FOUND, rs_put(in.users, NULL, rs_str("User"), user, &update, NULL, &error));
    OK(rs_put(in.users, NULL, rs_str("User"), user, &insert, NULL, &error));
    STATUS(RS_RECORD_ALREADY_EXISTS, rs_put(in.users, NULL, rs_str("User"), user, &insert, NULL, &error));
    OK(rs_put(in.users, NULL, rs_str("User"), user, &update, NULL, &error));

    /* A record keeps the version that it is given. */
    static const uint8_t version[12] = {0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1};
    rs_put_options dated = rs_put_options_init();
    dated.version = rs_bytes_of(version, sizeof version);
    rs_record saved;
    OK(rs_put(in.users, NULL, rs_str("User"), user, &dated, &saved, &error));
    CHECK(saved.version.len == 12 && memcmp(saved.version.data, version, 12) == 0);
    OK(rs_record_free(&saved));
    OK(rs_close(in.database));
}

static void json(void) {
    fixture in = open_users(false);
    rs_key *key = key_of(7);
    OK(rs_put_json(in.users, NULL, rs_str("User"), rs_str("{\"id\": 7, \"name\": \"Grace\"}"), NULL, NULL, &error));
    rs_buffer text;
    OK(rs_get_json(in.users, NULL, key, &text, &error));
    CHECK(is_text(rs_bytes_of(text.data, text.len), "{\"id\":\"7\",\"name\":\"Grace\"}"));
    OK(rs_buffer_free(&text));
    CHECK(text.data == NULL && text.len == 0);
    OK(rs_buffer_free(&text));
    OK(rs_buffer_free(NULL));
    STATUS(RS_INVALID_RECORD, rs_put_json(in.users, NULL, rs_str("User"), rs_str("{\"nmae\": 1}"), NULL, NULL, &error));
    OK(rs_key_clear(key));
    OK(rs_key_int(key, 8));
    STATUS(RS_NONE, rs_get_json(in.users, NULL, key, &text, &error));
    OK(rs_key_free(key));
    OK(rs_close(in.database));
}

static void many_at_once(void) {
    fixture in = open_users(true);
    uint8_t messages[100][32];
    rs_put_item items[100];
    for (int id = 0; id < 100; id++) {
        char name[16];
        snprintf(name, sizeof name, "u%d", id);
        rs_bytes message = encode_user(id, name, "c", 20);
        memcpy(messages[id], message.data, message.len);
        items[id].record_type = rs_str("User");
        items[id].data = rs_bytes_of(messages[id], message.len);
    }
    OK(rs_put_all(in.users, NULL, items, 100, NULL, &error));
    OK(rs_put_all(in.users, NULL, NULL, 0, NULL, &error));
    int64_t count = -1;
    OK(rs_count(in.users, NULL, &count, &error));
    CHECK(count == 100);

    /* All or none. */
    items[50].data = rs_str("this is no message");
    OK(rs_delete_all(in.users, NULL, &error));
    STATUS(RS_INVALID_RECORD, rs_put_all(in.users, NULL, items, 100, NULL, &error));
    OK(rs_count(in.users, NULL, &count, &error));
    CHECK(count == 0);
    OK(rs_close(in.database));
}

static void tree_of_spaces(void) {
    fixture in = open_users(false);
    rs_schema *schema = make_schema(false);
    rs_space *archive = NULL;
    OK(rs_space_child(in.users, rs_str("archive"), schema, NULL, &archive, &error));
    rs_list paths;
    OK(rs_spaces(in.database, rs_str(""), &paths, &error));
    CHECK(paths.count == 2 && is_text(paths.items[0], "test/users") && is_text(paths.items[1], "test/users/archive"));
    OK(rs_list_free(&paths));
    CHECK(paths.items == NULL && paths.count == 0);
    OK(rs_list_free(&paths));
    OK(rs_space_children(in.users, &paths, &error));
    CHECK(paths.count == 1);
    OK(rs_list_free(&paths));
    OK(rs_spaces(in.database, rs_str("none"), &paths, &error));
    CHECK(paths.count == 0);
    OK(rs_list_free(&paths));

    put_users(&in, 1);
    OK(rs_move_space(in.database, rs_str("test/users"), rs_str("old/users"), &error));
    rs_key *key = key_of(1);
    bool exists = false;
    OK(rs_exists(in.users, NULL, key, &exists, &error));
    CHECK(exists);
    OK(rs_space_exists(in.database, rs_str("old/users"), &exists, &error));
    CHECK(exists);
    bool removed = false;
    OK(rs_remove_space(in.database, rs_str("old/users"), &removed, &error));
    CHECK(removed);
    OK(rs_remove_space(in.database, rs_str("old/users"), &removed, &error));
    CHECK(!removed);
    STATUS(RS_STORE_NOT_FOUND, rs_exists(in.users, NULL, key, &exists, &error));
    STATUS(RS_STORE_NOT_FOUND, rs_move_space(in.database, rs_str("old/users"), rs_str("x"), &error));
    STATUS(RS_INVALID_ARGUMENT, rs_spaces(in.database, rs_str("a//b"), &paths, &error));
    OK(rs_key_free(key));
    OK(rs_space_free(archive));
    OK(rs_schema_free(schema));
    OK(rs_close(in.database));
}

static void reopen_a_directory(void) {
    char url[1024];
    rs_open_options options = rs_open_options_init();
    options.root = rs_str("apps/mine");
    rs_schema *schema = make_schema(false);
    rs_key *key = key_of(5);
    rs_database *database = NULL;
    rs_space *users = NULL;
    snprintf(url, sizeof url, "file:%s/reopened", scratch);
    OK(rs_open(rs_str(url), &options, &database, &error));
    OK(rs_space_open(database, rs_str("users"), schema, NULL, &users, &error));
    OK(rs_put(users, NULL, rs_str("User"), encode_user(5, "Ada", "London", 36), NULL, NULL, &error));
    OK(rs_close(database));

    /* Without a schema the stored one is there, and without the root the path is longer. */
    OK(rs_open(rs_str(url), NULL, &database, &error));
    STATUS(RS_STORE_NOT_FOUND, rs_space_open(database, rs_str("users"), NULL, NULL, &users, &error));
    OK(rs_space_open(database, rs_str("apps/mine/users"), NULL, NULL, &users, &error));
    bool exists = false;
    OK(rs_exists(users, NULL, key, &exists, &error));
    CHECK(exists);
    OK(rs_remove_space(database, rs_str("apps/mine/users"), NULL, &error));
    OK(rs_close(database));
    OK(rs_schema_free(schema));
    OK(rs_key_free(key));
}

void test_records(void) {
    CHECK(rs_abi_version() == RS_ABI_VERSION);
    put_get_delete();
    existence_checks();
    json();
    many_at_once();
    tree_of_spaces();
    reopen_a_directory();
}
