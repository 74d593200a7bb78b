/* The keys of steps. */
#include "scenario.h"

static void add_columns(rs_key *key, columns given) {
    for (size_t at = 0; at < given.count; at++) {
        const column *column = &given.items[at];
        switch (column->type) {
        case RS_COLUMN_NULL: rs_key_null(key); break;
        case RS_COLUMN_INT: rs_key_int(key, column->number); break;
        case RS_COLUMN_DOUBLE: rs_key_double(key, column->real); break;
        case RS_COLUMN_BOOL: rs_key_bool(key, column->number != 0); break;
        case RS_COLUMN_STRING: rs_key_string(key, column->text); break;
        default: rs_key_bytes(key, column->text);
        }
    }
}

rs_key *key_of(const char *type, const columns *given) {
    if (given == NULL) return NULL;
    rs_key *key = rs_key_new();
    if (type != NULL) rs_key_record_type(key, rs_str(type));
    add_columns(key, *given);
    return key;
}

void index_where(rs_schema_builder *builder, const char *index, const char *condition) {
    rs_filter *filter = NULL;
    rs_filter_parse(rs_str(condition), NULL, &filter, NULL);
    rs_schema_builder_index_where(builder, rs_str(index), filter);
    rs_filter_free(filter);
}
