/*
 * Goes on, in C, with the cities that the Rust program `cities` loaded into a directory.
 *
 *     ./cities DATABASE
 *
 * `cargo xtask demo` compiles and runs it. City data: GeoNames (geonames.org), CC BY 4.0.
 */
#define _POSIX_C_SOURCE 199309L

#include <inttypes.h>
#include <record_store.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* GeoNames' numbers. */
enum { PARIS = 2988507, TOKYO = 1850147, NAIROBI = 184745, NOWHERE = -1 };

/* Numbers of fields in cities.proto. */
enum { ID = 1, NAME = 2, COUNTRY = 3, POPULATION = 7 };

/* Ends the program when a call has failed. */
static void must(rs_status status, rs_error *error) {
    if (status == RS_OK || status == RS_NONE) return;
    fprintf(stderr, "%s: %s\n", rs_status_name(status), error == NULL ? "" : rs_error_message(error));
    rs_error_free(error);
    exit(EXIT_FAILURE);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void report(const char *what, double began, uint64_t count) {
    double took = now() - began;
    printf("%10.3f ms  %s", took, what);
    if (count > 1) printf(" (%" PRIu64 ": %.1f µs each)", count, took * 1e3 / (double)count);
    printf("\n");
}

static uint64_t read_varint(const rs_bytes *message, size_t *at) {
    uint64_t value = 0;
    for (unsigned shift = 0; *at < message->len && shift < 64; shift += 7) {
        uint8_t byte = message->data[(*at)++];
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) break;
    }
    return value;
}

/*
 * Finds a field of a protobuf message: gives its number, or puts its text into `text`. A program with many fields takes a
 * protobuf library; this one shows that a record is nothing but its message.
 */
static uint64_t field(rs_bytes message, uint64_t wanted, rs_bytes *text) {
    size_t at = 0;
    while (at < message.len) {
        uint64_t tag = read_varint(&message, &at);
        uint64_t number = 0;
        rs_bytes content = {NULL, 0};
        switch (tag & 7) {
            case 0: number = read_varint(&message, &at); break;
            case 1: at += 8; break;
            case 2:
                content.len = (size_t)read_varint(&message, &at);
                if (content.len > message.len - at) return 0;
                content.data = message.data + at;
                at += content.len;
                break;
            case 5: at += 4; break;
            default: return 0;
        }
        if (tag >> 3 == wanted) {
            if (text != NULL) *text = content;
            return number;
        }
    }
    return 0;
}

static void print_city(rs_bytes city) {
    rs_bytes name = rs_str(""), country = rs_str("");
    uint64_t people = field(city, POPULATION, NULL);
    field(city, NAME, &name);
    field(city, COUNTRY, &country);
    printf("               %.*s (%.*s): %" PRIu64 " people\n", (int)name.len, (const char *)name.data, (int)country.len,
           (const char *)country.data, people);
}

static void get_some(rs_space *cities) {
    static const int64_t numbers[] = {PARIS, TOKYO, NAIROBI, NOWHERE};
    rs_error *error = NULL;
    rs_key *key = rs_key_new();
    for (size_t at = 0; at < sizeof numbers / sizeof numbers[0]; at++) {
        rs_record city;
        double began = now();
        rs_key_clear(key);
        rs_key_int(key, numbers[at]);
        rs_status status = rs_get(cities, NULL, key, &city, &error);
        must(status, error);
        report("get a city", began, 1);
        if (status == RS_OK)
            print_city(city.data);
        else
            printf("               %" PRId64 " is not there\n", numbers[at]);
        rs_record_free(&city);
    }
    rs_buffer json;
    rs_key_clear(key);
    rs_key_int(key, PARIS);
    must(rs_get_json(cities, NULL, key, &json, &error), error);
    printf("               %.*s\n", (int)json.len, (const char *)json.data);
    rs_buffer_free(&json);
    rs_key_free(key);
}

static void scan(rs_space *cities) {
    rs_error *error = NULL;
    rs_cursor *cursor = NULL;
    rs_record city;
    rs_status status;
    uint64_t count = 0, people = 0;
    double began = now();
    must(rs_scan(cities, NULL, NULL, &cursor, &error), error);
    while ((status = rs_cursor_next(cursor, &city, &error)) == RS_OK) {
        people += field(city.data, POPULATION, NULL);
        count++;
    }
    must(status, error);
    report("scan all cities", began, count);
    printf("               %" PRIu64 " million people live in them\n", people / 1000000);
    rs_cursor_free(cursor);
}

/* Capitals with many people, by a filter; the plan says which index finds them. */
static void query(rs_space *cities) {
    static const char FILTER[] = "feature_code = 'PPLC' AND population > ?";
    rs_error *error = NULL;
    rs_key *parameters = rs_key_new();
    rs_query_options options = rs_query_options_init();
    rs_cursor *cursor = NULL;
    rs_record city;
    rs_buffer plan;
    rs_status status;
    rs_key_int(parameters, 9000000);
    options.parameters = parameters;
    double began = now();
    must(rs_query(cities, NULL, rs_str(FILTER), &options, &cursor, &error), error);
    while ((status = rs_cursor_next(cursor, &city, &error)) == RS_OK) print_city(city.data);
    must(status, error);
    report("the capitals above, by a query", began, 1);
    must(rs_explain(cities, rs_str(FILTER), &options, &plan, &error), error);
    printf("%.*s", (int)plan.len, (const char *)plan.data);
    rs_buffer_free(&plan);
    rs_cursor_free(cursor);
    rs_key_free(parameters);
}

/* The largest cities of a country, three on each page; each page goes on where the one before it stopped. */
static void pages(rs_space *cities, const char *country) {
    rs_error *error = NULL;
    uint8_t *kept = NULL;
    size_t kept_len = 0;
    rs_key *within = rs_key_new();
    rs_key_string(within, rs_str(country));
    for (int page = 1; page <= 2; page++) {
        rs_scan_options options = rs_scan_options_init();
        options.within = within;
        options.reverse = 1;
        options.limit = 3;
        if (kept != NULL) options.continuation = rs_bytes_of(kept, kept_len);
        rs_cursor *cursor = NULL;
        rs_record city;
        rs_bytes continuation;
        rs_status status;
        double began = now();
        must(rs_scan_by(cities, NULL, rs_str("by_country_and_population"), &options, &cursor, &error), error);
        while ((status = rs_cursor_next(cursor, &city, &error)) == RS_OK) print_city(city.data);
        must(status, error);
        report("the page above of the largest cities of a country, by an index", began, 1);

        /* A continuation is bytes: they may be kept, and given to another process. */
        status = rs_cursor_continuation(cursor, &continuation, &error);
        must(status, error);
        free(kept);
        kept = status == RS_OK ? (uint8_t *)malloc(continuation.len) : NULL;
        if (kept != NULL) {
            memcpy(kept, continuation.data, continuation.len);
            kept_len = continuation.len;
        }
        rs_cursor_free(cursor);
        if (kept == NULL) break;
    }
    free(kept);
    rs_key_free(within);
}

static void count(rs_space *cities) {
    rs_error *error = NULL;
    rs_key *group = rs_key_new();
    rs_key *value = NULL;
    int64_t counted = 0;
    rs_key_string(group, rs_str("FR"));
    double began = now();
    must(rs_aggregate(cities, NULL, rs_str("cities_by_country"), group, &value, &error), error);
    report("count the cities of France, by one read", began, 1);
    rs_key_get_int(value, 0, &counted);
    printf("               there are %" PRId64 "\n", counted);
    rs_key_free(value);
    rs_key_free(group);
}

/* Deletes Paris and puts it again. On a conflict it runs again, so nothing that others do meanwhile is lost. */
static rs_status delete_and_put_again(rs_transaction *transaction, void *context, rs_error **error) {
    rs_space *cities = (rs_space *)context;
    rs_record paris;
    rs_key *key = rs_key_new();
    rs_key_int(key, PARIS);
    rs_status status = rs_get(cities, transaction, key, &paris, error);
    if (status == RS_OK) status = rs_delete(cities, transaction, key, NULL, error);
    if (status == RS_OK) status = rs_put(cities, transaction, paris.record_type, paris.data, NULL, NULL, error);
    rs_record_free(&paris);
    rs_key_free(key);
    return status;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s DATABASE\n", argv[0]);
        return 2;
    }
    printf("City data: GeoNames (geonames.org), CC BY 4.0\n");
    rs_error *error = NULL;
    rs_database *database = NULL;
    rs_space *cities = NULL;
    double began = now();
    must(rs_open(rs_str(argv[1]), NULL, &database, &error), error);
    /* No schema: the space has the one that the Rust program stored. */
    must(rs_space_open(database, rs_str("demo/cities"), NULL, NULL, &cities, &error), error);
    report("open the same directory", began, 1);

    get_some(cities);
    scan(cities);
    pages(cities, "CH");
    count(cities);
    query(cities);
    began = now();
    must(rs_run(database, NULL, delete_and_put_again, cities, &error), error);
    report("delete Paris and put it again in one transaction, on disk", began, 1);

    rs_status status = rs_put_json(cities, NULL, rs_str("City"), rs_str("{\"id\": 1, \"populaton\": 1}"), NULL, NULL, &error);
    printf("               a mistake: %s: %s\n", rs_status_name(status), rs_error_message(error));
    rs_error_free(error);
    rs_close(database);
    return EXIT_SUCCESS;
}
