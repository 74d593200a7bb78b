/* One get, one commit and a range of 1,000 rows through FoundationDB's C API; src/main.rs makes the same calls to the engine. Takes
 * what names a database and how many commits a round has, and prints a line for each: what, and nanoseconds. */

#define FDB_API_VERSION 730
#include <foundationdb/fdb_c.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS 1000
#define ROUNDS 40
#define IS(code, expected)                                                                                             \
	do {                                                                                                               \
		int got = (code);                                                                                              \
		if (got != (expected)) {                                                                                       \
			fprintf(stderr, "%s:%d: %s is %d, not %d\n", __FILE__, __LINE__, #code, got, (expected));                  \
			exit(1);                                                                                                   \
		}                                                                                                              \
	} while (0)

static FDBDatabase* database;
static int turn;

static void* run(void* unused) {
	(void)unused;
	IS(fdb_run_network(), 0);
	return NULL;
}

static FDBTransaction* begin(void) {
	FDBTransaction* transaction;
	IS(fdb_database_create_transaction(database, &transaction), 0);
	return transaction;
}

static void key(char* into, int number) {
	snprintf(into, 9, "k%07d", number % ROWS);
}

static void set(FDBTransaction* transaction, int number) {
	char name[9];
	uint8_t value[32];
	key(name, number);
	memset(value, number % 251, sizeof(value));
	fdb_transaction_set(transaction, (const uint8_t*)name, 8, value, (int)sizeof(value));
}

static void commit(FDBTransaction* transaction) {
	FDBFuture* committed = fdb_transaction_commit(transaction);
	IS(fdb_future_block_until_ready(committed), 0);
	IS(fdb_future_get_error(committed), 0);
	fdb_future_destroy(committed);
	fdb_transaction_destroy(transaction);
}

static void get_one(void) {
	char name[9];
	fdb_bool_t present;
	const uint8_t* value;
	int length;
	key(name, turn++ * 7);
	FDBTransaction* transaction = begin();
	FDBFuture* found = fdb_transaction_get(transaction, (const uint8_t*)name, 8, 0);
	IS(fdb_future_block_until_ready(found), 0);
	IS(fdb_future_get_value(found, &present, &value, &length), 0);
	IS(length, 32);
	fdb_future_destroy(found);
	fdb_transaction_destroy(transaction);
}

static void commit_one(void) {
	FDBTransaction* transaction = begin();
	set(transaction, turn++);
	commit(transaction);
}

static void read_range(void) {
	const FDBKeyValue* rows;
	int count;
	fdb_bool_t more;
	FDBTransaction* transaction = begin();
	FDBFuture* found = fdb_transaction_get_range(transaction, FDB_KEYSEL_FIRST_GREATER_OR_EQUAL((const uint8_t*)"k", 1),
	    FDB_KEYSEL_FIRST_GREATER_OR_EQUAL((const uint8_t*)"l", 1), ROWS, 0, FDB_STREAMING_MODE_EXACT, 1, 0, 0);
	IS(fdb_future_block_until_ready(found), 0);
	IS(fdb_future_get_keyvalue_array(found, &rows, &count, &more), 0);
	IS(count, ROWS);
	fdb_future_destroy(found);
	fdb_transaction_destroy(transaction);
}

/* The time that the call takes in the round that was disturbed least. */
static void measure(const char* what, void (*call)(void), int in_round) {
	double best = 1e18;
	for (int round = 0; round < ROUNDS; round++) {
		struct timespec from, to;
		clock_gettime(CLOCK_MONOTONIC, &from);
		for (int i = 0; i < in_round; i++)
			call();
		clock_gettime(CLOCK_MONOTONIC, &to);
		double time = (double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec);
		if (time / in_round < best)
			best = time / in_round;
	}
	printf("%s %.1f\n", what, best);
}

int main(int count, char** arguments) {
	pthread_t network;
	IS(count, 3);
	IS(fdb_select_api_version(730), 0);
	IS(fdb_setup_network(), 0);
	IS(pthread_create(&network, NULL, run, NULL), 0);
	IS(fdb_create_database(arguments[1], &database), 0);
	FDBTransaction* transaction = begin();
	for (int i = 0; i < ROWS; i++)
		set(transaction, i);
	commit(transaction);
	measure("get", get_one, 2000);
	measure("commit", commit_one, atoi(arguments[2]));
	measure("range", read_range, 50);
	fdb_database_destroy(database);
	IS(fdb_stop_network(), 0);
	IS(pthread_join(network, NULL), 0);
	return 0;
}
