/* The tests of the C library. Run it with an empty folder: it says which checks failed, and ends with 1 if any did. */
#include "test.h"

#include <stdlib.h>
#include <unistd.h>

int failures = 0;
rs_error *error = NULL;
const char *scratch = NULL;

void check(bool holds, const char *what, const char *file, int line) {
    if (!holds) {
        failures++;
        fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
    }
}

void check_status(rs_status expected, rs_status status, const char *call, const char *file, int line) {
    if (status != expected) {
        failures++;
        fprintf(stderr, "%s:%d: %s gives %s (%d) instead of %s: %s\n", file, line, call, rs_status_name(status), (int)status,
                rs_status_name(expected), error == NULL ? "no error" : rs_error_message(error));
    }
    if (error != NULL) {
        check(rs_error_status(error) == status || status >= RS_USER, "the error has the status of its call", file, line);
        check(status != RS_OK && status != RS_NONE, "a call that went well has no error", file, line);
        check(rs_error_message(error)[0] != '\0', "an error has words", file, line);
        check(rs_error_free(error) == RS_OK, "an error is freed", file, line);
        error = NULL;
    }
}

bool is_text(rs_bytes bytes, const char *text) {
    return bytes.len == strlen(text) && memcmp(bytes.data, text, bytes.len) == 0;
}

static int databases = 0;

bool database_is_given(void) {
    const char *given = getenv("RECORD_STORE_TEST_URL");
    return given != NULL && given[0] != '\0';
}

static rs_bytes given_database(int number) {
    static char url[1024];
    if (!database_is_given()) return rs_str("memory:");
    const char *given = getenv("RECORD_STORE_TEST_URL");
    snprintf(url, sizeof url, "%s%croot=record-store-tests/c-%ld-%d", given, strchr(given, '?') == NULL ? '?' : '&',
             (long)getpid(), number);
    return rs_str(url);
}

rs_bytes fresh_database(void) {
    return given_database(databases++);
}

/* What the tests have left in the given database. */
static void remove_databases(void) {
    for (int number = 0; number < databases; number++) {
        rs_database *database = NULL;
        rs_list spaces = {0};
        OK(rs_open(given_database(number), NULL, &database, &error));
        OK(rs_spaces(database, rs_str(""), &spaces, &error));
        /* From the leaves: a space is removed with those below it. */
        for (size_t at = spaces.count; at > 0; at--) {
            OK(rs_remove_space(database, spaces.items[at - 1], NULL, &error));
        }
        OK(rs_list_free(&spaces));
        OK(rs_close(database));
    }
}

static size_t append_varint(uint8_t *to, uint64_t value) {
    size_t len = 0;
    while (value >= 0x80) {
        to[len++] = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    to[len++] = (uint8_t)value;
    return len;
}

static size_t append_text(uint8_t *to, uint8_t tag, const char *text) {
    size_t len = 0;
    to[len++] = tag;
    len += append_varint(to + len, strlen(text));
    memcpy(to + len, text, strlen(text));
    return len + strlen(text);
}

rs_bytes encode_user(int64_t id, const char *name, const char *city, int64_t age) {
    static uint8_t message[4096];
    size_t len = 0;
    message[len++] = 0x08;
    len += append_varint(message + len, (uint64_t)id);
    len += append_text(message + len, 0x12, name);
    len += append_text(message + len, 0x1a, city);
    message[len++] = 0x20;
    len += append_varint(message + len, (uint64_t)age);
    return rs_bytes_of(message, len);
}

int64_t id_of(rs_record record) {
    uint64_t id = 0;
    for (size_t at = 1; at < record.data.len && at < 11; at++) {
        id |= (uint64_t)(record.data.data[at] & 0x7f) << (7 * (at - 1));
        if ((record.data.data[at] & 0x80) == 0) break;
    }
    return (int64_t)id;
}

rs_key *key_of(int64_t id) {
    rs_key *key = rs_key_new();
    OK(rs_key_int(key, id));
    return key;
}

rs_schema *make_schema(bool with_indexes) {
    rs_schema *schema = NULL;
    rs_schema_builder *builder = rs_schema_builder_new();
    OK(rs_schema_builder_proto(builder, rs_str("users.proto"),
                               rs_str("syntax = 'proto3';"
                                      "message User { int64 id = 1; string name = 2; string city = 3; int64 age = 4; }"
                                      "message Order { string user = 1; int64 number = 2; }")));
    OK(rs_schema_builder_primary_key(builder, rs_str("User"), rs_str("id")));
    if (with_indexes) {
        OK(rs_schema_builder_index(builder, rs_str("by_city"), rs_str("")));
        OK(rs_schema_builder_index_column(builder, rs_str("by_city"), rs_str("city")));
        OK(rs_schema_builder_index_column(builder, rs_str("by_city"), rs_str("age")));
        OK(rs_schema_builder_index_covering(builder, rs_str("by_city"), rs_str("name")));
        OK(rs_schema_builder_index_on(builder, rs_str("by_city"), rs_str("User")));
        OK(rs_schema_builder_index(builder, rs_str("by_name"), rs_str("value")));
        OK(rs_schema_builder_index_column(builder, rs_str("by_name"), rs_str("name")));
        OK(rs_schema_builder_index_unique(builder, rs_str("by_name")));
        OK(rs_schema_builder_index(builder, rs_str("users_by_city"), rs_str("count")));
        OK(rs_schema_builder_index_group_by(builder, rs_str("users_by_city"), rs_str("city")));
    }
    OK(rs_schema_builder_build(builder, &schema, &error));
    OK(rs_schema_builder_free(builder));
    return schema;
}

fixture open_users(bool with_indexes) {
    fixture in = {NULL, NULL};
    rs_schema *schema = make_schema(with_indexes);
    OK(rs_open(fresh_database(), NULL, &in.database, &error));
    OK(rs_space_open(in.database, rs_str("test/users"), schema, NULL, &in.users, &error));
    OK(rs_schema_free(schema));
    return in;
}

void put_users(fixture *in, int64_t count) {
    for (int64_t id = 1; id <= count; id++) {
        char name[32];
        char city[32];
        snprintf(name, sizeof name, "user %d", (int)id);
        snprintf(city, sizeof city, "c%d", (int)(id % 3));
        OK(rs_put(in->users, NULL, rs_str("User"), encode_user(id, name, city, 20 + id), NULL, NULL, &error));
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    scratch = argv[1];
    const struct {
        const char *name;
        void (*run)(void);
    } tests[] = {
        {"records", test_records}, {"keys", test_keys},
        {"schemas", test_schemas}, {"scans", test_scans},
        {"indexes", test_indexes}, {"transactions", test_transactions},
        {"handles", test_handles}, {"arguments", test_arguments},
        {"processes", test_processes}, {"queries", test_queries},
        {"filters", test_filters}, {"states", test_states},
    };
    for (size_t at = 0; at < sizeof tests / sizeof tests[0]; at++) {
        int before = failures;
        tests[at].run();
        printf("%-12s %s\n", tests[at].name, failures == before ? "ok" : "FAILED");
    }
    remove_databases();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
