/* Filters as a program builds them, and key expressions. */
#include "test.h"

/* Whether the filter reads so, and as text reads back the same. The filter is freed. */
static void reads(rs_filter *filter, const char *expected) {
    rs_buffer text;
    rs_filter *again = NULL;
    OK(rs_filter_to_text(filter, &text, &error));
    CHECK(is_text(rs_bytes_of(text.data, text.len), expected));
    OK(rs_filter_parse(rs_bytes_of(text.data, text.len), NULL, &again, &error));
    OK(rs_buffer_free(&text));
    OK(rs_filter_to_text(again, &text, &error));
    CHECK(is_text(rs_bytes_of(text.data, text.len), expected));
    OK(rs_buffer_free(&text));
    OK(rs_filter_free(again));
    OK(rs_filter_free(filter));
}

static rs_filter *compare(const char *field, rs_comparison comparison, rs_key *value) {
    rs_filter *filter = NULL;
    OK(rs_filter_compare(rs_str(field), comparison, value, &filter, &error));
    OK(rs_key_free(value));
    return filter;
}

static rs_key *text_key(const char *text) {
    rs_key *key = rs_key_new();
    OK(rs_key_string(key, rs_str(text)));
    return key;
}

static void every_comparison(void) {
    rs_key *two = key_of(1);
    OK(rs_key_int(two, 2));
    rs_filter *filter = NULL;
    reads(compare("age", RS_EQUALS, key_of(1)), "age = 1");
    reads(compare("age", RS_NOT_EQUALS, key_of(1)), "age <> 1");
    reads(compare("age", RS_LESS_THAN, key_of(1)), "age < 1");
    reads(compare("age", RS_LESS_THAN_OR_EQUALS, key_of(1)), "age <= 1");
    reads(compare("age", RS_GREATER_THAN, key_of(1)), "age > 1");
    reads(compare("age", RS_GREATER_THAN_OR_EQUALS, key_of(-1)), "age >= -1");
    reads(compare("age", RS_IN, two), "age IN (1, 2)");
    reads(compare("address.city", RS_STARTS_WITH, text_key("Ba")), "starts_with(address.city, 'Ba')");
    reads(compare("city", RS_LIKE, text_key("B_s%")), "city LIKE 'B_s%'");
    reads(compare("city", RS_IS_NULL, NULL), "city IS NULL");
    reads(compare("city", RS_NOT_NULL, NULL), "city IS NOT NULL");
    reads(compare("tags", RS_IS_EMPTY, NULL), "is_empty(tags)");
    reads(compare("tags", RS_NOT_EMPTY, NULL), "is_not_empty(tags)");
    OK(rs_filter_compare_parameter(rs_str("age"), RS_GREATER_THAN, rs_str("least"), &filter, &error));
    reads(filter, "age > :least");
    rs_key *new = text_key("new");
    OK(rs_filter_compare_any(rs_str("tags"), RS_EQUALS, new, &filter, &error));
    reads(filter, "any(tags) = 'new'");
    OK(rs_key_free(new));
}

static void joined_and_nested(void) {
    rs_filter *parts[2] = {compare("age", RS_GREATER_THAN_OR_EQUALS, key_of(18)), compare("city", RS_EQUALS, text_key("Basel"))};
    rs_filter *both = NULL;
    rs_filter *either = NULL;
    rs_filter *negated = NULL;
    OK(rs_filter_and((const rs_filter *const *)parts, 2, &both, &error));
    OK(rs_filter_or((const rs_filter *const *)parts, 2, &either, &error));
    OK(rs_filter_not(either, &negated, &error));
    OK(rs_filter_free(parts[1]));
    rs_filter *all[2] = {both, negated};
    rs_filter *whole = NULL;
    OK(rs_filter_and((const rs_filter *const *)all, 2, &whole, &error));
    OK(rs_filter_free(both));
    OK(rs_filter_free(either));
    OK(rs_filter_free(negated));
    reads(whole, "age >= 18 AND city = 'Basel' AND NOT (age >= 18 OR city = 'Basel')");
    rs_filter *nested = NULL;
    OK(rs_filter_any(rs_str("lines"), parts[0], &nested, &error));
    OK(rs_filter_free(nested));
    OK(rs_filter_matches(rs_str("address"), parts[0], &nested, &error));
    OK(rs_filter_free(nested));
    OK(rs_filter_free(parts[0]));

    rs_key *values = key_of(7);
    OK(rs_filter_parse(rs_str("age = ?"), values, &whole, &error));
    reads(whole, "age = 7");
    OK(rs_key_free(values));
}

static void wrong_filters(void) {
    rs_filter *filter = NULL;
    rs_key *none = rs_key_new();
    rs_key *two = key_of(1);
    OK(rs_key_int(two, 2));
    const rs_filter *missing[1] = {NULL};
    STATUS(RS_INVALID_ARGUMENT, rs_filter_compare(rs_str("age"), 0, two, &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_compare(rs_str("age"), 99, two, &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_compare(rs_str("age"), -1, two, &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_compare(rs_str("age"), RS_EQUALS, two, &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_compare(rs_str("age"), RS_EQUALS, none, &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_compare(rs_str("age"), RS_EQUALS, NULL, &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_compare(rs_str("age"), RS_IS_NULL, two, &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_compare(rs_str("age"), RS_LIKE, two, &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_compare(rs_str("\xff"), RS_IS_NULL, NULL, &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_compare(rs_str("age"), RS_IS_NULL, NULL, NULL, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_compare_parameter(rs_str("age"), RS_IS_NULL, rs_str("p"), &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_and(NULL, 0, &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_and(NULL, 2, &filter, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_filter_or(missing, 1, &filter, &error));
    STATUS(RS_INVALID_QUERY, rs_filter_parse(rs_str("age >"), NULL, &filter, &error));
    STATUS(RS_INVALID_QUERY, rs_filter_parse(rs_str("age > ?"), none, &filter, &error));
    CHECK(filter == NULL);
    OK(rs_key_free(none));
    OK(rs_key_free(two));
}

static void queries_by_filters(void) {
    fixture in = open_users(true);
    put_users(&in, 9);
    rs_filter *filter = compare("city", RS_EQUALS, text_key("c1"));
    rs_filter *named = NULL;
    rs_query_options options = rs_query_options_init();
    rs_cursor *cursor = NULL;
    rs_record record;
    rs_buffer plan;
    options.filter = filter;
    OK(rs_explain(in.users, rs_str("age > 21"), &options, &plan, &error));
    CHECK(strstr((const char *)plan.data, "by_city") != NULL);
    OK(rs_buffer_free(&plan));
    OK(rs_query(in.users, NULL, rs_str("age > 21"), &options, &cursor, &error));
    OK(rs_filter_free(filter));
    OK(rs_cursor_next(cursor, &record, &error));
    CHECK(id_of(record) == 4);
    OK(rs_cursor_next(cursor, &record, &error));
    CHECK(id_of(record) == 7);
    STATUS(RS_NONE, rs_cursor_next(cursor, &record, &error));
    OK(rs_cursor_free(cursor));

    OK(rs_filter_compare_parameter(rs_str("age"), RS_EQUALS, rs_str("age"), &named, &error));
    rs_key *values = key_of(25);
    rs_bytes name = rs_str("age");
    options.filter = named;
    options.parameters = values;
    options.parameter_names = &name;
    options.parameter_name_count = 1;
    OK(rs_query(in.users, NULL, rs_str(""), &options, &cursor, &error));
    OK(rs_cursor_next(cursor, &record, &error));
    CHECK(id_of(record) == 5);
    OK(rs_cursor_free(cursor));
    OK(rs_filter_free(named));
    STATUS(RS_INVALID_ARGUMENT, rs_query(in.users, NULL, rs_str(""), &options, &cursor, &error));
    OK(rs_key_free(values));
    OK(rs_close(in.database));
}

/* Whether the expression reads so. It is freed. */
static void expression_reads(rs_expression *expression, const char *expected, size_t columns) {
    rs_buffer text;
    OK(rs_expression_to_text(expression, &text, &error));
    if (expected != NULL) CHECK(is_text(rs_bytes_of(text.data, text.len), expected));
    CHECK(rs_expression_column_count(expression) == columns);
    OK(rs_buffer_free(&text));
    OK(rs_expression_free(expression));
}

static rs_expression *column(const char *path) {
    rs_expression *expression = NULL;
    OK(rs_expression_field(rs_str(path), RS_FAN_NONE, RS_MISSING_NULL, NULL, &expression, &error));
    return expression;
}

static void every_expression(void) {
    rs_expression *id = column("id");
    rs_expression *city = column("address.city");
    const rs_expression *both[2] = {id, city};
    rs_expression *made = NULL;
    rs_key *three = key_of(3);
    OK(rs_expression_concat(both, 2, &made, &error));
    expression_reads(made, "[Field { 'id' None}, Field { 'address' None}/Field { 'city' None}]", 2);
    OK(rs_expression_field(rs_str("lines"), RS_FAN_OUT, RS_MISSING_NULL, id, &made, &error));
    expression_reads(made, "Field { 'lines' FanOut}/Field { 'id' None}", 1);
    OK(rs_expression_packed(both, 2, &made, &error));
    expression_reads(made, NULL, 2);
    OK(rs_expression_concat(NULL, 0, &made, &error));
    expression_reads(made, NULL, 0);
    OK(rs_expression_version(&made, &error));
    expression_reads(made, NULL, 1);
    OK(rs_expression_record_type(&made, &error));
    expression_reads(made, NULL, 1);
    OK(rs_expression_literal(three, &made, &error));
    expression_reads(made, NULL, 1);
    OK(rs_expression_with_value(id, city, &made, &error));
    expression_reads(made, NULL, 1);
    OK(rs_expression_group_by(id, city, &made, &error));
    expression_reads(made, NULL, 2);
    OK(rs_expression_group_by(id, NULL, &made, &error));
    expression_reads(made, NULL, 1);
    OK(rs_expression_split(id, 2, &made, &error));
    expression_reads(made, NULL, 2);
    OK(rs_expression_dimensions(id, 0, 1, &made, &error));
    expression_reads(made, NULL, 1);
    rs_expression *arguments = NULL;
    OK(rs_expression_concat(both, 2, &arguments, &error));
    OK(rs_expression_function(rs_str("add"), arguments, &made, &error));
    expression_reads(made, NULL, 1);

    STATUS(RS_INVALID_EXPRESSION, rs_expression_function(rs_str("shuffle"), arguments, &made, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_expression_field(rs_str("id"), 9, RS_MISSING_NULL, NULL, &made, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_expression_field(rs_str("id"), RS_FAN_NONE, -1, NULL, &made, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_expression_split(id, 0, &made, &error));
    OK(rs_key_int(three, 4));
    STATUS(RS_INVALID_ARGUMENT, rs_expression_literal(three, &made, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_expression_with_value(id, NULL, &made, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_expression_version(NULL, &error));
    CHECK(made == NULL);
    OK(rs_key_free(three));
    OK(rs_expression_free(arguments));
    OK(rs_expression_free(id));
    OK(rs_expression_free(city));
}

static void indexes_of_some_records_by_expressions(void) {
    rs_schema_builder *builder = rs_schema_builder_new();
    rs_schema *schema = NULL;
    rs_filter *adult = compare("age", RS_GREATER_THAN_OR_EQUALS, key_of(23));
    rs_expression *parts[2] = {column("city"), NULL};
    rs_expression *whole = NULL;
    rs_expression *id = column("id");
    rs_key *group = text_key("grown up");
    OK(rs_expression_literal(group, &parts[1], &error));
    OK(rs_expression_concat((const rs_expression *const *)parts, 2, &whole, &error));
    OK(rs_schema_builder_proto(builder, rs_str("u.proto"),
                               rs_str("syntax = 'proto3';"
                                      "message User { int64 id = 1; string name = 2; string city = 3; int64 age = 4; }")));
    OK(rs_schema_builder_primary_key_expression(builder, rs_str("User"), id));
    OK(rs_schema_builder_index(builder, rs_str("adults"), rs_str("value")));
    OK(rs_schema_builder_index_on(builder, rs_str("adults"), rs_str("User")));
    OK(rs_schema_builder_index_expression(builder, rs_str("adults"), whole));
    OK(rs_schema_builder_index_where(builder, rs_str("adults"), adult));
    OK(rs_schema_builder_build(builder, &schema, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_schema_builder_index_column(builder, rs_str("adults"), rs_str("name")));
    STATUS(RS_INVALID_ARGUMENT, rs_schema_builder_index_expression(builder, rs_str("nobody"), whole));
    rs_schema *none = NULL;
    STATUS(RS_INVALID_ARGUMENT, rs_schema_builder_build(builder, &none, &error));
    OK(rs_schema_builder_free(builder));
    OK(rs_filter_free(adult));
    OK(rs_expression_free(parts[0]));
    OK(rs_expression_free(parts[1]));
    OK(rs_expression_free(whole));
    OK(rs_expression_free(id));
    OK(rs_key_free(group));

    fixture in = {NULL, NULL};
    OK(rs_open(fresh_database(), NULL, &in.database, &error));
    OK(rs_space_open(in.database, rs_str("users"), schema, NULL, &in.users, &error));
    OK(rs_schema_free(schema));
    put_users(&in, 5);
    rs_cursor *cursor = NULL;
    rs_index_entry entry;
    rs_key *columns = rs_key_new();
    rs_bytes text;
    int64_t found = 0;
    OK(rs_scan_index(in.users, NULL, rs_str("adults"), NULL, &cursor, &error));
    for (int64_t expected = 3; expected <= 5; expected++) {
        OK(rs_cursor_next_entry(cursor, &entry, &error));
        OK(rs_key_unpack(columns, entry.key));
        CHECK(rs_key_count(columns) == 3);
        OK(rs_key_get_text(columns, 1, &text));
        CHECK(is_text(text, "grown up"));
        OK(rs_key_get_int(columns, 2, &found));
        CHECK(found == expected);
    }
    STATUS(RS_NONE, rs_cursor_next_entry(cursor, &entry, &error));
    OK(rs_key_free(columns));
    OK(rs_cursor_free(cursor));
    OK(rs_close(in.database));
}

void test_filters(void) {
    every_comparison();
    joined_and_nested();
    wrong_filters();
    queries_by_filters();
    every_expression();
    indexes_of_some_records_by_expressions();
}
