/*
 * What a step of a scenario is, for the program that `cargo xtask test` makes of tests/scenarios: tables of steps, which
 * `scenario.c` carries out through the C library.
 */
#ifndef RECORD_STORE_SCENARIO_H
#define RECORD_STORE_SCENARIO_H

#include <record_store.h>

/* A text of a literal, which may have a NUL within. */
#define TEXT(literal) {(const uint8_t *)(literal), sizeof(literal) - 1}

/* A column of a key. */
typedef struct column {
    rs_column_type type;
    int64_t number;
    double real;
    rs_bytes text;
} column;

typedef struct columns {
    const column *items;
    size_t count;
} columns;

typedef enum verb {
    OPEN,
    REOPEN,
    PUT,
    PUT_ALL,
    INSERT,
    UPDATE,
    GET,
    EXISTS,
    DELETE,
    DELETE_WHERE,
    VERSIONS,
    COUNT,
    SCAN,
    SCAN_KEYS,
    SCAN_INDEX,
    SCAN_BY,
    QUERY,
    AGGREGATE,
    INDEX_STATES,
    BUILD_INDEXES,
    MARK_INDEX,
    REBUILD_INDEX,
    UNIQUENESS_VIOLATIONS,
    RESOLVE_UNIQUENESS,
    PLAN,
    SCHEMA_VERSIONS,
    SPACES,
    CHILDREN,
    REMOVE_SPACE,
    MOVE_SPACE,
    TRANSACTION,
    RUN
} verb;

/* A step. Zero is what is not said. */
typedef struct step {
    verb verb;
    const char *space;
    /* The path of the open space below which one is opened. */
    const char *below;
    /* Says to a builder what a schema declares. */
    void (*schema)(rs_schema_builder *builder);
    const char *type;
    const rs_bytes *records;
    size_t record_count;
    columns key;
    const char *index;
    size_t index_columns;
    const columns *prefix;
    const columns *start;
    const columns *end;
    /* The filter of a query, the columns of its order, the fields that are shown (all of them without), and words of its plan. */
    rs_bytes where;
    columns parameters;
    const rs_bytes *order_by;
    size_t order_by_count;
    const char *const *fields;
    size_t field_count;
    const char *const *explain;
    size_t explain_count;
    bool reverse;
    uint64_t limit;
    columns group;
    const char *path;
    const char *to;
    /* The keys whose records are put in the order of their versions. */
    const columns *keys;
    size_t key_count;
    /* The key by which is counted, and its value; or a value of an index. */
    const rs_bytes *by;
    size_t by_count;
    columns value;
    const columns *keep;
    const char *state;
    bool allow_unique_pending;
    const struct step *steps;
    size_t step_count;
    /* What happens in other transactions before that of the steps commits for the first time. */
    const struct step *meanwhile;
    size_t meanwhile_count;
    bool cancel;
    uint64_t page_size;
    /* What the step gives, as `result.c` writes it, and a line "--" behind each page; without data anything will do. */
    rs_bytes gives;
    /* The name of the error's kind, and the words in its text. */
    const char *error;
    const rs_bytes *says;
    size_t says_count;
} step;

typedef struct scenario {
    const char *file;
    const step *steps;
    size_t step_count;
} scenario;

/* The generated tables. */
extern const scenario scenarios[];
extern const size_t scenario_count;

/* Says to a builder, within a schema of the tables, of which records an index has entries. */
void index_where(rs_schema_builder *builder, const char *index, const char *condition);

/* A key that the caller frees; NULL without columns. */
rs_key *key_of(const char *type, const columns *given);

/* What a step gave, one line for each result. */
typedef struct result {
    char *data;
    size_t len;
    size_t capacity;
} result;

void append(result *to, const void *data, size_t len);
void append_text(result *to, const char *text);
/*
 * A record: its type and its JSON, with the members of objects in the order of their names, as maps have none. If there are
 * names of fields, only these are shown.
 */
void append_record(result *to, rs_bytes type, rs_bytes json, const char *const *fields, size_t field_count);
/* The columns of a key. */
void append_columns(result *to, const rs_key *key);
/* The columns of an entry without the key of the record type, which stands behind those of the index. */
void append_entry(result *to, const rs_index_entry *entry, size_t columns);
/* A packed primary key without the key of the record type. */
void append_primary_key(result *to, rs_bytes packed);
/* The columns of the index, then the primary key without the key of the record type. */
void append_violation(result *to, const rs_uniqueness_violation *violation);
/* Subject, name, action and cost. */
void append_change(result *to, const rs_change *change);
/* A number on a line. */
void append_number(result *to, int64_t number);
/* Ends the result, to begin another one. */
void clear(result *of);

/* How many spaces a scenario may have open. */
#define SPACES_MAX 16

/* A scenario that is under way. */
typedef struct run {
    const scenario *scenario;
    const char *url;
    rs_database *database;
    struct {
        const char *path;
        rs_space *space;
    } spaces[SPACES_MAX];
    size_t space_count;
    const char *current;
    /* What the step gave, or why it failed. */
    result gave;
    rs_error *error;
} run;

/* A step gave a truth value. */
void gave_flag(run *in, bool flag);

/* Steps on a space, in the transaction if there is one. */
rs_status aggregate(run *in, const step *step, rs_space *space, rs_transaction *transaction);
rs_status index_states(run *in, rs_space *space, rs_transaction *transaction);
rs_status mark_index(run *in, const step *step, rs_space *space, rs_transaction *transaction);
rs_status resolve_uniqueness(run *in, const step *step, rs_space *space, rs_transaction *transaction);
rs_status count(run *in, const step *step, rs_space *space, rs_transaction *transaction);
rs_status versions(run *in, const step *step, rs_space *space);
rs_status plan(run *in, const step *step, rs_space *space);
rs_status schema_versions(run *in, rs_space *space);
rs_status build_indexes(run *in, const step *step, rs_space *space);

#endif
