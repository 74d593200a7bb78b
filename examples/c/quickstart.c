/*
 * The first program in C: open a database, put records, read them, change one in a transaction.
 *
 *     cc quickstart.c $(pkg-config --cflags --libs record_store) -o quickstart && ./quickstart [database]
 *
 * Without an argument the database lives in memory; "data" would be a durable one in that directory.
 */
#include <record_store.h>
#include <stdio.h>
#include <stdlib.h>

static const char PROTO[] =
    "syntax = \"proto3\";\n"
    "package demo;\n"
    "message User { int64 id = 1; string name = 2; string city = 3; }\n";

/* Ends the program when a call has failed. */
static void must(rs_status status, rs_error *error) {
    if (status == RS_OK || status == RS_NONE) return;
    fprintf(stderr, "%s: %s\n", rs_status_name(status), error == NULL ? "" : rs_error_message(error));
    rs_error_free(error);
    exit(EXIT_FAILURE);
}

static rs_space *open_users(rs_database *database) {
    rs_error *error = NULL;
    rs_schema *schema = NULL;
    rs_space *users = NULL;
    rs_schema_builder *builder = rs_schema_builder_new();
    /* What is wrong with these calls is told by rs_schema_builder_build. */
    rs_schema_builder_proto(builder, rs_str("user.proto"), rs_str(PROTO));
    rs_schema_builder_primary_key(builder, rs_str("User"), rs_str("id"));
    rs_schema_builder_index(builder, rs_str("by_city"), rs_str("value"));
    rs_schema_builder_index_column(builder, rs_str("by_city"), rs_str("city"));
    must(rs_schema_builder_build(builder, &schema, &error), error);
    must(rs_space_open(database, rs_str("quickstart/users"), schema, NULL, &users, &error), error);
    rs_schema_builder_free(builder);
    rs_schema_free(schema);
    return users;
}

struct move {
    rs_space *users;
    const char *city;
};

/* Gives user 1 another city. On a conflict it runs again. */
static rs_status move_user(rs_transaction *transaction, void *context, rs_error **error) {
    struct move *move = (struct move *)context;
    char json[128];
    snprintf(json, sizeof json, "{\"id\": 1, \"name\": \"Ada\", \"city\": \"%s\"}", move->city);
    return rs_put_json(move->users, transaction, rs_str("User"), rs_str(json), NULL, NULL, error);
}

int main(int argc, char **argv) {
    rs_error *error = NULL;
    rs_database *database = NULL;
    must(rs_open(rs_str(argc > 1 ? argv[1] : "memory:"), NULL, &database, &error), error);
    rs_space *users = open_users(database);

    /* A record is a protobuf message: the bytes of any protobuf library, such as nanopb or protobuf-c, or JSON. */
    static const uint8_t grace[] = {0x08, 2, 0x12, 5, 'G', 'r', 'a', 'c', 'e', 0x1a, 8, 'N', 'e', 'w', ' ', 'Y', 'o', 'r', 'k'};
    must(rs_put(users, NULL, rs_str("User"), rs_bytes_of(grace, sizeof grace), NULL, NULL, &error), error);
    must(rs_put_json(users, NULL, rs_str("User"), rs_str("{\"id\": 1, \"name\": \"Ada\", \"city\": \"London\"}"), NULL, NULL,
                     &error),
         error);

    rs_key *key = rs_key_new();
    rs_key_int(key, 1);
    rs_buffer json;
    must(rs_get_json(users, NULL, key, &json, &error), error);
    printf("get(1): %.*s\n", (int)json.len, (const char *)json.data);
    rs_buffer_free(&json);

    struct move to_paris = {users, "Paris"};
    must(rs_run(database, NULL, move_user, &to_paris, &error), error);

    rs_cursor *cursor = NULL;
    rs_bytes user;
    rs_key *parameters = rs_key_new();
    rs_query_options options = rs_query_options_init();
    rs_key_string(parameters, rs_str("Paris"));
    options.parameters = parameters;
    must(rs_query(users, NULL, rs_str("city = ? OR name LIKE 'G%'"), &options, &cursor, &error), error);
    rs_status status;
    while ((status = rs_cursor_next_json(cursor, &user, &error)) == RS_OK)
        printf("found: %.*s\n", (int)user.len, (const char *)user.data);
    must(status, error);
    rs_buffer plan;
    must(rs_explain(users, rs_str("city = ?"), &options, &plan, &error), error);
    printf("%.*s", (int)plan.len, (const char *)plan.data);
    rs_buffer_free(&plan);

    status = rs_put_json(users, NULL, rs_str("User"), rs_str("{\"id\": 3, \"nmae\": \"Edsger\"}"), NULL, NULL, &error);
    printf("a mistake: %s: %s\n", rs_status_name(status), rs_error_message(error));
    rs_error_free(error);

    bool deleted = false;
    must(rs_delete(users, NULL, key, &deleted, &error), error);
    rs_record record;
    status = rs_get(users, NULL, key, &record, &error);
    printf("deleted: %s, still there: %s\n", deleted ? "yes" : "no", status == RS_NONE ? "no" : "yes");

    rs_key_free(key);
    rs_key_free(parameters);
    rs_close(database); /* frees the space and the cursor too */
    return EXIT_SUCCESS;
}
