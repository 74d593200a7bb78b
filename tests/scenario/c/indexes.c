/* What steps ask of counts, versions, indexes and schemas. */
#include "scenario.h"

#include <stdlib.h>

void gave_flag(run *in, bool flag) { append_text(&in->gave, flag ? "true\n" : "false\n"); }

rs_status aggregate(run *in, const step *step, rs_space *space, rs_transaction *transaction) {
    rs_key *value = NULL;
    rs_key *group = key_of(NULL, &step->group);
    rs_status status = rs_aggregate(space, transaction, rs_str(step->index), group, &value, &in->error);
    if (status == RS_OK) append_columns(&in->gave, value);
    if (status == RS_NONE) append_text(&in->gave, "nothing\n");
    rs_key_free(group);
    rs_key_free(value);
    return status == RS_NONE ? RS_OK : status;
}

/* The states, by their numbers. */
static const char *const state_names[] = {"readable", "write_only", "disabled", "readable_unique_pending", "write_only_with_queue"};

rs_status index_states(run *in, rs_space *space, rs_transaction *transaction) {
    rs_index_states states;
    rs_status status = rs_get_index_states(space, transaction, &states, &in->error);
    for (size_t at = 0; at < states.count; at++) {
        append(&in->gave, states.items[at].index.data, states.items[at].index.len);
        append_text(&in->gave, " ");
        append_text(&in->gave, state_names[states.items[at].state]);
        append_text(&in->gave, "\n");
    }
    rs_index_states_free(&states);
    return status;
}

rs_status mark_index(run *in, const step *step, rs_space *space, rs_transaction *transaction) {
    rs_index_state state = 0;
    bool changed = false;
    while (strcmp(state_names[state], step->state) != 0) state++;
    rs_status status = rs_mark_index(space, transaction, rs_str(step->index), state, &changed, &in->error);
    gave_flag(in, changed);
    return status;
}

rs_status resolve_uniqueness(run *in, const step *step, rs_space *space, rs_transaction *transaction) {
    rs_key *value = key_of(NULL, &step->value);
    rs_key *keep = key_of(NULL, step->keep);
    rs_status status = rs_resolve_uniqueness(space, transaction, rs_str(step->index), value, keep, &in->error);
    rs_key_free(value);
    rs_key_free(keep);
    return status;
}

static rs_status count_by(run *in, const step *step, rs_space *space, rs_transaction *transaction, int64_t *count) {
    rs_expression *columns[8] = {NULL};
    rs_expression *key = NULL;
    rs_key *value = key_of(NULL, &step->value);
    for (size_t at = 0; at < step->by_count; at++)
        rs_expression_field(step->by[at], RS_FAN_NONE, RS_MISSING_NULL, NULL, &columns[at], NULL);
    rs_status status = rs_expression_concat((const rs_expression *const *)columns, step->by_count, &key, &in->error);
    if (status == RS_OK) status = rs_count_by(space, transaction, key, value, count, &in->error);
    for (size_t at = 0; at < step->by_count; at++) rs_expression_free(columns[at]);
    rs_expression_free(key);
    rs_key_free(value);
    return status;
}

rs_status count(run *in, const step *step, rs_space *space, rs_transaction *transaction) {
    int64_t count = 0;
    rs_status status;
    if (step->by_count > 0)
        status = count_by(in, step, space, transaction, &count);
    else if (step->type != NULL)
        status = rs_count_of_type(space, transaction, rs_str(step->type), &count, &in->error);
    else
        status = rs_count(space, transaction, &count, &in->error);
    append_number(&in->gave, count);
    return status;
}

/* A key and the version of its record. */
typedef struct versioned {
    const columns *key;
    uint8_t version[12];
} versioned;

static int by_version(const void *a, const void *b) {
    return memcmp(((const versioned *)a)->version, ((const versioned *)b)->version, sizeof((const versioned *)a)->version);
}

/* The keys in the order of the versions of their records, without those that have none. */
rs_status versions(run *in, const step *step, rs_space *space) {
    versioned found[16];
    size_t found_count = 0;
    for (size_t at = 0; at < step->key_count; at++) {
        rs_record record = {0};
        rs_key *key = key_of(step->type, &step->keys[at]);
        rs_status status = rs_get(space, NULL, key, &record, &in->error);
        rs_key_free(key);
        if (record.version.len == sizeof found[0].version) {
            found[found_count].key = &step->keys[at];
            memcpy(found[found_count++].version, record.version.data, record.version.len);
        }
        rs_record_free(&record);
        if (status != RS_OK && status != RS_NONE) return status;
    }
    qsort(found, found_count, sizeof found[0], by_version);
    for (size_t at = 0; at < found_count; at++) {
        rs_key *key = key_of(NULL, found[at].key);
        append_columns(&in->gave, key);
        rs_key_free(key);
    }
    return RS_OK;
}

rs_status plan(run *in, const step *step, rs_space *space) {
    rs_schema_builder *builder = rs_schema_builder_new();
    rs_schema *schema = NULL;
    rs_changes changes = {0};
    step->schema(builder);
    rs_status status = rs_schema_builder_build(builder, &schema, &in->error);
    if (status == RS_OK) status = rs_space_changes(space, schema, &changes, &in->error);
    for (size_t at = 0; at < changes.count; at++) append_change(&in->gave, &changes.items[at]);
    rs_changes_free(&changes);
    rs_schema_free(schema);
    rs_schema_builder_free(builder);
    return status;
}

rs_status schema_versions(run *in, rs_space *space) {
    rs_schema_versions versions;
    rs_status status = rs_space_schema_versions(space, &versions, &in->error);
    for (size_t at = 0; at < versions.count; at++) append_number(&in->gave, versions.items[at]);
    rs_schema_versions_free(&versions);
    return status;
}

rs_status build_indexes(run *in, const step *step, rs_space *space) {
    rs_build_options options = rs_build_options_init();
    options.allow_unique_pending = step->allow_unique_pending;
    rs_status status = rs_build_indexes(space, &options, NULL, &in->error);
    return status == RS_OK ? index_states(in, space, NULL) : status;
}
