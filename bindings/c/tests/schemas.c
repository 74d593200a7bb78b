/* Declaring schemas, and what spaces say of them. */
#include "test.h"

static rs_schema_builder *builder_of(const char *proto) {
    rs_schema_builder *builder = rs_schema_builder_new();
    OK(rs_schema_builder_proto(builder, rs_str("t.proto"), rs_str(proto)));
    return builder;
}

static void from_a_descriptor_set(void) {
    rs_schema *schema = make_schema(false);
    rs_buffer set;
    OK(rs_schema_descriptor_set(schema, &set, &error));
    CHECK(set.len > 0);
    rs_schema_builder *builder = rs_schema_builder_new();
    OK(rs_schema_builder_descriptor_set(builder, rs_bytes_of(set.data, set.len)));
    OK(rs_schema_builder_primary_key(builder, rs_str("User"), rs_str("id")));
    OK(rs_schema_builder_primary_key(builder, rs_str("Order"), rs_str("user")));
    OK(rs_schema_builder_primary_key(builder, rs_str("Order"), rs_str("number")));
    rs_schema *both = NULL;
    OK(rs_schema_builder_build(builder, &both, &error));

    fixture in = open_users(false);
    rs_space *shop = NULL;
    OK(rs_space_open(in.database, rs_str("shop"), both, NULL, &shop, &error));
    OK(rs_put_json(shop, NULL, rs_str("Order"), rs_str("{\"user\": \"Ada\", \"number\": 7}"), NULL, NULL, &error));
    rs_key *key = rs_key_new();
    bool exists = false;
    OK(rs_key_string(key, rs_str("Ada")));
    OK(rs_key_int(key, 7));
    STATUS(RS_INVALID_ARGUMENT, rs_exists(shop, NULL, key, &exists, &error));
    OK(rs_key_record_type(key, rs_str("Order")));
    OK(rs_exists(shop, NULL, key, &exists, &error));
    CHECK(exists);

    OK(rs_key_free(key));
    OK(rs_buffer_free(&set));
    OK(rs_schema_builder_free(builder));
    OK(rs_schema_free(schema));
    OK(rs_schema_free(both));
    OK(rs_close(in.database));
}

static void mistakes_are_told(void) {
    rs_schema *schema = NULL;
    rs_schema_builder *builder = builder_of("syntax = 'proto3'; message User { int64 id = }");
    STATUS(RS_SCHEMA, rs_schema_builder_build(builder, &schema, &error));
    CHECK(schema == NULL);
    rs_schema_builder_build(builder, &schema, &error);
    bool names_line = false;
    for (size_t at = 0; at < rs_error_fact_count(error); at++)
        names_line = names_line || strcmp(rs_error_fact_name(error, at), "line") == 0;
    CHECK(names_line && rs_error_fact_name(error, 100) == NULL && rs_error_fact_value(error, 100) == NULL);
    CHECK(strcmp(rs_error_name(error), "Schema") == 0 && rs_error_fdb_code(error) == 0);
    CHECK(!rs_error_retryable(error) && !rs_error_maybe_committed(error));
    STATUS(RS_SCHEMA, rs_error_status(error));
    OK(rs_schema_builder_free(builder));

    builder = builder_of("syntax = 'proto3'; message User { int64 id = 1; }");
    OK(rs_schema_builder_primary_key(builder, rs_str("User"), rs_str("idd")));
    STATUS(RS_INVALID_EXPRESSION, rs_schema_builder_build(builder, &schema, &error));
    OK(rs_schema_builder_free(builder));

    /* A declaration that was refused is refused again when the schema is built. */
    builder = builder_of("syntax = 'proto3'; message User { int64 id = 1; }");
    OK(rs_schema_builder_primary_key(builder, rs_str("User"), rs_str("id")));
    STATUS(RS_INVALID_ARGUMENT, rs_schema_builder_index_column(builder, rs_str("none"), rs_str("id")));
    STATUS(RS_INVALID_ARGUMENT, rs_schema_builder_build(builder, &schema, &error));
    OK(rs_schema_builder_free(builder));
    builder = rs_schema_builder_new();
    CHECK(rs_schema_builder_allow(builder, rs_str("allow_everything")) != RS_OK);
    CHECK(rs_schema_builder_proto_file(builder, rs_str("/does/not/exist.proto"), rs_str(NULL)) == RS_OK);
    CHECK(rs_schema_builder_build(builder, &schema, NULL) != RS_OK);
    OK(rs_schema_builder_free(builder));
}

static void a_schema_grows(void) {
    fixture in = open_users(false);
    put_users(&in, 3);
    rs_schema *extended = make_schema(true);
    rs_buffer plan;
    OK(rs_space_plan(in.users, extended, &plan, &error));
    CHECK(plan.len > 0 && memcmp(plan.data, "index by_city added", 19) == 0);
    OK(rs_buffer_free(&plan));
    rs_space *users = NULL;
    OK(rs_space_open(in.database, rs_str("test/users"), extended, NULL, &users, &error));

    /* Another primary key would make stored records unreadable. */
    rs_schema *other = NULL;
    rs_schema_builder *builder = builder_of("syntax = 'proto3'; message User { int64 id = 1; string name = 2; }");
    OK(rs_schema_builder_primary_key(builder, rs_str("User"), rs_str("name")));
    OK(rs_schema_builder_build(builder, &other, &error));
    rs_space *refused = NULL;
    STATUS(RS_META_DATA_EVOLUTION, rs_space_open(in.database, rs_str("test/users"), other, NULL, &refused, &error));
    CHECK(refused == NULL);

    /* An index is dropped by its name. */
    rs_schema_builder *fewer = rs_schema_builder_new();
    rs_schema *without = NULL;
    rs_buffer set;
    OK(rs_schema_descriptor_set(extended, &set, &error));
    OK(rs_schema_builder_descriptor_set(fewer, rs_bytes_of(set.data, set.len)));
    OK(rs_schema_builder_primary_key(fewer, rs_str("User"), rs_str("id")));
    OK(rs_schema_builder_drop_index(fewer, rs_str("by_name")));
    OK(rs_schema_builder_build(fewer, &without, &error));
    OK(rs_space_open(in.database, rs_str("test/users"), without, NULL, &users, &error));
    rs_index_state state = -1;
    STATUS(RS_META_DATA, rs_get_index_state(users, NULL, rs_str("by_name"), &state, &error));

    OK(rs_buffer_free(&set));
    OK(rs_schema_builder_free(fewer));
    OK(rs_schema_builder_free(builder));
    OK(rs_schema_free(extended));
    OK(rs_schema_free(other));
    OK(rs_schema_free(without));
    OK(rs_close(in.database));
}

void test_schemas(void) {
    from_a_descriptor_set();
    mistakes_are_told();
    a_schema_grows();
}
