/* Carries the scenarios out. Run it with an empty folder: it says which failed, and ends with 1 if any did. */
#include "scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The handle of an open space at `path`, or the place for one. */
static rs_space **space_at(run *in, const char *path) {
    size_t at = 0;
    while (at < in->space_count && strcmp(in->spaces[at].path, path) != 0) at++;
    if (at == SPACES_MAX) abort();
    if (at == in->space_count) {
        in->spaces[in->space_count].path = path;
        in->spaces[in->space_count++].space = NULL;
    }
    return &in->spaces[at].space;
}

static rs_status open_space(run *in, const step *step) {
    rs_schema *schema = NULL;
    if (step->schema != NULL) {
        rs_schema_builder *builder = rs_schema_builder_new();
        step->schema(builder);
        rs_status built = rs_schema_builder_build(builder, &schema, &in->error);
        rs_schema_builder_free(builder);
        if (built != RS_OK) return built;
    }
    rs_space *space = NULL;
    rs_status status;
    if (step->below != NULL) {
        rs_bytes rest = rs_str(step->space + strlen(step->below) + 1);
        status = rs_space_child(*space_at(in, step->below), rest, schema, NULL, &space, &in->error);
    } else {
        status = rs_space_open(in->database, rs_str(step->space), schema, NULL, &space, &in->error);
    }
    rs_schema_free(schema);
    if (status != RS_OK) return status;
    rs_space **place = space_at(in, step->space);
    rs_space_free(*place);
    *place = space;
    in->current = step->space;
    return RS_OK;
}

static rs_status reopen(run *in) {
    if (strcmp(in->url, "memory:") == 0) return RS_OK;
    rs_status closed = rs_close(in->database);
    in->database = NULL;
    in->space_count = 0;
    return closed == RS_OK ? rs_open(rs_str(in->url), NULL, &in->database, &in->error) : closed;
}

static rs_status put(run *in, const step *step, rs_space *space, rs_transaction *transaction) {
    rs_put_options options = rs_put_options_init();
    rs_status status = RS_OK;
    if (step->verb == INSERT) options.existence = RS_ERROR_IF_EXISTS;
    if (step->verb == UPDATE) options.existence = RS_ERROR_IF_NOT_EXISTS_OR_TYPE_CHANGED;
    for (size_t at = 0; at < step->record_count && status == RS_OK; at++)
        status = rs_put_json(space, transaction, rs_str(step->type), step->records[at], &options, NULL, &in->error);
    return status;
}

/* All records or none: in a transaction. */
static rs_status put_all(run *in, const step *step, rs_space *space) {
    rs_transaction *transaction = NULL;
    rs_status status = rs_transaction_begin(in->database, &transaction, &in->error);
    if (status == RS_OK) status = put(in, step, space, transaction);
    if (status == RS_OK) status = rs_transaction_commit(transaction, &in->error);
    rs_transaction_free(transaction);
    return status;
}

/* Reads twice: the message for its type, and the JSON. */
static rs_status get(run *in, const rs_key *key, rs_space *space, rs_transaction *transaction) {
    rs_record record = {0};
    rs_buffer json = {0};
    rs_status status = rs_get(space, transaction, key, &record, &in->error);
    if (status == RS_NONE) append_text(&in->gave, "nothing\n");
    if (status == RS_OK) status = rs_get_json(space, transaction, key, &json, &in->error);
    if (status == RS_OK) append_record(&in->gave, record.record_type, rs_bytes_of(json.data, json.len), NULL, 0);
    rs_record_free(&record);
    rs_buffer_free(&json);
    return status == RS_NONE ? RS_OK : status;
}

/* Whether a text has these words somewhere. */
static bool has(const char *text, size_t len, const void *words, size_t words_len) {
    for (size_t at = 0; at + words_len <= len; at++)
        if (memcmp(text + at, words, words_len) == 0) return true;
    return false;
}

/* Whether the plan of a query has the words that it should. */
static rs_status explain(run *in, const step *step, const rs_query_options *options, rs_space *space) {
    rs_buffer plan = {0};
    rs_status status = rs_explain(space, step->where, options, &plan, &in->error);
    for (size_t at = 0; at < step->explain_count && status == RS_OK; at++) {
        const char *words = step->explain[at];
        if (has((const char *)plan.data, plan.len, words, strlen(words))) continue;
        fprintf(stderr, "the plan does not say %s: %.*s\n", words, (int)plan.len, (const char *)plan.data);
        status = RS_INTERNAL;
    }
    rs_buffer_free(&plan);
    return status;
}

/* Begins a query that goes as far as a scan with these options. */
static rs_status begin_query(run *in, const step *step, const rs_scan_options *scan, rs_space *space,
                             rs_transaction *transaction, rs_cursor **cursor) {
    rs_query_options options = rs_query_options_init();
    rs_bytes type = rs_str(step->type);
    rs_key *parameters = key_of(NULL, step->parameters.count > 0 ? &step->parameters : NULL);
    options.parameters = parameters;
    options.record_types = &type;
    options.record_type_count = step->type == NULL ? 0 : 1;
    options.order_by = step->order_by;
    options.order_by_count = step->order_by_count;
    options.continuation = scan->continuation;
    options.limit = scan->limit;
    options.reverse = scan->reverse;
    rs_status status = step->explain_count > 0 ? explain(in, step, &options, space) : RS_OK;
    if (status == RS_OK) status = rs_query(space, transaction, step->where, &options, cursor, &in->error);
    rs_key_free(parameters);
    return status;
}

static rs_status begin_scan(run *in, const step *step, const rs_scan_options *options, rs_space *space,
                            rs_transaction *transaction, rs_cursor **cursor) {
    switch (step->verb) {
    case QUERY: return begin_query(in, step, options, space, transaction, cursor);
    case SCAN_KEYS: return rs_scan_keys(space, transaction, options, cursor, &in->error);
    case UNIQUENESS_VIOLATIONS:
        return rs_scan_uniqueness_violations(space, transaction, rs_str(step->index), options, cursor, &in->error);
    case SCAN: return rs_scan(space, transaction, options, cursor, &in->error);
    case SCAN_BY: return rs_scan_by(space, transaction, rs_str(step->index), options, cursor, &in->error);
    default: return rs_scan_index(space, transaction, rs_str(step->index), options, cursor, &in->error);
    }
}

/* Results of a cursor over anything but records. */
static rs_status read_others(run *in, const step *step, rs_cursor *cursor) {
    rs_index_entry entry;
    rs_uniqueness_violation violation;
    rs_bytes key;
    rs_status status;
    do {
        switch (step->verb) {
        case SCAN_KEYS:
            status = rs_cursor_next_key(cursor, &key, &in->error);
            if (status == RS_OK) append_primary_key(&in->gave, key);
            break;
        case UNIQUENESS_VIOLATIONS:
            status = rs_cursor_next_violation(cursor, &violation, &in->error);
            if (status == RS_OK) append_violation(&in->gave, &violation);
            break;
        default:
            status = rs_cursor_next_entry(cursor, &entry, &in->error);
            if (status == RS_OK) append_entry(&in->gave, &entry, step->index_columns);
        }
    } while (status == RS_OK);
    return status == RS_NONE ? RS_OK : status;
}

/* Two cursors side by side: one tells the types, the other the JSON. */
static rs_status read_records(run *in, const step *step, rs_cursor *cursor, rs_cursor *twin) {
    rs_record record;
    rs_bytes json;
    rs_status status;
    while ((status = rs_cursor_next(cursor, &record, &in->error)) == RS_OK) {
        rs_status read = rs_cursor_next_json(twin, &json, &in->error);
        if (read != RS_OK) return read;
        append_record(&in->gave, record.record_type, json, step->fields, step->field_count);
    }
    if (status != RS_NONE) return status;
    status = rs_cursor_next_json(twin, &json, &in->error);
    return status == RS_NONE ? RS_OK : RS_INTERNAL;
}

/* Reads one page, or all; `continuation` says where it begins and becomes where the next one does, empty behind the last. */
static rs_status scan_once(run *in, const step *step, rs_scan_options *options, rs_space *space, rs_transaction *transaction,
                           result *continuation) {
    rs_cursor *cursor = NULL;
    rs_cursor *twin = NULL;
    rs_bytes next = {NULL, 0};
    options->continuation = rs_bytes_of(continuation->data, continuation->len);
    rs_status status = begin_scan(in, step, options, space, transaction, &cursor);
    bool gives_records = step->verb == SCAN || step->verb == SCAN_BY || step->verb == QUERY;
    if (status == RS_OK && !gives_records) {
        status = read_others(in, step, cursor);
    } else if (status == RS_OK) {
        status = begin_scan(in, step, options, space, transaction, &twin);
        if (status == RS_OK) status = read_records(in, step, cursor, twin);
    }
    if (status == RS_OK) status = rs_cursor_continuation(cursor, &next, &in->error);
    clear(continuation);
    if (status == RS_OK) append(continuation, next.data, next.len);
    rs_cursor_free(cursor);
    rs_cursor_free(twin);
    return status == RS_NONE ? RS_OK : status;
}

static rs_status scan(run *in, const step *step, rs_space *space, rs_transaction *transaction) {
    static const columns none = {NULL, 0};
    const columns *within = step->prefix == NULL && step->type != NULL ? &none : step->prefix;
    rs_key *keys[] = {step->verb == QUERY ? NULL : key_of(step->type, within), key_of(NULL, step->start), key_of(NULL, step->end)};
    rs_scan_options options = rs_scan_options_init();
    options.within = keys[0];
    options.from = keys[1];
    options.to = keys[2];
    options.reverse = step->reverse;
    options.limit = step->page_size > 0 ? step->page_size : step->limit;
    result continuation = {NULL, 0, 0};
    rs_status status;
    do {
        size_t before = in->gave.len;
        status = scan_once(in, step, &options, space, transaction, &continuation);
        /* A line of its own between pages; one that turns out to be empty is none. */
        if (step->page_size > 0 && in->gave.len > before) append_text(&in->gave, "--\n");
    } while (status == RS_OK && step->page_size > 0 && continuation.len > 0);
    clear(&continuation);
    for (size_t at = 0; at < 3; at++) rs_key_free(keys[at]);
    return status;
}

static void gave_paths(run *in, rs_list *paths) {
    for (size_t at = 0; at < paths->count; at++) {
        append(&in->gave, paths->items[at].data, paths->items[at].len);
        append_text(&in->gave, "\n");
    }
    rs_list_free(paths);
}

static rs_status on_space(run *in, const step *step, rs_transaction *transaction) {
    rs_space *space = *space_at(in, step->space == NULL ? in->current : step->space);
    rs_key *key = key_of(step->type, &step->key);
    bool flag = false;
    rs_list paths;
    rs_status status;
    switch (step->verb) {
    case PUT:
    case INSERT:
    case UPDATE: status = put(in, step, space, transaction); break;
    case PUT_ALL: status = put_all(in, step, space); break;
    case GET: status = get(in, key, space, transaction); break;
    case EXISTS:
        status = rs_exists(space, transaction, key, &flag, &in->error);
        gave_flag(in, flag);
        break;
    case DELETE:
        status = rs_delete(space, transaction, key, &flag, &in->error);
        gave_flag(in, flag);
        break;
    case DELETE_WHERE: status = rs_delete_where(space, transaction, key, &in->error); break;
    case VERSIONS: status = versions(in, step, space); break;
    case COUNT: status = count(in, step, space, transaction); break;
    case AGGREGATE: status = aggregate(in, step, space, transaction); break;
    case BUILD_INDEXES: status = build_indexes(in, step, space); break;
    case INDEX_STATES: status = index_states(in, space, transaction); break;
    case MARK_INDEX: status = mark_index(in, step, space, transaction); break;
    case REBUILD_INDEX: status = rs_rebuild_index(space, transaction, rs_str(step->index), &in->error); break;
    case RESOLVE_UNIQUENESS: status = resolve_uniqueness(in, step, space, transaction); break;
    case PLAN: status = plan(in, step, space); break;
    case SCHEMA_VERSIONS: status = schema_versions(in, space); break;
    case CHILDREN:
        status = rs_space_children(space, &paths, &in->error);
        gave_paths(in, &paths);
        break;
    default: status = scan(in, step, space, transaction);
    }
    rs_key_free(key);
    return status;
}

static rs_status list_spaces(run *in, const step *step) {
    rs_list paths = {0};
    rs_status status = rs_spaces(in->database, rs_str(step->path), &paths, &in->error);
    gave_paths(in, &paths);
    return status;
}

static bool judge(run *in, const step *step, rs_status status, size_t number, size_t outer);

/* Steps in a transaction, or without one; whether all do what they should. */
static bool inner_steps(run *in, const step *steps, size_t count, rs_transaction *transaction, size_t number) {
    for (size_t at = 0; at < count; at++)
        if (!judge(in, &steps[at], on_space(in, &steps[at], transaction), at + 1, number)) return false;
    return true;
}

static rs_status transaction(run *in, const step *step, size_t number, bool *holds) {
    rs_transaction *transaction = NULL;
    rs_status status = rs_transaction_begin(in->database, &transaction, &in->error);
    if (status == RS_OK) *holds = inner_steps(in, step->steps, step->step_count, transaction, number);
    if (*holds) *holds = inner_steps(in, step->meanwhile, step->meanwhile_count, NULL, number);
    if (status == RS_OK && step->cancel) status = rs_transaction_cancel(transaction);
    else if (status == RS_OK) status = rs_transaction_commit(transaction, &in->error);
    rs_transaction_free(transaction);
    return status;
}

/* A transaction that is tried again. */
typedef struct attempts {
    run *in;
    const step *step;
    size_t number;
    int64_t count;
    bool holds;
} attempts;

static rs_status attempt(rs_transaction *transaction, void *context, rs_error **error) {
    attempts *of = context;
    (void)error;
    of->holds = inner_steps(of->in, of->step->steps, of->step->step_count, transaction, of->number);
    if (of->holds && ++of->count == 1)
        of->holds = inner_steps(of->in, of->step->meanwhile, of->step->meanwhile_count, NULL, of->number);
    return of->holds ? RS_OK : RS_USER;
}

static rs_status run_steps(run *in, const step *step, size_t number, bool *holds) {
    attempts of = {in, step, number, 0, true};
    rs_status status = rs_run(in->database, NULL, attempt, &of, &in->error);
    append_number(&in->gave, of.count);
    *holds = of.holds;
    return status == RS_USER ? RS_OK : status;
}

static bool do_step(run *in, const step *step, size_t number) {
    rs_status status;
    bool removed = false;
    bool holds = true;
    switch (step->verb) {
    case OPEN: status = open_space(in, step); break;
    case REOPEN: status = reopen(in); break;
    case SPACES: status = list_spaces(in, step); break;
    case REMOVE_SPACE:
        status = rs_remove_space(in->database, rs_str(step->path), &removed, &in->error);
        gave_flag(in, removed);
        break;
    case MOVE_SPACE: status = rs_move_space(in->database, rs_str(step->path), rs_str(step->to), &in->error); break;
    case TRANSACTION: status = transaction(in, step, number, &holds); break;
    case RUN: status = run_steps(in, step, number, &holds); break;
    default: status = on_space(in, step, NULL);
    }
    return judge(in, step, status, number, 0) && holds;
}

/* Why the step did not do what it should; NULL if it did. */
static const char *what_is_wrong(run *in, const step *step, rs_status status) {
    if (status != RS_OK && step->error == NULL) return "it failed";
    if (status == RS_OK && step->error != NULL) return "it should fail";
    if (status != RS_OK) {
        if (strcmp(rs_error_name(in->error), step->error) != 0) return "it should fail in another way";
        const char *text = rs_error_message(in->error);
        for (size_t at = 0; at < step->says_count; at++)
            if (!has(text, strlen(text), step->says[at].data, step->says[at].len)) return "the error does not say what it should";
        return NULL;
    }
    if (step->gives.data == NULL) return NULL;
    bool same = in->gave.len == step->gives.len && memcmp(in->gave.data, step->gives.data, in->gave.len) == 0;
    return same ? NULL : "it gave something else";
}

static bool judge(run *in, const step *step, rs_status status, size_t number, size_t outer) {
    append_text(&in->gave, "");
    const char *wrong = what_is_wrong(in, step, status);
    if (wrong != NULL) {
        fprintf(stderr, "%s on %s, step %zu", in->scenario->file, in->url, outer > 0 ? outer : number);
        if (outer > 0) fprintf(stderr, ", step %zu of the transaction", number);
        fprintf(stderr, ": %s\n", wrong);
        if (in->error != NULL) fprintf(stderr, "  error: %s: %s\n", rs_error_name(in->error), rs_error_message(in->error));
        if (step->error != NULL) fprintf(stderr, "  should be: %s\n", step->error);
        for (size_t at = 0; at < step->says_count; at++)
            fprintf(stderr, "  should say: %.*s\n", (int)step->says[at].len, (const char *)step->says[at].data);
        if (status == RS_OK) fprintf(stderr, "  gave:\n%.3000s", in->gave.data);
        int shown = step->gives.len < 3000 ? (int)step->gives.len : 3000;
        if (shown > 0) fprintf(stderr, "  should give:\n%.*s", shown, (const char *)step->gives.data);
    }
    rs_error_free(in->error);
    in->error = NULL;
    clear(&in->gave);
    return wrong == NULL;
}

/* Runs a scenario up to the first step that does not do what it should. */
static bool carry_out(const scenario *scenario, const char *url) {
    run in = {0};
    in.scenario = scenario;
    in.url = url;
    bool holds = rs_open(rs_str(url), NULL, &in.database, &in.error) == RS_OK;
    if (!holds) fprintf(stderr, "%s does not open: %s\n", url, rs_error_message(in.error));
    for (size_t at = 0; at < scenario->step_count && holds; at++) holds = do_step(&in, &scenario->steps[at], at + 1);
    rs_error_free(in.error);
    rs_close(in.database);
    return holds;
}

/* Below a root of its own, which is empty afterwards: the database may be a cluster that others use too. */
static bool on_the_given_database(const scenario *scenario, const char *given) {
    char url[4096];
    snprintf(url, sizeof url, "%s%croot=record-store-tests/c-%ld-%s", given, strchr(given, '?') == NULL ? '?' : '&',
             (long)getpid(), scenario->file);
    bool holds = carry_out(scenario, url);
    rs_database *database = NULL;
    rs_error *error = NULL;
    rs_list spaces = {0};
    rs_status status = rs_open(rs_str(url), NULL, &database, &error);
    if (status == RS_OK) status = rs_spaces(database, rs_str(""), &spaces, &error);
    /* From the leaves: a space is removed with those below it. */
    for (size_t at = spaces.count; at > 0 && status == RS_OK; at--)
        status = rs_remove_space(database, spaces.items[at - 1], NULL, &error);
    if (status != RS_OK) fprintf(stderr, "%s is left behind\n", url);
    rs_error_free(error);
    rs_list_free(&spaces);
    rs_close(database);
    return holds && status == RS_OK;
}

int main(int argc, char **argv) {
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: %s FOLDER [URL]\n", argv[0]);
        return 2;
    }
    size_t failures = 0;
    for (size_t at = 0; at < scenario_count; at++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", argv[1], scenarios[at].file);
        failures += carry_out(&scenarios[at], "memory:") ? 0 : 1;
        failures += carry_out(&scenarios[at], path) ? 0 : 1;
        if (argc == 3) failures += on_the_given_database(&scenarios[at], argv[2]) ? 0 : 1;
    }
    printf("%zu scenarios, in memory, in a directory%s: %zu failures\n", scenario_count,
           argc == 3 ? " and on the given database" : "", failures);
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
