/* Transactions: rs_run with its retries, and those that their user commits. */
#include "test.h"

struct growth {
    fixture *in;
    int calls;
    int conflicts;
    bool with_error;
};

static int64_t age_of_one(fixture *in, rs_transaction *transaction, rs_error **place, rs_status *status) {
    rs_key *key = key_of(1);
    rs_record record;
    *status = rs_get(in->users, transaction, key, &record, place);
    int64_t age = *status == RS_OK && record.data.len > 0 ? record.data.data[record.data.len - 1] : -1;
    OK(rs_record_free(&record));
    OK(rs_key_free(key));
    return age;
}

/* Adds a year to user 1, while others do the same between the read and the commit as often as `conflicts` says. */
static rs_status grow(rs_transaction *transaction, void *context, rs_error **place) {
    struct growth *growth = (struct growth *)context;
    rs_status status;
    growth->calls++;
    CHECK(rs_transaction_attempt(transaction) == (uint32_t)growth->calls);
    CHECK(!rs_transaction_maybe_committed(transaction));
    int64_t age = age_of_one(growth->in, transaction, place, &status);
    if (status != RS_OK) return status;
    if (growth->calls <= growth->conflicts)
        OK(rs_put(growth->in->users, NULL, rs_str("User"), encode_user(1, "Ada", "c", age + 1), NULL, NULL, &error));
    return rs_put(growth->in->users, transaction, rs_str("User"), encode_user(1, "Ada", "c", age + 1), NULL, NULL, place);
}

static void run_tries_again(void) {
    fixture in = open_users(false);
    rs_status status;
    OK(rs_put(in.users, NULL, rs_str("User"), encode_user(1, "Ada", "c", 20), NULL, NULL, &error));
    struct growth growth = {&in, 0, 2, true};
    OK(rs_run(in.database, NULL, grow, &growth, &error));
    CHECK(growth.calls == 3 && age_of_one(&in, NULL, &error, &status) == 23);

    rs_run_options once = rs_run_options_init();
    once.max_attempts = 1;
    growth.calls = 0;
    status = rs_run(in.database, &once, grow, &growth, &error);
    CHECK(rs_error_fdb_code(error) == 1020 && rs_error_retryable(error));
    STATUS(RS_FDB, status);
    OK(rs_close(in.database));
}

struct answer {
    fixture *in;
    int calls;
    rs_status status;
    rs_transaction *kept;
    rs_cursor *cursor;
};

static rs_status answer(rs_transaction *transaction, void *context, rs_error **place) {
    struct answer *answer = (struct answer *)context;
    (void)place;
    answer->calls++;
    answer->kept = transaction;
    OK(rs_put(answer->in->users, transaction, rs_str("User"), encode_user(9, "x", "c", 1), NULL, NULL, &error));
    OK(rs_scan(answer->in->users, transaction, NULL, &answer->cursor, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_transaction_commit(transaction, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_transaction_cancel(transaction));
    STATUS(RS_INVALID_ARGUMENT, rs_transaction_free(transaction));
    return answer->status;
}

static void the_status_of_the_body_comes_back(void) {
    fixture in = open_users(false);
    rs_key *key = key_of(9);
    rs_record record;
    bool exists = true;
    const rs_status statuses[] = {RS_USER, RS_USER + 12345, -77, RS_NONE, RS_FDB, RS_CORRUPT, INT32_MAX, INT32_MIN};
    for (size_t at = 0; at < sizeof statuses / sizeof statuses[0]; at++) {
        struct answer given = {&in, 0, statuses[at], NULL, NULL};
        STATUS(statuses[at], rs_run(in.database, NULL, answer, &given, &error));
        CHECK(given.calls == 1 && error == NULL);
        OK(rs_exists(in.users, NULL, key, &exists, &error));
        CHECK(!exists);
        /* The transaction is over, and with it what came from it. */
        STATUS(RS_INVALID_ARGUMENT, rs_exists(in.users, given.kept, key, &exists, &error));
        STATUS(RS_INVALID_ARGUMENT, rs_cursor_next(given.cursor, &record, &error));
        OK(rs_cursor_free(given.cursor));
        CHECK(rs_transaction_attempt(given.kept) == 0);
    }
    STATUS(RS_INVALID_ARGUMENT, rs_run(in.database, NULL, NULL, NULL, &error));
    OK(rs_key_free(key));
    OK(rs_close(in.database));
}

static rs_status hand_on(rs_transaction *transaction, void *context, rs_error **place) {
    struct growth *growth = (struct growth *)context;
    growth->calls++;
    return rs_put(growth->in->users, transaction, rs_str("Usr"), rs_str(""), NULL, NULL, growth->with_error ? place : NULL);
}

/* The status of a call that failed is enough for rs_run to know its error. */
static void errors_of_calls_come_back(void) {
    fixture in = open_users(false);
    for (int with_error = 0; with_error < 2; with_error++) {
        struct growth growth = {&in, 0, 0, with_error == 1};
        rs_status status = rs_run(in.database, NULL, hand_on, &growth, &error);
        CHECK(growth.calls == 1 && strcmp(rs_error_name(error), "MetaData") == 0);
        STATUS(RS_META_DATA, status);
    }
    OK(rs_close(in.database));
}

static void committed_by_the_user(void) {
    fixture in = open_users(false);
    rs_transaction *transaction = NULL;
    rs_transaction *other = NULL;
    rs_key *key = key_of(1);
    rs_record saved;
    rs_record record;
    bool exists = false;
    OK(rs_transaction_begin(in.database, &transaction, &error));
    OK(rs_put(in.users, transaction, rs_str("User"), encode_user(1, "Ada", "c", 20), NULL, &saved, &error));
    CHECK(saved.version.len == 0);
    OK(rs_record_free(&saved));
    OK(rs_get(in.users, transaction, key, &record, &error));
    OK(rs_record_free(&record));
    OK(rs_exists(in.users, NULL, key, &exists, &error));
    CHECK(!exists);
    OK(rs_transaction_commit(transaction, &error));
    OK(rs_exists(in.users, NULL, key, &exists, &error));
    CHECK(exists);
    STATUS(RS_INVALID_ARGUMENT, rs_transaction_commit(transaction, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_get(in.users, transaction, key, &record, &error));
    OK(rs_transaction_free(transaction));
    STATUS(RS_INVALID_ARGUMENT, rs_transaction_free(transaction));

    /* Two that read and write the same record: the second one loses. */
    OK(rs_transaction_begin(in.database, &transaction, &error));
    OK(rs_transaction_begin(in.database, &other, &error));
    OK(rs_delete(in.users, transaction, key, NULL, &error));
    OK(rs_delete(in.users, other, key, NULL, &error));
    OK(rs_transaction_commit(transaction, &error));
    rs_status status = rs_transaction_commit(other, &error);
    CHECK(rs_error_fdb_code(error) == 1020 && rs_error_retryable(error) && !rs_error_maybe_committed(error));
    STATUS(RS_FDB, status);
    OK(rs_transaction_free(transaction));
    OK(rs_transaction_free(other));

    /* A cursor ends with its transaction. */
    rs_cursor *cursor = NULL;
    put_users(&in, 3);
    OK(rs_transaction_begin(in.database, &transaction, &error));
    OK(rs_scan(in.users, transaction, NULL, &cursor, &error));
    OK(rs_cursor_next(cursor, &record, &error));
    OK(rs_transaction_cancel(transaction));
    STATUS(RS_INVALID_ARGUMENT, rs_cursor_next(cursor, &record, &error));
    OK(rs_transaction_free(transaction));
    STATUS(RS_INVALID_ARGUMENT, rs_cursor_next(cursor, &record, &error));
    OK(rs_cursor_free(cursor));

    /* A transaction of another database. */
    fixture elsewhere = open_users(false);
    OK(rs_transaction_begin(elsewhere.database, &transaction, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_get(in.users, transaction, key, &record, &error));
    STATUS(RS_INVALID_ARGUMENT, rs_scan(in.users, transaction, NULL, &cursor, &error));
    OK(rs_transaction_free(transaction));
    OK(rs_close(elsewhere.database));
    OK(rs_key_free(key));
    OK(rs_close(in.database));
}

static rs_status close_within(rs_transaction *transaction, void *context, rs_error **place) {
    fixture *in = (fixture *)context;
    rs_key *key = key_of(1);
    rs_record record;
    (void)place;
    OK(rs_close(in->database));
    STATUS(RS_INVALID_ARGUMENT, rs_get(in->users, transaction, key, &record, &error));
    OK(rs_key_free(key));
    return RS_OK;
}

void test_transactions(void) {
    run_tries_again();
    the_status_of_the_body_comes_back();
    errors_of_calls_come_back();
    committed_by_the_user();
    fixture in = open_users(false);
    OK(rs_run(in.database, NULL, close_within, &in, &error));
}
