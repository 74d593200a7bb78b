/* Random calls of FoundationDB's C API from several threads at once on shared objects: whatever the order, no call crashes, every callback
 * runs once, and memory is neither lost nor touched after it was given back. Arguments: how many calls each thread makes, and a seed. */

#define FDB_API_VERSION 730
#include <foundationdb/fdb_c.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, SHARED = 3, FUTURES = 16, KEY_MAX = 3 };

static FDBDatabase* database;
static FDBTransaction* transactions[SHARED];
static atomic_long asked, called;
static long calls;

#define REQUIRE(condition)                                                                                             \
	do {                                                                                                               \
		if (!(condition)) {                                                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
			abort();                                                                                                   \
		}                                                                                                              \
	} while (0)

static void* run(void* unused) {
	(void)unused;
	REQUIRE(fdb_run_network() == 0);
	return NULL;
}

static unsigned next(unsigned long* state, unsigned below) {
	*state = *state * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(*state >> 33) % below;
}

static void count(FDBFuture* future, void* parameter) {
	(void)parameter;
	/* It is ready, so it can be asked; and another call may begin. */
	REQUIRE(fdb_future_is_ready(future));
	atomic_fetch_add(&called, 1);
	FDBFuture* other = fdb_transaction_get(transactions[0], (const uint8_t*)"a", 1, 1);
	fdb_future_destroy(other);
}

/* A key of a few, sometimes none, sometimes one that is not there to be used. */
static int key(unsigned long* state, uint8_t* bytes) {
	int length = (int)next(state, KEY_MAX + 1);
	for (int at = 0; at < length; at++)
		bytes[at] = (uint8_t)(next(state, 20) ? 'a' + next(state, 3) : 0xff);
	return next(state, 50) ? length : -1;
}

static void look(FDBFuture* future) {
	fdb_bool_t flag;
	const uint8_t* bytes;
	int64_t number;
	int length;
	const FDBKeyValue* rows;
	const FDBMappedKeyValue* mapped;
	const FDBKey* keys;
	const char** texts;
	unsigned sum = 0;
	if (fdb_future_get_value(future, &flag, &bytes, &length) == 0 && flag)
		for (int at = 0; at < length; at++)
			sum += bytes[at];
	if (fdb_future_get_key(future, &bytes, &length) == 0)
		for (int at = 0; at < length; at++)
			sum += bytes[at];
	if (fdb_future_get_keyvalue_array(future, &rows, &length, &flag) == 0)
		for (int at = 0; at < length; at++)
			for (int byte = 0; byte < rows[at].key_length; byte++)
				sum += rows[at].key[byte];
	if (fdb_future_get_mappedkeyvalue_array(future, &mapped, &length, &flag) == 0)
		for (int at = 0; at < length; at++)
			for (int row = 0; row < mapped[at].getRange.m_size; row++)
				sum += (unsigned)mapped[at].getRange.data[row].key_length;
	if (fdb_future_get_key_array(future, &keys, &length) == 0)
		for (int at = 0; at < length; at++)
			sum += (unsigned)keys[at].key_length;
	if (fdb_future_get_string_array(future, &texts, &length) == 0)
		for (int at = 0; at < length; at++)
			sum += (unsigned)strlen(texts[at]);
	(void)!fdb_future_get_int64(future, &number);
	(void)!fdb_future_get_error(future);
	REQUIRE(sum < 1u << 31);
}

static FDBFuture* start(unsigned long* state, FDBTransaction* tr) {
	uint8_t one[KEY_MAX], two[KEY_MAX];
	int first = key(state, one), second = key(state, two);
	int flag = (int)next(state, 2);
	switch (next(state, 15)) {
	case 0:
		return fdb_transaction_commit(tr);
	case 1:
		return fdb_transaction_on_error(tr, next(state, 2) ? 1020 : 1007);
	case 2:
		return fdb_transaction_get_read_version(tr);
	case 3:
		return fdb_transaction_get_versionstamp(tr);
	case 4:
		return fdb_transaction_watch(tr, one, first);
	case 5:
		return fdb_transaction_get_key(tr, one, first, flag, (int)next(state, 7) - 3, 0);
	case 6:
	case 7:
		return fdb_transaction_get_range(tr, one, first, flag, 1, two, second, !flag, (int)next(state, 5) - 2,
		    (int)next(state, 5) - 1, (int)next(state, 100), (FDBStreamingMode)((int)next(state, 9) - 3), (int)next(state, 4), flag, flag);
	case 8:
		return fdb_transaction_get_estimated_range_size_bytes(tr, one, first, two, second);
	case 9:
		return fdb_transaction_get_range_split_points(tr, one, first, two, second, (int64_t)next(state, 1000));
	case 10:
		return fdb_transaction_get_addresses_for_key(tr, one, first);
	case 11:
		return fdb_transaction_get_approximate_size(tr);
	case 12:
		/* The keys are hardly ever tuples: the mapper reads no element of them, or one that is not there. */
		return fdb_transaction_get_mapped_range(tr, one, first, flag, 1, two, second, !flag, 1,
		    (const uint8_t*)(next(state, 4) ? "\x02{...}\0" : "\x02{K[1]}\0"), next(state, 8) ? (next(state, 2) ? 0 : 7) : 8,
		    (int)next(state, 5) - 1, 0, FDB_STREAMING_MODE_ITERATOR, 1 + (int)next(state, 3), next(state, 9) == 0, !flag);
	case 13:
		return fdb_database_get_server_protocol(database, 0x0FDB00B073000000ul);
	default:
		return fdb_transaction_get(tr, one, first, flag);
	}
}

static void change(unsigned long* state, FDBTransaction* tr) {
	uint8_t one[KEY_MAX], two[KEY_MAX];
	int first = key(state, one), second = key(state, two);
	static const int OPERATIONS[] = { 2, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 20, 99 };
	static const int OPTIONS[] = { 10, 30, 51, 301, 500, 501, 600, 601, 701, 712, 9999 };
	int64_t small = (int64_t)next(state, 100) - 1;
	switch (next(state, 9)) {
	case 0:
		fdb_transaction_clear(tr, one, first);
		break;
	case 1:
		fdb_transaction_clear_range(tr, one, first, two, second);
		break;
	case 2:
		fdb_transaction_atomic_op(
		    tr, one, first, two, second, (FDBMutationType)OPERATIONS[next(state, sizeof OPERATIONS / sizeof(int))]);
		break;
	case 3:
		(void)!fdb_transaction_add_conflict_range(tr, one, first, two, second, (FDBConflictRangeType)next(state, 3));
		break;
	case 4:
		(void)!fdb_transaction_set_option(tr, (FDBTransactionOption)OPTIONS[next(state, sizeof OPTIONS / sizeof(int))],
		    next(state, 2) ? (const uint8_t*)&small : NULL, 8);
		break;
	case 5:
		fdb_transaction_set_read_version(tr, small);
		break;
	default:
		fdb_transaction_set(tr, one, first, two, second);
	}
}

static void* work(void* seed) {
	unsigned long state = (unsigned long)(size_t)seed;
	FDBFuture* futures[FUTURES] = { 0 };
	for (long turn = 0; turn < calls; turn++) {
		FDBTransaction* shared = transactions[next(&state, SHARED)];
		unsigned slot = next(&state, FUTURES);
		FDBFuture* future = futures[slot];
		FDBTransaction* own;
		FDBTenant* tenant;
		switch (next(&state, 16)) {
		case 0:
			fdb_transaction_reset(shared);
			break;
		case 1:
			fdb_transaction_cancel(shared);
			break;
		case 2:
			/* A transaction that is gone while calls of it are under way. */
			REQUIRE(fdb_database_create_transaction(database, &own) == 0);
			change(&state, own);
			fdb_future_destroy(future);
			futures[slot] = start(&state, own);
			fdb_transaction_destroy(own);
			break;
		case 3:
			REQUIRE(fdb_database_open_tenant(database, (const uint8_t*)"t", 1, &tenant) == 0);
			REQUIRE(fdb_tenant_create_transaction(tenant, &own) == 0);
			fdb_future_destroy(fdb_transaction_get(own, (const uint8_t*)"a", 1, 0));
			fdb_future_destroy(fdb_tenant_get_id(tenant));
			fdb_tenant_destroy(tenant);
			fdb_transaction_destroy(own);
			break;
		case 4:
			if (future) {
				atomic_fetch_add(&asked, 1);
				REQUIRE(fdb_future_set_callback(future, count, NULL) == 0);
			}
			break;
		case 5:
			if (future)
				fdb_future_cancel(future);
			break;
		case 6:
			if (future && fdb_future_is_ready(future)) {
				look(future);
				fdb_future_release_memory(future);
			}
			break;
		case 7:
			if (future && !next(&state, 4)) {
				/* A watch may never fire. */
				if (!fdb_future_is_ready(future))
					fdb_future_cancel(future);
				REQUIRE(fdb_future_block_until_ready(future) == 0);
				look(future);
			}
			break;
		case 8:
		case 9:
		case 10:
			change(&state, shared);
			break;
		default:
			fdb_future_destroy(future);
			futures[slot] = start(&state, shared);
		}
	}
	for (int slot = 0; slot < FUTURES; slot++)
		fdb_future_destroy(futures[slot]);
	return NULL;
}

int main(int argc, char** argv) {
	REQUIRE(argc == 3);
	calls = atol(argv[1]);
	unsigned long seed = strtoul(argv[2], NULL, 10);
	printf("seed %lu\n", seed);
	REQUIRE(fdb_select_api_version(730) == 0);
	REQUIRE(fdb_setup_network() == 0);
	REQUIRE(fdb_create_database("memory:", &database) == 0);
	pthread_t network, threads[THREADS];
	REQUIRE(pthread_create(&network, NULL, run, NULL) == 0);
	for (int at = 0; at < SHARED; at++)
		REQUIRE(fdb_database_create_transaction(database, &transactions[at]) == 0);
	for (int at = 0; at < THREADS; at++)
		REQUIRE(pthread_create(&threads[at], NULL, work, (void*)(size_t)(seed * THREADS + (unsigned)at)) == 0);
	for (int at = 0; at < THREADS; at++)
		REQUIRE(pthread_join(threads[at], NULL) == 0);
	REQUIRE(fdb_stop_network() == 0);
	REQUIRE(pthread_join(network, NULL) == 0);
	for (int at = 0; at < SHARED; at++)
		fdb_transaction_destroy(transactions[at]);
	fdb_database_destroy(database);
	REQUIRE(atomic_load(&asked) == atomic_load(&called));
	printf("%ld calls, %ld callbacks, each once\n", calls * THREADS, atomic_load(&called));
	return 0;
}
