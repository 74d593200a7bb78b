/* Handles that are NULL, freed, of another kind, of another life, or garbage: errors, and nothing worse. */
#include "test.h"

#include <stdlib.h>

/* Calls every function that takes a handle of some kind with one that is none, and expects `expected` of it. */
static void call_everything(void *bad) {
    rs_database *database = (rs_database *)bad;
    rs_space *space = (rs_space *)bad;
    rs_transaction *transaction = (rs_transaction *)bad;
    rs_cursor *cursor = (rs_cursor *)bad;
    rs_key *key = (rs_key *)bad;
    rs_schema *schema = (rs_schema *)bad;
    rs_schema_builder *builder = (rs_schema_builder *)bad;
    rs_filter *filter = (rs_filter *)bad;
    rs_expression *expression = (rs_expression *)bad;
    const rs_filter *filters[1] = {filter};
    const rs_expression *expressions[1] = {expression};
    const rs_status refused = RS_INVALID_ARGUMENT;
    rs_key *good = key_of(1);
    rs_space *opened;
    rs_transaction *begun;
    rs_schema *built;
    rs_cursor *scan;
    rs_key *value;
    rs_record record;
    rs_buffer buffer;
    rs_list list;
    rs_bytes bytes;
    rs_index_entry entry;
    rs_no_next_reason reason;
    rs_index_state state;
    rs_index_states states;
    rs_uniqueness_violation violation;
    rs_changes changes;
    rs_schema_versions versions;
    rs_filter *made_filter;
    rs_expression *made_expression;
    int64_t number;
    double fraction;
    bool truth;

    STATUS(refused, rs_space_open(database, rs_str("a"), NULL, NULL, &opened, &error));
    STATUS(refused, rs_spaces(database, rs_str(""), &list, &error));
    STATUS(refused, rs_space_exists(database, rs_str("a"), &truth, &error));
    STATUS(refused, rs_remove_space(database, rs_str("a"), &truth, &error));
    STATUS(refused, rs_move_space(database, rs_str("a"), rs_str("b"), &error));
    STATUS(refused, rs_run(database, NULL, NULL, NULL, &error));
    STATUS(refused, rs_transaction_begin(database, &begun, &error));

    STATUS(refused, rs_space_child(space, rs_str("a"), NULL, NULL, &opened, &error));
    STATUS(refused, rs_space_children(space, &list, &error));
    STATUS(refused, rs_space_plan(space, NULL, &buffer, &error));
    STATUS(refused, rs_put(space, NULL, rs_str("User"), rs_str(""), NULL, NULL, &error));
    STATUS(refused, rs_put_json(space, NULL, rs_str("User"), rs_str("{}"), NULL, NULL, &error));
    STATUS(refused, rs_put_all(space, NULL, NULL, 0, NULL, &error));
    STATUS(refused, rs_get(space, NULL, good, &record, &error));
    STATUS(refused, rs_get_json(space, NULL, good, &buffer, &error));
    STATUS(refused, rs_delete(space, NULL, good, NULL, &error));
    STATUS(refused, rs_delete_all(space, NULL, &error));
    STATUS(refused, rs_delete_where(space, NULL, good, &error));
    STATUS(refused, rs_exists(space, NULL, good, &truth, &error));
    STATUS(refused, rs_space_changes(space, NULL, &changes, &error));
    STATUS(refused, rs_space_schema_versions(space, &versions, &error));
    STATUS(refused, rs_count_of_type(space, NULL, rs_str("User"), &number, &error));
    STATUS(refused, rs_count_by(space, NULL, expression, good, &number, &error));
    STATUS(refused, rs_scan_keys(space, NULL, NULL, &scan, &error));
    STATUS(refused, rs_scan_uniqueness_violations(space, NULL, rs_str("i"), NULL, &scan, &error));
    STATUS(refused, rs_resolve_uniqueness(space, NULL, rs_str("i"), good, NULL, &error));
    STATUS(refused, rs_get_index_states(space, NULL, &states, &error));
    STATUS(refused, rs_mark_index(space, NULL, rs_str("i"), RS_INDEX_DISABLED, NULL, &error));
    STATUS(refused, rs_rebuild_index(space, NULL, rs_str("i"), &error));
    STATUS(refused, rs_count(space, NULL, &number, &error));
    STATUS(refused, rs_aggregate(space, NULL, rs_str("i"), NULL, &value, &error));
    STATUS(refused, rs_scan(space, NULL, NULL, &scan, &error));
    STATUS(refused, rs_scan_by(space, NULL, rs_str("i"), NULL, &scan, &error));
    STATUS(refused, rs_scan_index(space, NULL, rs_str("i"), NULL, &scan, &error));
    STATUS(refused, rs_query(space, NULL, rs_str(""), NULL, &scan, &error));
    STATUS(refused, rs_explain(space, rs_str(""), NULL, &buffer, &error));
    STATUS(refused, rs_get_index_state(space, NULL, rs_str("i"), &state, &error));
    STATUS(refused, rs_build_indexes(space, NULL, NULL, &error));

    STATUS(refused, rs_transaction_commit(transaction, &error));
    STATUS(refused, rs_transaction_cancel(transaction));
    STATUS(refused, rs_transaction_versionstamp(transaction, &bytes));
    CHECK(rs_transaction_attempt(transaction) == 0 && !rs_transaction_maybe_committed(transaction));

    STATUS(refused, rs_cursor_next(cursor, &record, &error));
    STATUS(refused, rs_cursor_next_entry(cursor, &entry, &error));
    STATUS(refused, rs_cursor_next_key(cursor, &bytes, &error));
    STATUS(refused, rs_cursor_next_violation(cursor, &violation, &error));
    STATUS(refused, rs_cursor_next_json(cursor, &bytes, &error));
    STATUS(refused, rs_cursor_continuation(cursor, &bytes, &error));
    STATUS(refused, rs_cursor_no_next_reason(cursor, &reason, &error));

    STATUS(refused, rs_key_clear(key));
    STATUS(refused, rs_key_record_type(key, rs_str("User")));
    STATUS(refused, rs_key_null(key));
    STATUS(refused, rs_key_int(key, 1));
    STATUS(refused, rs_key_double(key, 1));
    STATUS(refused, rs_key_bool(key, 1));
    STATUS(refused, rs_key_string(key, rs_str("")));
    STATUS(refused, rs_key_bytes(key, rs_str("")));
    STATUS(refused, rs_key_uuid(key, rs_str("")));
    STATUS(refused, rs_key_version(key, rs_str("")));
    STATUS(refused, rs_key_list(key, good));
    STATUS(refused, rs_key_unpack(key, rs_str("")));
    STATUS(refused, rs_key_primary_key(key, rs_str("")));
    STATUS(refused, rs_key_to_text(key, &buffer, &error));
    STATUS(refused, rs_key_get_int(key, 0, &number));
    STATUS(refused, rs_key_get_double(key, 0, &fraction));
    STATUS(refused, rs_key_get_bool(key, 0, &truth));
    STATUS(refused, rs_key_get_text(key, 0, &bytes));
    STATUS(refused, rs_key_get_bytes(key, 0, &bytes));
    CHECK(rs_key_count(key) == 0 && rs_key_column_type(key, 0) == RS_COLUMN_NONE);

    STATUS(refused, rs_schema_descriptor_set(schema, &buffer, &error));
    STATUS(refused, rs_schema_builder_build(builder, &built, &error));
    STATUS(refused, rs_schema_builder_proto(builder, rs_str("a"), rs_str("b")));
    STATUS(refused, rs_schema_builder_proto_file(builder, rs_str("a"), rs_str("b")));
    STATUS(refused, rs_schema_builder_descriptor_set(builder, rs_str("")));
    STATUS(refused, rs_schema_builder_record_type(builder, rs_str("a")));
    STATUS(refused, rs_schema_builder_primary_key(builder, rs_str("a"), rs_str("b")));
    STATUS(refused, rs_schema_builder_index(builder, rs_str("a"), rs_str("b")));
    STATUS(refused, rs_schema_builder_index_column(builder, rs_str("a"), rs_str("b")));
    STATUS(refused, rs_schema_builder_index_on(builder, rs_str("a"), rs_str("b")));
    STATUS(refused, rs_schema_builder_index_group_by(builder, rs_str("a"), rs_str("b")));
    STATUS(refused, rs_schema_builder_index_covering(builder, rs_str("a"), rs_str("b")));
    STATUS(refused, rs_schema_builder_index_unique(builder, rs_str("a")));
    STATUS(refused, rs_schema_builder_index_option(builder, rs_str("a"), rs_str("b"), rs_str("c")));
    STATUS(refused, rs_schema_builder_drop_index(builder, rs_str("a")));
    STATUS(refused, rs_schema_builder_drop_type(builder, rs_str("a")));
    STATUS(refused, rs_schema_builder_allow(builder, rs_str("a")));

    STATUS(refused, rs_schema_builder_primary_key_expression(builder, rs_str("a"), expression));
    STATUS(refused, rs_schema_builder_index_expression(builder, rs_str("a"), expression));
    STATUS(refused, rs_schema_builder_index_where(builder, rs_str("a"), filter));

    STATUS(refused, rs_filter_and(filters, 1, &made_filter, &error));
    STATUS(refused, rs_filter_or(filters, 1, &made_filter, &error));
    STATUS(refused, rs_filter_not(filter, &made_filter, &error));
    STATUS(refused, rs_filter_any(rs_str("f"), filter, &made_filter, &error));
    STATUS(refused, rs_filter_matches(rs_str("f"), filter, &made_filter, &error));
    STATUS(refused, rs_filter_compare(rs_str("f"), RS_EQUALS, key, &made_filter, &error));
    STATUS(refused, rs_filter_compare_any(rs_str("f"), RS_EQUALS, key, &made_filter, &error));
    STATUS(refused, rs_filter_to_text(filter, &buffer, &error));

    STATUS(refused, rs_expression_concat(expressions, 1, &made_expression, &error));
    STATUS(refused, rs_expression_packed(expressions, 1, &made_expression, &error));
    STATUS(refused, rs_expression_literal(key, &made_expression, &error));
    STATUS(refused, rs_expression_function(rs_str("add"), expression, &made_expression, &error));
    STATUS(refused, rs_expression_with_value(expression, expression, &made_expression, &error));
    STATUS(refused, rs_expression_group_by(expression, NULL, &made_expression, &error));
    STATUS(refused, rs_expression_split(expression, 1, &made_expression, &error));
    STATUS(refused, rs_expression_dimensions(expression, 0, 1, &made_expression, &error));
    STATUS(refused, rs_expression_to_text(expression, &buffer, &error));
    CHECK(rs_expression_column_count(expression) == 0);

    CHECK(rs_error_message((rs_error *)bad)[0] == '\0' && rs_error_name((rs_error *)bad)[0] == '\0');
    CHECK(rs_error_status((rs_error *)bad) == RS_OK && rs_error_fdb_code((rs_error *)bad) == 0);
    CHECK(!rs_error_retryable((rs_error *)bad) && !rs_error_maybe_committed((rs_error *)bad));
    CHECK(rs_error_fact_count((rs_error *)bad) == 0 && rs_error_fact_name((rs_error *)bad, 0) == NULL);

    /* NULL is freed already; everything else that is no handle is refused. */
    const rs_status freed = bad == NULL ? RS_OK : refused;
    STATUS(freed, rs_filter_free(filter));
    STATUS(freed, rs_expression_free(expression));
    STATUS(freed, rs_close(database));
    STATUS(freed, rs_space_free(space));
    STATUS(freed, rs_transaction_free(transaction));
    STATUS(freed, rs_cursor_free(cursor));
    STATUS(freed, rs_key_free(key));
    STATUS(freed, rs_schema_free(schema));
    STATUS(freed, rs_schema_builder_free(builder));
    STATUS(freed, rs_error_free((rs_error *)bad));
    OK(rs_key_free(good));
}

static void no_handles_at_all(void) {
    int on_the_stack = 0;
    int *on_the_heap = (int *)malloc(sizeof *on_the_heap);
    call_everything(NULL);
    call_everything(&on_the_stack);
    call_everything(on_the_heap);
    call_everything((void *)1);
    call_everything((void *)UINTPTR_MAX);
    free(on_the_heap);
    uint64_t state = 0x9e3779b97f4a7c15u;
    for (int round = 0; round < 50; round++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        /* Every other one has the marks that handles have. */
        call_everything((void *)(uintptr_t)(round % 2 == 0 ? state : state | 0x8000000000000001u));
    }
}

static void freed_handles(void) {
    fixture in = open_users(false);
    rs_cursor *cursor = NULL;
    rs_transaction *transaction = NULL;
    rs_key *key = key_of(1);
    rs_schema *schema = make_schema(false);
    rs_schema_builder *builder = rs_schema_builder_new();
    OK(rs_scan(in.users, NULL, NULL, &cursor, &error));
    OK(rs_transaction_begin(in.database, &transaction, &error));
    rs_record record;
    STATUS(RS_INVALID_ARGUMENT, rs_cursor_next((rs_cursor *)in.users, &record, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_get((rs_space *)in.database, NULL, key, &record, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_get(in.users, NULL, (rs_key *)cursor, &record, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_get(in.users, (rs_transaction *)key, key, &record, &error));

    OK(rs_cursor_free(cursor));
    OK(rs_transaction_free(transaction));
    OK(rs_space_free(in.users));
    OK(rs_key_free(key));
    OK(rs_schema_free(schema));
    OK(rs_schema_builder_free(builder));
    call_everything(cursor);
    call_everything(transaction);
    call_everything(in.users);
    call_everything(key);
    call_everything(schema);
    call_everything(builder);

    /* A new handle takes the place of a freed one, and the old one is stale nevertheless. */
    rs_key *again = key_of(2);
    CHECK(again != key && rs_key_count(again) == 1 && rs_key_count(key) == 0);
    OK(rs_key_free(again));
    OK(rs_close(in.database));
    call_everything(in.database);
}

static void closing_frees_all(void) {
    fixture in = open_users(false);
    rs_cursor *cursor = NULL;
    rs_transaction *transaction = NULL;
    rs_key *key = key_of(1);
    rs_record record;
    rs_record kept;
    put_users(&in, 1);
    OK(rs_get(in.users, NULL, key, &kept, &error));
    OK(rs_scan(in.users, NULL, NULL, &cursor, &error));
    OK(rs_transaction_begin(in.database, &transaction, &error));
    OK(rs_close(in.database));
    STATUS(RS_INVALID_ARGUMENT, rs_close(in.database));
    STATUS(RS_INVALID_ARGUMENT, rs_get(in.users, NULL, key, &record, &error));
    CHECK(record.data.data == NULL);
    STATUS(RS_INVALID_ARGUMENT, rs_cursor_next(cursor, &record, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_transaction_commit(transaction, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_cursor_free(cursor));
    STATUS(RS_INVALID_ARGUMENT, rs_space_free(in.users));
    /* What was given away stays. */
    CHECK(id_of(kept) == 1);
    OK(rs_record_free(&kept));
    OK(rs_key_free(key));
}

void test_handles(void) {
    no_handles_at_all();
    freed_handles();
    closing_frees_all();
}
