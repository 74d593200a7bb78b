/* Cursors over records: order, ranges, limits, and going on where another one stopped. */
#include "test.h"

/* The ids of what a cursor still gives, written one after the other: "1 2 3". */
static const char *rest_of(rs_cursor *cursor) {
    static char ids[512];
    size_t len = 0;
    rs_record record;
    rs_status status;
    ids[0] = '\0';
    while ((status = rs_cursor_next(cursor, &record, &error)) == RS_OK && len < sizeof ids - 24)
        len += (size_t)snprintf(ids + len, sizeof ids - len, len == 0 ? "%d" : " %d", (int)id_of(record));
    STATUS(RS_NONE, status);
    CHECK(record.data.data == NULL);
    return ids;
}

static const char *scanned(fixture *in, rs_scan_options *options) {
    rs_cursor *cursor = NULL;
    OK(rs_scan(in->users, NULL, options, &cursor, &error));
    const char *ids = rest_of(cursor);
    OK(rs_cursor_free(cursor));
    return ids;
}

static void order_and_ranges(void) {
    fixture in = open_users(false);
    put_users(&in, 6);
    rs_scan_options options = rs_scan_options_init();
    CHECK(strcmp(scanned(&in, NULL), "1 2 3 4 5 6") == 0);
    options.reverse = 1;
    options.limit = 2;
    CHECK(strcmp(scanned(&in, &options), "6 5") == 0);

    options = rs_scan_options_init();
    rs_key *from = key_of(2);
    rs_key *to = key_of(5);
    options.from = from;
    options.to = to;
    CHECK(strcmp(scanned(&in, &options), "2 3 4") == 0);
    options.skip = 2;
    CHECK(strcmp(scanned(&in, &options), "4") == 0);

    options = rs_scan_options_init();
    rs_key *of_type = rs_key_new();
    OK(rs_key_record_type(of_type, rs_str("User")));
    options.within = of_type;
    CHECK(strcmp(scanned(&in, &options), "1 2 3 4 5 6") == 0);
    options.from = from;
    rs_cursor *cursor = NULL;
    rs_record record;
    OK(rs_scan(in.users, NULL, &options, &cursor, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_cursor_next(cursor, &record, &error));
    OK(rs_cursor_free(cursor));
    OK(rs_key_free(from));
    OK(rs_key_free(to));
    OK(rs_key_free(of_type));
    OK(rs_close(in.database));
}

static void pages(void) {
    fixture in = open_users(false);
    put_users(&in, 5);
    uint8_t kept[256];
    size_t kept_len = 0;
    rs_scan_options options = rs_scan_options_init();
    options.limit = 2;
    const char *expected[] = {"1 2", "3 4", "5"};
    const rs_no_next_reason reasons[] = {RS_REASON_RETURN_LIMIT_REACHED, RS_REASON_RETURN_LIMIT_REACHED,
                                         RS_REASON_SOURCE_EXHAUSTED};
    for (int page = 0; page < 3; page++) {
        rs_cursor *cursor = NULL;
        rs_bytes continuation;
        rs_no_next_reason reason = -1;
        options.continuation = rs_bytes_of(kept, kept_len);
        if (kept_len == 0) options.continuation = rs_str(NULL);
        OK(rs_scan(in.users, NULL, &options, &cursor, &error));
        OK(rs_cursor_no_next_reason(cursor, &reason, &error));
        CHECK(reason == RS_REASON_NONE);
        CHECK(strcmp(rest_of(cursor), expected[page]) == 0);
        OK(rs_cursor_no_next_reason(cursor, &reason, &error));
        CHECK(reason == reasons[page]);
        rs_status status = rs_cursor_continuation(cursor, &continuation, &error);
        STATUS(page == 2 ? RS_NONE : RS_OK, status);
        if (status == RS_OK && continuation.len <= sizeof kept) {
            memcpy(kept, continuation.data, continuation.len);
            kept_len = continuation.len;
        }
        OK(rs_cursor_free(cursor));
    }

    /* In the middle of a scan, too; and a limit on what is read says so. */
    rs_cursor *cursor = NULL;
    rs_record record;
    rs_bytes continuation;
    OK(rs_scan(in.users, NULL, NULL, &cursor, &error));
    STATUS(RS_NONE, rs_cursor_continuation(cursor, &continuation, &error));
    OK(rs_cursor_next(cursor, &record, &error));
    OK(rs_cursor_next(cursor, &record, &error));
    OK(rs_cursor_continuation(cursor, &continuation, &error));
    options = rs_scan_options_init();
    options.continuation = continuation;
    CHECK(strcmp(scanned(&in, &options), "3 4 5") == 0);

    /* It leads into a transaction too, and what is none is an error there and outside. */
    rs_transaction *transaction = NULL;
    rs_cursor *rest = NULL;
    OK(rs_transaction_begin(in.database, &transaction, &error));
    OK(rs_scan(in.users, transaction, &options, &rest, &error));
    CHECK(strcmp(rest_of(rest), "3 4 5") == 0);
    OK(rs_cursor_free(rest));
    rs_transaction *const transactions[] = {NULL, transaction};
    for (size_t at = 0; at < 2; at++) {
        options.continuation = rs_str("garbage");
        OK(rs_scan(in.users, transactions[at], &options, &rest, &error));
        STATUS(RS_INVALID_CONTINUATION, rs_cursor_next(rest, &record, &error));
        OK(rs_cursor_free(rest));
        options.continuation = rs_bytes_of(continuation.data, continuation.len - 1);
        OK(rs_scan(in.users, transactions[at], &options, &rest, &error));
        STATUS(RS_INVALID_CONTINUATION, rs_cursor_next(rest, &record, &error));
        OK(rs_cursor_free(rest));
    }
    OK(rs_transaction_free(transaction));
    OK(rs_cursor_free(cursor));

    options = rs_scan_options_init();
    options.scanned_rows_max = 3;
    rs_no_next_reason reason = -1;
    OK(rs_scan(in.users, NULL, &options, &cursor, &error));
    rest_of(cursor);
    OK(rs_cursor_no_next_reason(cursor, &reason, &error));
    CHECK(reason == RS_REASON_SCAN_LIMIT_REACHED);
    OK(rs_cursor_free(cursor));
    OK(rs_close(in.database));
}

static void as_json(void) {
    fixture in = open_users(false);
    put_users(&in, 1);
    rs_cursor *cursor = NULL;
    rs_bytes json;
    rs_index_entry entry;
    OK(rs_scan(in.users, NULL, NULL, &cursor, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_cursor_next_entry(cursor, &entry, &error));
    OK(rs_cursor_next_json(cursor, &json, &error));
    CHECK(is_text(json, "{\"id\":\"1\",\"name\":\"user 1\",\"city\":\"c1\",\"age\":\"21\"}"));
    STATUS(RS_NONE, rs_cursor_next_json(cursor, &json, &error));
    OK(rs_cursor_free(cursor));
    OK(rs_close(in.database));
}

/* More records than one batch has. */
static void many(void) {
    fixture in = open_users(false);
    for (int batch = 0; batch < 5; batch++) {
        static uint8_t messages[500][32];
        static rs_put_item items[500];
        for (int at = 0; at < 500; at++) {
            rs_bytes message = encode_user(batch * 500 + at, "u", "c", 20);
            memcpy(messages[at], message.data, message.len);
            items[at].record_type = rs_str("User");
            items[at].data = rs_bytes_of(messages[at], message.len);
        }
        OK(rs_put_all(in.users, NULL, items, 500, NULL, &error));
    }
    rs_cursor *cursor = NULL;
    rs_record record;
    int64_t expected = 0;
    OK(rs_scan(in.users, NULL, NULL, &cursor, &error));
    while (rs_cursor_next(cursor, &record, &error) == RS_OK) CHECK(id_of(record) == expected++);
    CHECK(expected == 2500 && error == NULL);
    OK(rs_cursor_free(cursor));
    OK(rs_close(in.database));
}

void test_scans(void) {
    order_and_ranges();
    pages();
    as_json();
    many();
}
