/*
 * One page of the largest cities of a country, which goes on where a page in any language has stopped.
 *
 *     ./relay DATABASE COUNTRY COUNT [CONTINUATION]
 *
 * It prints the plan, the cities as JSON, and the continuation in hexadecimal digits, or `end`; see examples/src/bin/relay.rs.
 */
#include <record_store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ends the program when a call has failed. */
static void must(rs_status status, rs_error *error) {
    if (status == RS_OK || status == RS_NONE) return;
    fprintf(stderr, "%s: %s\n", rs_status_name(status), error == NULL ? "" : rs_error_message(error));
    rs_error_free(error);
    exit(EXIT_FAILURE);
}

/* Makes hexadecimal digits the bytes that they stand for, in their place. */
static rs_bytes bytes_of(char *digits) {
    size_t len = strlen(digits) / 2;
    uint8_t *bytes = (uint8_t *)digits;
    for (size_t at = 0; at < len; at++) {
        char pair[3] = {digits[2 * at], digits[2 * at + 1], 0};
        bytes[at] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return rs_bytes_of(bytes, len);
}

/* The line of the plan without the tree below it. */
static void print_plan(rs_space *cities, const rs_query_options *options) {
    rs_error *error = NULL;
    rs_buffer plan;
    must(rs_explain(cities, rs_str("country = ?"), options, &plan, &error), error);
    const void *end = memchr(plan.data, '\n', plan.len);
    size_t len = end == NULL ? plan.len : (size_t)((const uint8_t *)end - (const uint8_t *)plan.data);
    printf("plan %.*s\n", (int)len, (const char *)plan.data);
    rs_buffer_free(&plan);
}

static void print_page(rs_space *cities, const rs_query_options *options) {
    rs_error *error = NULL;
    rs_cursor *cursor = NULL;
    rs_bytes city, continuation;
    rs_status status;
    must(rs_query(cities, NULL, rs_str("country = ?"), options, &cursor, &error), error);
    while ((status = rs_cursor_next_json(cursor, &city, &error)) == RS_OK) {
        printf("city %.*s\n", (int)city.len, (const char *)city.data);
    }
    must(status, error);
    status = rs_cursor_continuation(cursor, &continuation, &error);
    must(status, error);
    printf("continuation ");
    if (status == RS_NONE) printf("end");
    for (size_t at = 0; status == RS_OK && at < continuation.len; at++) printf("%02x", continuation.data[at]);
    printf("\n");
    rs_cursor_free(cursor);
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 5) {
        fprintf(stderr, "usage: %s DATABASE COUNTRY COUNT [CONTINUATION]\n", argv[0]);
        return 2;
    }
    rs_error *error = NULL;
    rs_database *database = NULL;
    rs_space *cities = NULL;
    must(rs_open(rs_str(argv[1]), NULL, &database, &error), error);
    must(rs_space_open(database, rs_str("demo/cities"), NULL, NULL, &cities, &error), error);

    rs_bytes order_by = rs_str("population");
    rs_bytes continuation = argc == 5 ? bytes_of(argv[4]) : rs_bytes_of(NULL, 0);
    rs_key *parameters = rs_key_new();
    rs_key_string(parameters, rs_str(argv[2]));
    rs_query_options options = rs_query_options_init();
    options.parameters = parameters;
    options.order_by = &order_by;
    options.order_by_count = 1;
    options.reverse = 1;
    options.limit = strtoull(argv[3], NULL, 10);
    options.continuation = continuation;
    print_plan(cities, &options);
    print_page(cities, &options);

    rs_key_free(parameters);
    rs_close(database);
    return EXIT_SUCCESS;
}
