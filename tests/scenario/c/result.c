/* What a step gave as text: the program that is made of a scenario has what it should give in the same form. */
#include "scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void append(result *to, const void *data, size_t len) {
    if (to->len + len + 1 > to->capacity) {
        to->capacity = 2 * (to->len + len + 1);
        to->data = realloc(to->data, to->capacity);
        if (to->data == NULL) abort();
    }
    if (len > 0) memcpy(to->data + to->len, data, len);
    to->len += len;
    to->data[to->len] = '\0';
}

void append_text(result *to, const char *text) { append(to, text, strlen(text)); }

void clear(result *of) {
    free(of->data);
    memset(of, 0, sizeof *of);
}

/* The string that begins at `at`, with its quotes; gives where it ends. */
static const char *append_string(result *to, const char *at) {
    const char *end = at + 1;
    while (*end != '"') end += *end == '\\' ? 2 : 1;
    append(to, at, (size_t)(end + 1 - at));
    return end + 1;
}

static int by_text(const void *a, const void *b) { return strcmp(((const result *)a)->data, ((const result *)b)->data); }

/* Whether a member, which begins with its name in quotes, is shown: if it is among the fields, or there are none. */
static bool is_shown(const result *member, const char *const *fields, size_t field_count) {
    for (size_t at = 0; at < field_count; at++) {
        size_t len = strlen(fields[at]);
        if (member->len > len + 1 && memcmp(member->data + 1, fields[at], len) == 0 && member->data[len + 1] == '"') return true;
    }
    return field_count == 0;
}

static const char *append_value(result *to, const char *at);

static const char *append_object(result *to, const char *at, const char *const *fields, size_t field_count) {
    result *members = NULL;
    size_t count = 0;
    for (at++; *at != '}';) {
        result member = {NULL, 0, 0};
        if (*at == ',') at++;
        at = append_string(&member, at);
        append_text(&member, ":");
        at = append_value(&member, at + 1);
        if (!is_shown(&member, fields, field_count)) {
            clear(&member);
            continue;
        }
        members = realloc(members, (count + 1) * sizeof *members);
        if (members == NULL) abort();
        members[count++] = member;
    }
    if (count > 0) qsort(members, count, sizeof *members, by_text);
    append_text(to, "{");
    for (size_t member = 0; member < count; member++) {
        if (member > 0) append_text(to, ",");
        append(to, members[member].data, members[member].len);
        clear(&members[member]);
    }
    append_text(to, "}");
    free(members);
    return at + 1;
}

static const char *append_array(result *to, const char *at) {
    append_text(to, "[");
    for (at++; *at != ']';) {
        if (*at == ',') {
            append_text(to, ",");
            at++;
        }
        at = append_value(to, at);
    }
    append_text(to, "]");
    return at + 1;
}

/* The value that begins at `at`; gives where it ends. There is no white space in the JSON of the library. */
static const char *append_value(result *to, const char *at) {
    if (*at == '{') return append_object(to, at, NULL, 0);
    if (*at == '[') return append_array(to, at);
    if (*at == '"') return append_string(to, at);
    size_t len = strcspn(at, ",]}");
    append(to, at, len);
    return at + len;
}

void append_record(result *to, rs_bytes type, rs_bytes json, const char *const *fields, size_t field_count) {
    result text = {NULL, 0, 0};
    append(&text, json.data, json.len);
    append(to, type.data, type.len);
    append_text(to, " ");
    append_object(to, text.data, fields, field_count);
    append_text(to, "\n");
    clear(&text);
}

static void append_column(result *to, const rs_key *key, size_t at) {
    char text[40];
    rs_bytes bytes = {NULL, 0};
    int64_t number = 0;
    double real = 0;
    uint64_t bits = 0;
    bool flag = false;
    switch (rs_key_column_type(key, at)) {
    case RS_COLUMN_NULL:
        append_text(to, "null");
        break;
    case RS_COLUMN_INT:
        rs_key_get_int(key, at, &number);
        snprintf(text, sizeof text, "%" PRId64, number);
        append_text(to, text);
        break;
    case RS_COLUMN_DOUBLE:
        rs_key_get_double(key, at, &real);
        memcpy(&bits, &real, sizeof bits);
        snprintf(text, sizeof text, "double %016" PRIx64, bits);
        append_text(to, text);
        break;
    case RS_COLUMN_BOOL:
        rs_key_get_bool(key, at, &flag);
        append_text(to, flag ? "true" : "false");
        break;
    case RS_COLUMN_STRING:
        rs_key_get_text(key, at, &bytes);
        append_text(to, "'");
        append(to, bytes.data, bytes.len);
        append_text(to, "'");
        break;
    case RS_COLUMN_BYTES:
        rs_key_get_bytes(key, at, &bytes);
        append_text(to, "bytes ");
        for (size_t byte = 0; byte < bytes.len; byte++) {
            snprintf(text, sizeof text, "%02x", bytes.data[byte]);
            append_text(to, text);
        }
        break;
    default:
        append_text(to, "?");
    }
}

/* The columns of a key but for the one at `without`. */
static void append_columns_but(result *to, const rs_key *key, size_t without) {
    const char *between = "(";
    for (size_t at = 0; at < rs_key_count(key); at++) {
        if (at == without) continue;
        append_text(to, between);
        append_column(to, key, at);
        between = ", ";
    }
    append_text(to, ")\n");
}

void append_columns(result *to, const rs_key *key) { append_columns_but(to, key, SIZE_MAX); }

void append_entry(result *to, const rs_index_entry *entry, size_t columns) {
    rs_key *key = rs_key_new();
    rs_key_unpack(key, entry->key);
    append_columns_but(to, key, entry->primary_key.len == 0 ? SIZE_MAX : columns);
    rs_key_free(key);
}

void append_number(result *to, int64_t number) {
    char text[32];
    snprintf(text, sizeof text, "%" PRId64 "\n", number);
    append_text(to, text);
}

void append_primary_key(result *to, rs_bytes packed) {
    rs_key *key = rs_key_new();
    rs_key_unpack(key, packed);
    append_columns_but(to, key, 0);
    rs_key_free(key);
}

void append_violation(result *to, const rs_uniqueness_violation *violation) {
    rs_key *value = rs_key_new();
    rs_key *primary_key = rs_key_new();
    const char *between = "(";
    rs_key_unpack(value, violation->value);
    rs_key_unpack(primary_key, violation->primary_key);
    for (size_t at = 0; at < rs_key_count(value); at++) {
        append_text(to, between);
        append_column(to, value, at);
        between = ", ";
    }
    for (size_t at = 1; at < rs_key_count(primary_key); at++) {
        append_text(to, between);
        append_column(to, primary_key, at);
    }
    append_text(to, ")\n");
    rs_key_free(value);
    rs_key_free(primary_key);
}

void append_change(result *to, const rs_change *change) {
    const rs_bytes words[4] = {change->subject, change->name, change->action, change->cost};
    for (size_t at = 0; at < 4; at++) {
        append_text(to, at == 0 ? "('" : ", '");
        append(to, words[at].data, words[at].len);
        append_text(to, "'");
    }
    append_text(to, ")\n");
}
