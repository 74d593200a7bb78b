/* Queries: filters with parameters, order, pages, plans, and mistakes in them. */
#include "test.h"

/* The ids of the records that a query gives, one after the other: "1 2 3". */
static const char *found(fixture *in, rs_transaction *transaction, const char *filter, rs_query_options *options) {
    static char ids[512];
    size_t len = 0;
    rs_cursor *cursor = NULL;
    rs_record record;
    rs_status status;
    ids[0] = '\0';
    OK(rs_query(in->users, transaction, rs_str(filter), options, &cursor, &error));
    while ((status = rs_cursor_next(cursor, &record, &error)) == RS_OK && len < sizeof ids - 24)
        len += (size_t)snprintf(ids + len, sizeof ids - len, len == 0 ? "%d" : " %d", (int)id_of(record));
    STATUS(RS_NONE, status);
    OK(rs_cursor_free(cursor));
    return ids;
}

static void filters_and_parameters(void) {
    fixture in = open_users(true);
    put_users(&in, 9);
    CHECK(strcmp(found(&in, NULL, "id <= 3", NULL), "1 2 3") == 0);
    CHECK(strcmp(found(&in, NULL, "city = 'c1' AND age > 22", NULL), "4 7") == 0);

    rs_key *values = rs_key_new();
    rs_query_options options = rs_query_options_init();
    options.parameters = values;
    OK(rs_key_string(values, rs_str("c1")));
    OK(rs_key_int(values, 22));
    CHECK(strcmp(found(&in, NULL, "city = ? AND age > ?", &options), "4 7") == 0);

    rs_bytes names[] = {rs_str("city"), rs_str("age")};
    options.parameter_names = names;
    options.parameter_name_count = 2;
    CHECK(strcmp(found(&in, NULL, "age > :age AND city = :city", &options), "4 7") == 0);
    rs_cursor *cursor = NULL;
    options.parameter_name_count = 1;
    STATUS(RS_INVALID_ARGUMENT, rs_query(in.users, NULL, rs_str("city = :city"), &options, &cursor, &error));
    CHECK(cursor == NULL);

    options = rs_query_options_init();
    options.parameters = values;
    rs_key *list = rs_key_new();
    OK(rs_key_int(list, 2));
    OK(rs_key_int(list, 5));
    OK(rs_key_clear(values));
    OK(rs_key_list(values, list));
    CHECK(strcmp(found(&in, NULL, "id = ANY(?)", &options), "2 5") == 0);
    /* A key may be a list of itself as it was. */
    OK(rs_key_list(list, list));
    CHECK(rs_key_count(list) == 3 && rs_key_column_type(list, 2) == RS_COLUMN_OTHER);
    STATUS(RS_INVALID_ARGUMENT, rs_key_list(values, NULL));
    OK(rs_key_free(list));
    OK(rs_key_free(values));
    OK(rs_close(in.database));
}

static void order_and_pages(void) {
    fixture in = open_users(true);
    put_users(&in, 7);
    rs_bytes order[] = {rs_str("city"), rs_str("age")};
    rs_query_options options = rs_query_options_init();
    options.order_by = order;
    options.order_by_count = 2;
    CHECK(strcmp(found(&in, NULL, "", &options), "3 6 1 4 7 2 5") == 0);
    options.reverse = 1;
    options.skip = 1;
    options.limit = 2;
    CHECK(strcmp(found(&in, NULL, "", &options), "2 7") == 0);

    /* Page by page, and the same within a transaction, which sees what it has written. */
    uint8_t kept[512];
    options = rs_query_options_init();
    options.limit = 4;
    rs_cursor *cursor = NULL;
    rs_record record;
    rs_bytes continuation;
    OK(rs_query(in.users, NULL, rs_str("age >= 21"), &options, &cursor, &error));
    while (rs_cursor_next(cursor, &record, &error) == RS_OK) continue;
    OK(rs_cursor_continuation(cursor, &continuation, &error));
    CHECK(continuation.len <= sizeof kept);
    memcpy(kept, continuation.data, continuation.len);
    options.continuation = rs_bytes_of(kept, continuation.len);
    OK(rs_cursor_free(cursor));
    CHECK(strcmp(found(&in, NULL, "age >= 21", &options), "5 6 7") == 0);
    OK(rs_query(in.users, NULL, rs_str("city = 'c1'"), &options, &cursor, &error));
    STATUS(RS_INVALID_CONTINUATION, rs_cursor_next(cursor, &record, &error));
    OK(rs_cursor_free(cursor));
    for (size_t at = 0; at < options.continuation.len; at++) {
        kept[at] ^= 1;
        OK(rs_query(in.users, NULL, rs_str("age >= 21"), &options, &cursor, &error));
        STATUS(RS_INVALID_CONTINUATION, rs_cursor_next(cursor, &record, &error));
        OK(rs_cursor_free(cursor));
        kept[at] ^= 1;
    }

    rs_transaction *transaction = NULL;
    OK(rs_transaction_begin(in.database, &transaction, &error));
    OK(rs_put(in.users, transaction, rs_str("User"), encode_user(8, "new", "c1", 30), NULL, NULL, &error));
    CHECK(strcmp(found(&in, transaction, "city = 'c1' AND age >= 24", NULL), "4 7 8") == 0);
    OK(rs_transaction_free(transaction));
    CHECK(strcmp(found(&in, NULL, "city = 'c1' AND age >= 24", NULL), "4 7") == 0);
    OK(rs_close(in.database));
}

static bool plan_names(fixture *in, const char *filter, rs_query_options *options, const char *word) {
    rs_buffer plan;
    OK(rs_explain(in->users, rs_str(filter), options, &plan, &error));
    char text[1024];
    snprintf(text, sizeof text, "%.*s", (int)plan.len, (const char *)plan.data);
    OK(rs_buffer_free(&plan));
    return strstr(text, word) != NULL;
}

static void plans(void) {
    fixture in = open_users(true);
    rs_bytes indexes[] = {rs_str("by_name")};
    rs_query_options options = rs_query_options_init();
    CHECK(plan_names(&in, "city = 'c1'", NULL, "by_city"));
    options.indexes = indexes;
    options.index_count = 1;
    CHECK(!plan_names(&in, "city = 'c1'", &options, "by_city"));
    OK(rs_close(in.database));
}

static void mistakes(void) {
    fixture in = open_users(true);
    const char *const wrong[] = {"nmae = 'x'", "age = 'old'", "age >", "age = ?"};
    for (size_t at = 0; at < sizeof wrong / sizeof wrong[0]; at++) {
        rs_cursor *cursor = NULL;
        rs_record record;
        rs_buffer plan;
        OK(rs_query(in.users, NULL, rs_str(wrong[at]), NULL, &cursor, &error));
        STATUS(RS_INVALID_QUERY, rs_cursor_next(cursor, &record, &error));
        OK(rs_cursor_free(cursor));
        STATUS(RS_INVALID_QUERY, rs_explain(in.users, rs_str(wrong[at]), NULL, &plan, &error));
        CHECK(plan.data == NULL);
    }
    rs_explain(in.users, rs_str("nmae = 'x'"), NULL, NULL, NULL);
    rs_bytes order[] = {rs_str("nothing")};
    rs_query_options options = rs_query_options_init();
    options.order_by = order;
    options.order_by_count = 1;
    rs_buffer plan;
    STATUS(RS_INVALID_EXPRESSION, rs_explain(in.users, rs_str(""), &options, &plan, &error));
    options = rs_query_options_init();
    options.record_types = order;
    options.record_type_count = 1;
    STATUS(RS_META_DATA, rs_explain(in.users, rs_str(""), &options, &plan, &error));
    OK(rs_close(in.database));
}

void test_queries(void) {
    filters_and_parameters();
    order_and_pages();
    plans();
    mistakes();
}
