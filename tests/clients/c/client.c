/* What a C program sees of the drop-in libfdb_c: the rules of FoundationDB's C API for futures, callbacks, memory and the network,
 * and what it says to calls that make no sense. Takes an empty folder. */

#define FDB_API_VERSION 730
#include <foundationdb/fdb_c.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHECK(condition)                                                                                               \
	do {                                                                                                               \
		if (!(condition)) {                                                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
			exit(1);                                                                                                   \
		}                                                                                                              \
	} while (0)
#define IS(code, expected)                                                                                             \
	do {                                                                                                               \
		int got = (code);                                                                                              \
		if (got != (expected)) {                                                                                       \
			fprintf(stderr, "%s:%d: %s is %d, not %d\n", __FILE__, __LINE__, #code, got, (expected));                  \
			exit(1);                                                                                                   \
		}                                                                                                              \
	} while (0)
#define BYTES(text) (const uint8_t*)(text), (int)(sizeof(text) - 1)

_Static_assert(sizeof(FDBMappedKeyValue) == 112, "as the client's own");
_Static_assert(sizeof(FDBKey) == 12 && sizeof(FDBKeyValue) == 24 && sizeof(FDBKeyRange) == 24, "packed to four bytes");

static pthread_t network;

static void* run(void* unused) {
	(void)unused;
	IS(fdb_run_network(), 0);
	return NULL;
}

static void count(FDBFuture* future, void* counter) {
	(void)future;
	atomic_fetch_add((atomic_int*)counter, 1);
}

static void count_and_destroy(FDBFuture* future, void* counter) {
	atomic_fetch_add((atomic_int*)counter, 1);
	fdb_future_destroy(future);
}

static void count_hook(void* counter) {
	CHECK(pthread_equal(pthread_self(), network));
	atomic_fetch_add((atomic_int*)counter, 1);
}

static void wait_for(atomic_int* counter, int expected) {
	for (int turn = 0; turn < 10000 && atomic_load(counter) < expected; turn++)
		usleep(1000);
	IS(atomic_load(counter), expected);
}

/* The code of a future, which is destroyed. */
static int ended(FDBFuture* future) {
	IS(fdb_future_block_until_ready(future), 0);
	int code = fdb_future_get_error(future);
	fdb_future_destroy(future);
	return code;
}

static FDBTransaction* begin(FDBDatabase* database) {
	FDBTransaction* transaction;
	IS(fdb_database_create_transaction(database, &transaction), 0);
	return transaction;
}

static void put(FDBDatabase* database, const char* key, const char* value) {
	FDBTransaction* transaction = begin(database);
	fdb_transaction_set(
	    transaction, (const uint8_t*)key, (int)strlen(key), (const uint8_t*)value, (int)strlen(value));
	IS(ended(fdb_transaction_commit(transaction)), 0);
	fdb_transaction_destroy(transaction);
}

static FDBFuture* range(FDBTransaction* transaction, int limit, FDBStreamingMode mode, int iteration) {
	return fdb_transaction_get_range(transaction, FDB_KEYSEL_FIRST_GREATER_OR_EQUAL((const uint8_t*)"a", 1),
	    FDB_KEYSEL_FIRST_GREATER_OR_EQUAL((const uint8_t*)"z", 1), limit, 0, mode, iteration, 0, 0);
}

static FDBFuture* watch(FDBDatabase* database, const char* key) {
	FDBTransaction* transaction = begin(database);
	FDBFuture* watched = fdb_transaction_watch(transaction, (const uint8_t*)key, (int)strlen(key));
	IS(ended(fdb_transaction_commit(transaction)), 0);
	fdb_transaction_destroy(transaction);
	return watched;
}

/* Before and around the choice of a version and the network's beginning. */
static void lifecycle(void) {
	FDBDatabase* database = NULL;
	CHECK(strcmp(fdb_get_error(1020), "Transaction not committed due to conflict with another transaction") == 0);
	CHECK(fdb_error_predicate(FDB_ERROR_PREDICATE_RETRYABLE, 1021) && !fdb_error_predicate(12, 1021));
	IS(fdb_get_max_api_version(), 730);
	CHECK(strncmp(fdb_get_client_version(), "7.3.", 4) == 0);
	IS(fdb_create_database("memory:", &database), 2200);
	IS(fdb_select_api_version_impl(730, 720), 2202);
	IS(fdb_select_api_version_impl(800, 800), 2203);
	IS(fdb_select_api_version(730), 0);
	IS(fdb_select_api_version(730), 2201);
	IS(fdb_create_database("memory:", &database), 2008);
	CHECK(database == NULL);
	IS(fdb_run_network(), 2008);
	IS(fdb_stop_network(), 2008);
	IS(fdb_add_network_thread_completion_hook(count_hook, NULL), 2008);
	IS(fdb_network_set_option((FDBNetworkOption)12345, NULL, 0), 2007);
	IS(fdb_network_set_option(FDB_NET_OPTION_TRACE_FORMAT, BYTES("yaml")), 2006);
	IS(fdb_network_set_option(FDB_NET_OPTION_CALLBACKS_ON_EXTERNAL_THREADS, NULL, 0), 0);
	IS(fdb_setup_network(), 0);
	IS(fdb_setup_network(), 2009);
}

/* Values, and the memory in which they lie. */
static void memory(FDBDatabase* database) {
	put(database, "a", "1");
	put(database, "empty", "");
	FDBTransaction* transaction = begin(database);
	FDBFuture* future = fdb_transaction_get(transaction, BYTES("a"), 0);
	fdb_transaction_destroy(transaction);
	IS(fdb_future_block_until_ready(future), 0);
	fdb_bool_t present;
	const uint8_t *value, *again;
	int length;
	IS(fdb_future_get_value(future, &present, &value, &length), 0);
	IS(fdb_future_get_value(future, &present, &again, &length), 0);
	CHECK(present && length == 1 && *value == '1' && value == again);
	int64_t number;
	IS(fdb_future_get_int64(future, &number), 2000);
	/* Whoever has seen that it is ready cannot cancel it any more. */
	fdb_future_cancel(future);
	IS(fdb_future_get_error(future), 0);
	/* As often as it was taken. */
	fdb_future_release_memory(future);
	IS(fdb_future_get_error(future), 0);
	fdb_future_release_memory(future);
	IS(fdb_future_get_value(future, &present, &value, &length), 1102);
	IS(fdb_future_get_error(future), 1102);
	fdb_future_destroy(future);

	transaction = begin(database);
	future = fdb_transaction_get(transaction, BYTES("empty"), 0);
	IS(fdb_future_block_until_ready(future), 0);
	IS(fdb_future_get_value(future, &present, &value, &length), 0);
	CHECK(present && length == 0 && value != NULL);
	fdb_future_destroy(future);

	future = range(transaction, 0, FDB_STREAMING_MODE_WANT_ALL, 1);
	IS(fdb_future_block_until_ready(future), 0);
	const FDBKeyValue* rows;
	int rows_count;
	fdb_bool_t more;
	IS(fdb_future_get_keyvalue_array(future, &rows, &rows_count, &more), 0);
	CHECK(rows_count == 3 && !more && rows[2].key_length == 5 && memcmp(rows[2].key, "empty", 5) == 0);
	fdb_future_destroy(future);
	IS(ended(range(transaction, 0, FDB_STREAMING_MODE_EXACT, 1)), 2210);
	IS(ended(range(transaction, 0, FDB_STREAMING_MODE_ITERATOR, 0)), 2000);
	IS(ended(range(transaction, 0, (FDBStreamingMode)17, 1)), 2000);
	IS(ended(range(transaction, -2, FDB_STREAMING_MODE_WANT_ALL, 1)), 2012);
	fdb_transaction_destroy(transaction);
}

/* Callbacks: once each, whatever becomes of the future. */
static void callbacks(FDBDatabase* database) {
	static atomic_int called;
	FDBFuture* watched = watch(database, "a");
	IS(fdb_future_is_ready(watched), 0);
	IS(fdb_future_get_error(watched), 2015);
	IS(fdb_future_set_callback(watched, count, &called), 0);
	IS(fdb_future_set_callback(watched, count, &called), 0);
	put(database, "a", "2");
	IS(fdb_future_block_until_ready(watched), 0);
	IS(fdb_future_get_error(watched), 0);
	wait_for(&called, 2);
	/* On a ready future at once. */
	IS(fdb_future_set_callback(watched, count, &called), 0);
	IS(atomic_load(&called), 3);
	fdb_future_cancel(watched);
	IS(fdb_future_get_error(watched), 0);
	fdb_future_destroy(watched);

	watched = watch(database, "b");
	IS(fdb_future_set_callback(watched, count, &called), 0);
	fdb_future_cancel(watched);
	IS(ended(watched), 1101);
	wait_for(&called, 4);

	watched = watch(database, "b");
	IS(fdb_future_set_callback(watched, count, &called), 0);
	fdb_future_destroy(watched);
	wait_for(&called, 5);

	watched = watch(database, "b");
	IS(fdb_future_set_callback(watched, count_and_destroy, &called), 0);
	put(database, "b", "1");
	wait_for(&called, 6);
}

/* A callback on the network's thread must not wait for it. */
static FDBDatabase* shared;
static atomic_int blocked;

static void wait_in_callback(FDBFuture* future, void* unused) {
	(void)unused;
	FDBFuture* other = watch(shared, "never");
	atomic_store(&blocked, fdb_future_block_until_ready(other));
	CHECK(pthread_equal(pthread_self(), network));
	fdb_future_destroy(other);
	fdb_future_destroy(future);
}

static void blocking(FDBDatabase* database) {
	shared = database;
	FDBFuture* watched = watch(database, "c");
	IS(fdb_future_set_callback(watched, wait_in_callback, NULL), 0);
	put(database, "c", "1");
	wait_for(&blocked, 2026);
}

/* Calls that make no sense are errors. */
static void nonsense(FDBDatabase* database) {
	FDBTransaction* transaction = begin(database);
	IS(fdb_database_create_transaction(NULL, &transaction), 2000);
	IS(fdb_database_create_transaction(database, NULL), 2000);
	IS(fdb_create_database("memory:", NULL), 2000);
	IS(ended(fdb_transaction_get(NULL, BYTES("a"), 0)), 2000);
	IS(ended(fdb_transaction_get(transaction, NULL, 3, 0)), 2000);
	IS(ended(fdb_transaction_commit(NULL)), 2000);
	IS(fdb_future_block_until_ready(NULL), 2000);
	fdb_future_destroy(NULL);
	fdb_future_cancel(NULL);
	fdb_transaction_destroy(NULL);
	fdb_transaction_set(NULL, BYTES("a"), BYTES("b"));
	IS(fdb_transaction_set_option(transaction, (FDBTransactionOption)12345, NULL, 0), 2007);
	IS(fdb_transaction_add_conflict_range(transaction, BYTES("b"), BYTES("a"), FDB_CONFLICT_RANGE_TYPE_READ), 2005);
	IS(fdb_transaction_add_conflict_range(transaction, BYTES("a"), BYTES("b"), (FDBConflictRangeType)7), 2000);
	/* A length below zero is no length, and NULL with none is the empty key. */
	fdb_transaction_set(transaction, NULL, 0, NULL, -5);
	IS(ended(fdb_transaction_commit(transaction)), 0);
	fdb_transaction_reset(transaction);
	/* What a call without result could not read fails the next one with a result. */
	fdb_transaction_set(transaction, NULL, 3, BYTES("b"));
	IS(ended(fdb_transaction_commit(transaction)), 2000);
	fdb_transaction_reset(transaction);
	IS(ended(fdb_transaction_get(transaction, BYTES("a"), 0)), 0);
	fdb_transaction_destroy(transaction);
	IS(ended(fdb_database_create_snapshot(database, BYTES("x"), BYTES("y"))), 2108);
	FDBFuture* future = fdb_database_get_server_protocol(database, 0);
	uint64_t protocol;
	IS(fdb_future_get_uint64(future, &protocol), 0);
	fdb_future_destroy(future);
	future = fdb_database_get_server_protocol(database, protocol);
	IS(fdb_future_is_ready(future), 0);
	fdb_future_destroy(future);
}

/* A mapped range gives the rows of an index with those of their records, in structs of the header's layout. */
static void mapped(FDBDatabase* database) {
	/* The entries ("i", n) = "" lead to the records ("r", n, part). */
	FDBTransaction* transaction = begin(database);
	for (uint8_t n = 1; n <= 3; n++) {
		uint8_t entry[] = { 2, 'i', 0, 0x15, n }, record[] = { 2, 'r', 0, 0x15, n, 0x15, 1 };
		fdb_transaction_set(transaction, entry, sizeof entry, NULL, 0);
		for (uint8_t part = 1; part <= 2; part++) {
			record[6] = part;
			fdb_transaction_set(transaction, record, sizeof record, &part, 1);
		}
	}
	IS(ended(fdb_transaction_commit(transaction)), 0);
	fdb_transaction_reset(transaction);
#define MAPPED(mapper, snapshot, reverse)                                                                              \
	fdb_transaction_get_mapped_range(transaction, FDB_KEYSEL_FIRST_GREATER_OR_EQUAL((const uint8_t*)"\x02i", 2),       \
	                                 FDB_KEYSEL_FIRST_GREATER_OR_EQUAL((const uint8_t*)"\x02j", 2), BYTES(mapper),     \
	                                 2, 0, FDB_STREAMING_MODE_WANT_ALL, 0, snapshot, reverse)
	FDBFuture* future = MAPPED("\x02r\0\x02{K[1]}\0\x02{...}\0", 0, 1);
	IS(fdb_future_block_until_ready(future), 0);
	const FDBMappedKeyValue* rows;
	int count;
	fdb_bool_t more;
	IS(fdb_future_get_mappedkeyvalue_array(future, &rows, &count, &more), 0);
	CHECK(count == 2 && more);
	for (int at = 0; at < count; at++) {
		uint8_t n = (uint8_t)(3 - at);
		const FDBGetRangeReqAndResult* record = &rows[at].getRange;
		CHECK(rows[at].key.key_length == 5 && rows[at].key.key[4] == n && rows[at].value.key_length == 0);
		CHECK(record->begin.key.key_length == 5 && record->begin.key.key[4] == n);
		CHECK(record->end.key.key_length == 5 && record->end.key.key[4] == n + 1);
		CHECK(!record->begin.orEqual && record->begin.offset == 1 && record->end.offset == 1);
		CHECK(record->m_size == 2);
		for (uint8_t part = 1; part <= 2; part++) {
			FDBKeyValue row = record->data[part - 1];
			CHECK(row.key_length == 7 && row.key[6] == part && row.value_length == 1 && row.value[0] == part);
		}
	}
	const FDBMappedKeyValue* again;
	IS(fdb_future_get_mappedkeyvalue_array(future, &again, &count, &more), 0);
	CHECK(again == rows);
	const FDBKeyValue* plain;
	IS(fdb_future_get_keyvalue_array(future, &plain, &count, &more), 2000);
	/* They outlive their transaction. */
	fdb_transaction_destroy(transaction);
	CHECK(rows[1].getRange.data[1].value[0] == 2);
	fdb_future_destroy(future);
	/* Single keys come as ranges of one. */
	transaction = begin(database);
	future = MAPPED("\x02r\0\x02{K[1]}\0\x15\x02", 0, 0);
	IS(fdb_future_block_until_ready(future), 0);
	IS(fdb_future_get_mappedkeyvalue_array(future, &rows, &count, &more), 0);
	CHECK(count == 2 && rows[1].getRange.m_size == 1 && rows[1].getRange.data[0].value[0] == 2);
	CHECK(rows[1].getRange.end.key.key_length == 8);
	fdb_future_destroy(future);
	IS(ended(MAPPED("\x02r\0", 1, 0)), 2108);
	IS(ended(MAPPED("\xff", 0, 0)), 2043);
	IS(ended(MAPPED("\x02{K[2]}\0", 0, 0)), 2030);
	fdb_transaction_set(transaction, BYTES("\x02i\0\x15\x02"), NULL, 0);
	IS(ended(MAPPED("\x02r\0", 0, 0)), 2039);
	fdb_transaction_destroy(transaction);
#undef MAPPED
}

/* Two handles on one name are one database, and a directory keeps what was written. */
static void places(const char* folder) {
	char file[4096], text[4096];
	snprintf(file, sizeof file, "%s/fdb.cluster", folder);
	FILE* cluster = fopen(file, "w");
	fputs("test:cluster@127.0.0.1:4500\n", cluster);
	fclose(cluster);
	snprintf(text, sizeof text, "embedded:%s/fdb.cluster.data", folder);
	FDBDatabase *one, *other;
	IS(fdb_create_database(file, &one), 0);
	put(one, "k", "v");
	IS(fdb_create_database(text, &other), 0);
	fdb_database_destroy(one);
	FDBTransaction* transaction = begin(other);
	fdb_database_destroy(other);
	FDBFuture* future = fdb_transaction_get(transaction, BYTES("k"), 0);
	IS(fdb_future_block_until_ready(future), 0);
	fdb_bool_t present;
	const uint8_t* value;
	int length;
	IS(fdb_future_get_value(future, &present, &value, &length), 0);
	CHECK(present && length == 1);
	fdb_transaction_destroy(transaction);
	fdb_future_destroy(future);
}

int main(int argc, char** argv) {
	CHECK(argc == 2);
	static atomic_int hooks, stopped;
	lifecycle();
	IS(fdb_add_network_thread_completion_hook(count_hook, &hooks), 0);
	FDBDatabase* database;
	IS(fdb_create_database("memory:", &database), 0);
	/* Nothing waits for the network's thread: it does not run yet. */
	put(database, "early", "1");
	IS(pthread_create(&network, NULL, run, NULL), 0);
	memory(database);
	callbacks(database);
	blocking(database);
	nonsense(database);
	mapped(database);
	places(argv[1]);

	FDBFuture* pending = watch(database, "never");
	IS(fdb_future_set_callback(pending, count, &stopped), 0);
	IS(fdb_stop_network(), 0);
	IS(fdb_stop_network(), 0);
	IS(pthread_join(network, NULL), 0);
	IS(atomic_load(&hooks), 1);
	IS(atomic_load(&stopped), 1);
	IS(ended(pending), 1101);
	IS(fdb_run_network(), 2025);
	IS(fdb_setup_network(), 2025);
	FDBTransaction* transaction = begin(database);
	IS(ended(fdb_transaction_get(transaction, BYTES("a"), 0)), 1101);
	fdb_transaction_destroy(transaction);
	fdb_database_destroy(database);
	puts("the C client saw what it should");
	return 0;
}
