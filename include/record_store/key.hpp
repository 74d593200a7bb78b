/* Key: the columns of a key. */
#ifndef RECORD_STORE_KEY_HPP
#define RECORD_STORE_KEY_HPP

#include "detail.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace record_store {

/* A key: numbers, texts, truth values, one after the other. Key(42), Key("Oslo", 7), Key::of("Order", "Oslo", 7). */
class Key {
    struct Taken {
        rs_key *key;
    };
    template <class T>
    static constexpr bool is_own = std::is_same_v<T, Key> || std::is_same_v<T, Taken>;

public:
    template <class... Columns, class = std::enable_if_t<!(... || is_own<std::decay_t<Columns>>)>>
    Key(Columns &&...columns) : handle_(rs_key_new()) {
        (add(std::forward<Columns>(columns)), ...);
    }

    Key(const Key &other) : handle_(rs_key_copy(other.get())) {}
    Key(Key &&other) noexcept = default;
    Key &operator=(const Key &other) { return *this = Key(other); }
    Key &operator=(Key &&other) noexcept = default;

    /* The key of a record of this type; without columns the beginning of all of them. */
    template <class... Columns>
    static Key of(std::string_view record_type, Columns &&...columns) {
        Key key(std::forward<Columns>(columns)...);
        detail::check(rs_key_record_type(key.get(), detail::bytes(record_type)));
        return key;
    }

    /* The whole primary key of a record, as a record or an entry of an index has it. */
    static Key primary_key(std::string_view packed) {
        Key key;
        detail::check(rs_key_primary_key(key.get(), detail::bytes(packed)));
        return key;
    }

    /* Of a key of C, which it frees. */
    static Key take(rs_key *key) {
        Key taken{Taken{key}};
        return taken;
    }

    /* The columns of a packed key, as an entry of an index has them, to read them. */
    static Key unpack(std::string_view packed) {
        Key key;
        detail::check(rs_key_unpack(key.get(), detail::bytes(packed)));
        return key;
    }

    Key &add(std::nullptr_t) { return checked(rs_key_null(get())); }
    Key &add(double value) { return checked(rs_key_double(get(), value)); }
    Key &add(std::string_view value) { return checked(rs_key_string(get(), detail::bytes(value))); }
    Key &add(const std::string &value) { return add(std::string_view(value)); }
    Key &add(const char *value) { return add(std::string_view(value)); }
    template <class Int, class = std::enable_if_t<std::is_integral_v<Int>>>
    Key &add(Int value) {
        if constexpr (std::is_same_v<Int, bool>) return checked(rs_key_bool(get(), value));
        if constexpr (std::is_unsigned_v<Int> && sizeof(Int) >= sizeof(std::int64_t))
            if (value > static_cast<Int>(INT64_MAX)) throw Error(RS_INVALID_ARGUMENT, "a key's number has 64 bits with a sign");
        return checked(rs_key_int(get(), static_cast<std::int64_t>(value)));
    }
    /* The columns of another key as one column. */
    Key &add_list(const Key &list) { return checked(rs_key_list(get(), list.get())); }
    Key &add_bytes(std::string_view value) { return checked(rs_key_bytes(get(), detail::bytes(value))); }
    Key &add_uuid(std::string_view value) { return checked(rs_key_uuid(get(), detail::bytes(value))); }
    Key &add_version(std::string_view value) { return checked(rs_key_version(get(), detail::bytes(value))); }

    std::size_t size() const noexcept { return rs_key_count(get()); }
    rs_column_type type(std::size_t at) const noexcept { return rs_key_column_type(get(), at); }
    std::int64_t integer(std::size_t at) const { return read<std::int64_t>(rs_key_get_int, at); }
    double number(std::size_t at) const { return read<double>(rs_key_get_double, at); }
    bool boolean(std::size_t at) const { return read<bool>(rs_key_get_bool, at); }
    std::string text(std::size_t at) const { return std::string(detail::view(read<rs_bytes>(rs_key_get_text, at))); }
    std::string bytes(std::size_t at) const { return std::string(detail::view(read<rs_bytes>(rs_key_get_bytes, at))); }

    /* The key in words, for people. */
    std::string to_string() const {
        rs_buffer text;
        detail::call(rs_key_to_text, get(), &text);
        return detail::take(text);
    }

    rs_key *get() const noexcept { return handle_.get(); }

private:
    detail::Owned<rs_key, rs_key_free> handle_;

    explicit Key(Taken taken) noexcept : handle_(taken.key) {}

    Key &checked(rs_status status) {
        if (status != RS_OK) {
            // What is wrong with a column is told with words by the calls that use the key.
            to_string();
            detail::check(status);
        }
        return *this;
    }

    template <class Value>
    Value read(rs_status (*function)(const rs_key *, std::size_t, Value *), std::size_t at) const {
        Value value;
        if (function(get(), at, &value) != RS_OK)
            throw Error(RS_INVALID_ARGUMENT, "the key has no column of this type at " + std::to_string(at));
        return value;
    }
};

} // namespace record_store

#endif
