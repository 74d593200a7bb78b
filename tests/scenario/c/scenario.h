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
    GET,
    EXISTS,
    DELETE,
    COUNT,
    SCAN,
    SCAN_INDEX,
    SCAN_BY,
    QUERY,
    AGGREGATE,
    INDEX_STATES,
    BUILD_INDEXES,
    SPACES,
    REMOVE_SPACE,
    MOVE_SPACE,
    TRANSACTION
} verb;

/* A step. Zero is what is not said. */
typedef struct step {
    verb verb;
    const char *space;
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
    const char *const *indexes;
    size_t index_count;
    const struct step *steps;
    size_t step_count;
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
/* Ends the result, to begin another one. */
void clear(result *of);

#endif
