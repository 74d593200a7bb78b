/* What the tests of the C library stand on: checks that say where they failed, and a space of users to work with. */
#ifndef RECORD_STORE_TEST_H
#define RECORD_STORE_TEST_H

#include <record_store.h>
#include <stdio.h>

/* How many checks have failed. */
extern int failures;

/* An empty folder for the tests. */
extern const char *scratch;

/* The place for errors of the calls under test. */
extern rs_error *error;

void check(bool holds, const char *what, const char *file, int line);
void check_status(rs_status expected, rs_status status, const char *call, const char *file, int line);

/* Something holds. */
#define CHECK(what) check((what), #what, __FILE__, __LINE__)
/* A call has this status; unless it is RS_OK or RS_NONE, a call with an error has given one with the same status. */
#define STATUS(expected, call) check_status((expected), (call), #call, __FILE__, __LINE__)
#define OK(call) STATUS(RS_OK, call)

/* Whether bytes are a text. */
bool is_text(rs_bytes bytes, const char *text);

/* A user as a protobuf message, in memory that the next call uses again. */
rs_bytes encode_user(int64_t id, const char *name, const char *city, int64_t age);

/* A key of one number. */
rs_key *key_of(int64_t id);

/* The schema of users, with indexes when they are wanted. */
rs_schema *make_schema(bool with_indexes);

/* The URL of a database of its own for each call, until the next one: in memory, or below a root of its own in the database that
   RECORD_STORE_TEST_URL names, which may be a cluster that others use too. */
rs_bytes fresh_database(void);

/* Whether RECORD_STORE_TEST_URL names one. */
bool database_is_given(void);

/* A fresh database with a space of users. */
typedef struct fixture {
    rs_database *database;
    rs_space *users;
} fixture;

fixture open_users(bool with_indexes);

/* Saves users 1 to `count`: user 3 is "user 3" of 20 + 3 years, and cities are "c0", "c1" and "c2" in turn. */
void put_users(fixture *in, int64_t count);

/* The id of a user, which is the first field of its message. */
int64_t id_of(rs_record record);

void test_records(void);
void test_keys(void);
void test_schemas(void);
void test_scans(void);
void test_indexes(void);
void test_queries(void);
void test_filters(void);
void test_states(void);
void test_transactions(void);
void test_handles(void);
void test_arguments(void);
void test_processes(void);

#endif
