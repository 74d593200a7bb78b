/* Making keys and reading them. */
#include "test.h"

void test_keys(void) {
    static const uint8_t sixteen[16] = {1, 2, 3};
    static const uint8_t twelve[12] = {9};
    rs_key *key = rs_key_new();
    CHECK(rs_key_count(key) == 0 && rs_key_column_type(key, 0) == RS_COLUMN_NONE);
    OK(rs_key_int(key, -5));
    OK(rs_key_double(key, 1.5));
    OK(rs_key_bool(key, 17));
    OK(rs_key_string(key, rs_str("ä")));
    OK(rs_key_bytes(key, rs_bytes_of("\0x", 2)));
    OK(rs_key_uuid(key, rs_bytes_of(sixteen, 16)));
    OK(rs_key_null(key));
    OK(rs_key_version(key, rs_bytes_of(twelve, 12)));
    static const rs_column_type expected[] = {RS_COLUMN_INT,   RS_COLUMN_DOUBLE, RS_COLUMN_BOOL, RS_COLUMN_STRING,
                                              RS_COLUMN_BYTES, RS_COLUMN_UUID,   RS_COLUMN_NULL, RS_COLUMN_OTHER};
    CHECK(rs_key_count(key) == 8);
    for (size_t at = 0; at < 8; at++) CHECK(rs_key_column_type(key, at) == expected[at]);
    CHECK(rs_key_column_type(key, 8) == RS_COLUMN_NONE && rs_key_column_type(key, SIZE_MAX) == RS_COLUMN_NONE);

    int64_t whole = 0;
    double fraction = 0;
    bool truth = false;
    rs_bytes bytes;
    OK(rs_key_get_int(key, 0, &whole));
    OK(rs_key_get_double(key, 1, &fraction));
    OK(rs_key_get_bool(key, 2, &truth));
    CHECK(whole == -5 && fraction == 1.5 && truth);
    OK(rs_key_get_text(key, 3, &bytes));
    CHECK(is_text(bytes, "ä"));
    OK(rs_key_get_bytes(key, 4, &bytes));
    CHECK(bytes.len == 2 && bytes.data[1] == 'x');
    OK(rs_key_get_bytes(key, 5, &bytes));
    CHECK(bytes.len == 16 && bytes.data[2] == 3);
    STATUS(RS_INVALID_ARGUMENT, rs_key_get_int(key, 1, &whole));
    CHECK(whole == 0);
    STATUS(RS_INVALID_ARGUMENT, rs_key_get_text(key, 9, &bytes));
    STATUS(RS_INVALID_ARGUMENT, rs_key_get_int(key, 0, NULL));

    rs_buffer text;
    OK(rs_key_clear(key));
    OK(rs_key_record_type(key, rs_str("User")));
    OK(rs_key_int(key, 3));
    OK(rs_key_to_text(key, &text, &error));
    CHECK(text.len >= 6 && memcmp(text.data, "User", 4) == 0);
    OK(rs_buffer_free(&text));

    /* What is wrong with a column stays with the key until it is cleared. */
    static const uint8_t no_utf8[] = {0xff};
    STATUS(RS_INVALID_ARGUMENT, rs_key_string(key, rs_bytes_of(no_utf8, 1)));
    STATUS(RS_INVALID_ARGUMENT, rs_key_uuid(key, rs_bytes_of(sixteen, 15)));
    STATUS(RS_INVALID_ARGUMENT, rs_key_to_text(key, &text, &error));
    OK(rs_key_clear(key));
    OK(rs_key_to_text(key, &text, &error));
    OK(rs_buffer_free(&text));
    CHECK(rs_key_unpack(key, rs_bytes_of(no_utf8, 1)) != RS_OK);
    CHECK(rs_key_version(key, rs_bytes_of(twelve, 11)) != RS_OK);

    /* A copy is a key of its own. */
    OK(rs_key_clear(key));
    OK(rs_key_int(key, 1));
    rs_key *copy = rs_key_copy(key);
    OK(rs_key_int(copy, 2));
    CHECK(rs_key_count(key) == 1 && rs_key_count(copy) == 2);
    OK(rs_key_free(copy));
    CHECK(rs_key_copy(copy) == NULL && rs_key_copy(NULL) == NULL);

    /* A whole primary key takes no more columns. */
    OK(rs_key_clear(key));
    static const uint8_t packed_one[] = {0x15, 0x01};
    OK(rs_key_primary_key(key, rs_bytes_of(packed_one, 2)));
    STATUS(RS_INVALID_ARGUMENT, rs_key_int(key, 1));
    OK(rs_key_free(key));
}
