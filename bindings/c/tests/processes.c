/* Threads that share handles, and processes that were forked. */
#define _POSIX_C_SOURCE 200809L

#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, RECORDS = 50 };

struct work {
    rs_space *space;
    rs_cursor *cursor;
    int64_t first;
    int done;
    int refused;
    int others;
};

static void count(struct work *work, rs_status status) {
    if (status == RS_OK)
        work->done++;
    else if (status == RS_INVALID_ARGUMENT)
        work->refused++;
    else if (status != RS_NONE)
        work->others++;
}

static void *put_some(void *context) {
    struct work *work = (struct work *)context;
    for (int64_t at = 0; at < RECORDS; at++) {
        uint8_t user[] = {0x08, (uint8_t)(work->first + at)};
        count(work, rs_put(work->space, NULL, rs_str("User"), rs_bytes_of(user, sizeof user), NULL, NULL, NULL));
    }
    return NULL;
}

static void *read_on(void *context) {
    struct work *work = (struct work *)context;
    rs_record record;
    rs_status status;
    while ((status = rs_cursor_next(work->cursor, &record, NULL)) != RS_NONE) count(work, status);
    return NULL;
}

static void *use_a_dying_database(void *context) {
    struct work *work = (struct work *)context;
    rs_key *key = rs_key_new();
    rs_key_int(key, 1);
    while (work->refused == 0) {
        rs_record record;
        count(work, rs_get(work->space, NULL, key, &record, NULL));
        rs_record_free(&record);
    }
    rs_key_free(key);
    return NULL;
}

static void run_in_threads(void *(*body)(void *), struct work *work) {
    pthread_t threads[THREADS];
    for (int at = 0; at < THREADS; at++) CHECK(pthread_create(&threads[at], NULL, body, &work[at]) == 0);
    for (int at = 0; at < THREADS; at++) CHECK(pthread_join(threads[at], NULL) == 0);
}

static void threads(void) {
    fixture in = open_users(true);
    struct work work[THREADS];
    memset(work, 0, sizeof work);
    rs_schema *schema = make_schema(false);
    rs_space *users = NULL;
    OK(rs_space_open(in.database, rs_str("threads"), schema, NULL, &users, &error));
    for (int at = 0; at < THREADS; at++) {
        work[at].space = users;
        work[at].first = at * RECORDS < 100 ? at * RECORDS : 28;
    }
    run_in_threads(put_some, work);
    for (int at = 0; at < THREADS; at++) CHECK(work[at].done == RECORDS);

    /* A cursor is for one thread at a time: each record comes once, and a call that is in the way of another is refused. */
    rs_cursor *cursor = NULL;
    int records = 0;
    OK(rs_scan(users, NULL, NULL, &cursor, &error));
    memset(work, 0, sizeof work);
    for (int at = 0; at < THREADS; at++) work[at].cursor = cursor;
    run_in_threads(read_on, work);
    for (int at = 0; at < THREADS; at++) {
        records += work[at].done;
        CHECK(work[at].others == 0);
    }
    CHECK(records == 100);

    /* A database may be closed while others use it: they are refused, and nothing worse. */
    pthread_t user;
    memset(work, 0, sizeof work);
    work[0].space = users;
    CHECK(pthread_create(&user, NULL, use_a_dying_database, &work[0]) == 0);
    OK(rs_close(in.database));
    CHECK(pthread_join(user, NULL) == 0 && work[0].others == 0);
    OK(rs_schema_free(schema));
}

/* In the child of a fork the engine's threads are not there: its calls are refused, and do not wait for them. */
static void forks(void) {
    fixture in = open_users(false);
    rs_key *key = key_of(1);
    pid_t child = fork();
    if (child == 0) {
        rs_record record;
        rs_database *another = NULL;
        bool good = rs_get(in.users, NULL, key, &record, &error) == RS_UNSUPPORTED && rs_error_message(error)[0] != '\0';
        good = good && rs_open(rs_str("memory:"), NULL, &another, NULL) == RS_UNSUPPORTED;
        good = good && rs_close(in.database) == RS_UNSUPPORTED && rs_space_free(in.users) == RS_UNSUPPORTED;
        good = good && rs_key_free(key) == RS_OK;
        /* By a signal, because tools that watch the end of a process would miss the threads. */
        kill(getpid(), good ? SIGTERM : SIGKILL);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    rs_record record;
    STATUS(RS_NONE, rs_get(in.users, NULL, key, &record, &error));
    OK(rs_key_free(key));
    OK(rs_close(in.database));
}

void test_processes(void) {
    threads();
    forks();
}
