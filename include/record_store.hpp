/*
 * Record-Store for C++17 and later: this header over the C library, and nothing to compile.
 *
 *     auto db = record_store::Database::open("memory:");
 *     auto schema = record_store::Schema::builder().proto("user.proto", text).primary_key("User", "id").build();
 *     auto users = db.space("prod/users", schema);
 *     users.put(user);                                  // an object of a protobuf class
 *     std::optional<User> ada = users.get<User>(42);
 *     for (const User &user : users.scan<User>()) { ... }
 *
 * What fails throws record_store::Error. Objects are moved, not copied; a database closes all that came from it, and what is
 * used afterwards throws. Threads: a Database and a Space may be used by several at once, all others by one at a time.
 */
#ifndef RECORD_STORE_HPP
#define RECORD_STORE_HPP

#include "record_store.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace record_store {

class Database;
class Space;
class Transaction;

/* What went wrong. */
class Error : public std::runtime_error {
public:
    Error(rs_status status, const std::string &message) : std::runtime_error(message), status_(status) {}

    /* The kind of the error, such as RS_INVALID_RECORD. */
    rs_status status() const noexcept { return status_; }
    /* The name of the kind, such as "InvalidRecord". */
    const char *kind() const noexcept { return rs_status_name(status_); }
    /* FoundationDB's code, or 0. */
    int fdb_code() const noexcept { return fdb_code_; }
    /* Whether the transaction may be tried again, which Database::run does. */
    bool retryable() const noexcept { return retryable_; }
    /* Whether the commit may have happened nevertheless. */
    bool maybe_committed() const noexcept { return maybe_committed_; }
    /* Names and values, such as that of the index that it is about. */
    const std::vector<std::pair<std::string, std::string>> &facts() const noexcept { return facts_; }

    /* Of an error of C, which it frees. */
    static Error take(rs_status status, rs_error *error) {
        if (error == nullptr) return Error(status, rs_status_name(status));
        Error taken(status, rs_error_message(error));
        taken.fdb_code_ = rs_error_fdb_code(error);
        taken.retryable_ = rs_error_retryable(error);
        taken.maybe_committed_ = rs_error_maybe_committed(error);
        for (std::size_t at = 0; at < rs_error_fact_count(error); at++)
            taken.facts_.emplace_back(rs_error_fact_name(error, at), rs_error_fact_value(error, at));
        rs_error_free(error);
        return taken;
    }

private:
    rs_status status_;
    int fdb_code_ = 0;
    bool retryable_ = false;
    bool maybe_committed_ = false;
    std::vector<std::pair<std::string, std::string>> facts_;
};

namespace detail {

inline rs_bytes bytes(std::string_view text) { return rs_bytes_of(text.data(), text.size()); }

inline std::string_view view(rs_bytes bytes) {
    return bytes.data == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char *>(bytes.data), bytes.len);
}

/* Throws unless it went well; says whether there is something. */
inline bool check(rs_status status, rs_error *error = nullptr) {
    if (status == RS_OK) return true;
    if (status == RS_NONE) return false;
    throw Error::take(status, error);
}

/* Calls a function of C that takes a place for an error at the end. */
template <class... Parameters, class... Arguments>
bool call(rs_status (*function)(Parameters...), Arguments... arguments) {
    rs_error *error = nullptr;
    rs_status status = function(arguments..., &error);
    return check(status, error);
}

/* A handle with one owner. */
template <class Handle, rs_status (*Free)(Handle *)>
class Owned {
public:
    Owned() = default;
    explicit Owned(Handle *handle) noexcept : handle_(handle) {}
    Owned(Owned &&other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Owned &operator=(Owned &&other) noexcept {
        if (this != &other) {
            Free(handle_);
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    Owned(const Owned &) = delete;
    Owned &operator=(const Owned &) = delete;
    ~Owned() { Free(handle_); }

    Handle *get() const noexcept { return handle_; }

private:
    Handle *handle_ = nullptr;
};

inline std::string take(rs_buffer buffer) {
    std::string text(view(rs_bytes_of(buffer.data, buffer.len)));
    rs_buffer_free(&buffer);
    return text;
}

inline std::vector<std::string> take(rs_list list) {
    std::vector<std::string> texts;
    for (std::size_t at = 0; at < list.count; at++) texts.emplace_back(view(list.items[at]));
    rs_list_free(&list);
    return texts;
}

/* Objects of protobuf's message classes, by what they can do. */
template <class T, class = void>
struct is_message : std::false_type {};
template <class T>
struct is_message<T, std::void_t<decltype(std::declval<const T &>().SerializeAsString()),
                                 decltype(std::declval<const T &>().GetTypeName()),
                                 decltype(std::declval<T &>().ParseFromArray(nullptr, 0))>> : std::true_type {};

template <class T>
T parse(std::string_view data) {
    static_assert(is_message<T>::value, "T is a protobuf message class");
    T message;
    if (!message.ParseFromArray(data.data(), static_cast<int>(data.size())))
        throw Error(RS_INVALID_RECORD, "the stored bytes are no message of this class");
    return message;
}

/* The name of a record type is the message's own, without those around it. */
template <class T>
std::string record_type_of(const T &message) {
    std::string name(message.GetTypeName());
    return name.substr(name.rfind('.') + 1);
}

inline std::uint64_t milliseconds(std::chrono::milliseconds time) {
    return time.count() < 0 ? 0 : static_cast<std::uint64_t>(time.count());
}

} // namespace detail

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

/* A record that a cursor lends: it stays until the cursor goes on. */
class RecordView {
public:
    explicit RecordView(const rs_record &record) noexcept : record_(record) {}

    std::string_view record_type() const noexcept { return detail::view(record_.record_type); }
    /* Its protobuf message. */
    std::string_view data() const noexcept { return detail::view(record_.data); }
    /* Its whole primary key, packed: for Key::primary_key and Key::unpack. */
    std::string_view primary_key() const noexcept { return detail::view(record_.primary_key); }
    /* 12 bytes in the order of commits; none within the transaction that saves it. */
    std::string_view version() const noexcept { return detail::view(record_.version); }
    /* Its message as an object of a protobuf class. */
    template <class T>
    T parse() const {
        return detail::parse<T>(data());
    }

protected:
    rs_record record_;
};

/* A record with its memory. */
class Record : public RecordView {
public:
    explicit Record(const rs_record &record) noexcept : RecordView(record) {}
    Record(Record &&other) noexcept : RecordView(std::exchange(other.record_, rs_record())) {}
    Record &operator=(Record &&other) noexcept {
        std::swap(record_, other.record_);
        return *this;
    }
    Record(const Record &) = delete;
    Record &operator=(const Record &) = delete;
    ~Record() { rs_record_free(&record_); }
};

/* An index of a schema: Index("by_city").on("User").columns({"city", "age"}).covering({"name"}). */
class Index {
public:
    explicit Index(std::string name, std::string kind = "value") : name_(std::move(name)), kind_(std::move(kind)) {}

    /* An index that counts records, all or by group. */
    static Index count(std::string name) { return Index(std::move(name), "count"); }

    Index &on(std::string record_type) & { return types_.push_back(std::move(record_type)), *this; }
    Index &columns(std::initializer_list<std::string> columns) & { return append(columns_, columns); }
    Index &group_by(std::initializer_list<std::string> columns) & { return append(groups_, columns); }
    Index &covering(std::initializer_list<std::string> columns) & { return append(covered_, columns); }
    Index &unique() & { return unique_ = true, *this; }
    Index &option(std::string name, std::string value) & { return options_.emplace_back(std::move(name), std::move(value)), *this; }
    Index &&on(std::string record_type) && { return std::move(on(std::move(record_type))); }
    Index &&columns(std::initializer_list<std::string> columns) && { return std::move(append(columns_, columns)); }
    Index &&group_by(std::initializer_list<std::string> columns) && { return std::move(append(groups_, columns)); }
    Index &&covering(std::initializer_list<std::string> columns) && { return std::move(append(covered_, columns)); }
    Index &&unique() && { return std::move(unique()); }
    Index &&option(std::string name, std::string value) && { return std::move(option(std::move(name), std::move(value))); }

private:
    friend class SchemaBuilder;
    std::string name_, kind_;
    std::vector<std::string> types_, columns_, groups_, covered_;
    std::vector<std::pair<std::string, std::string>> options_;
    bool unique_ = false;

    Index &append(std::vector<std::string> &to, std::initializer_list<std::string> columns) {
        to.insert(to.end(), columns);
        return *this;
    }
};

class SchemaBuilder;

/* Types of records, primary keys and indexes. */
class Schema {
public:
    static SchemaBuilder builder();

    /* The bytes of a FileDescriptorSet of its files. */
    std::string descriptor_set() const {
        rs_buffer set;
        detail::call(rs_schema_descriptor_set, get(), &set);
        return detail::take(set);
    }

    rs_schema *get() const noexcept { return handle_.get(); }

private:
    friend class SchemaBuilder;
    explicit Schema(rs_schema *schema) noexcept : handle_(schema) {}
    detail::Owned<rs_schema, rs_schema_free> handle_;
};

/* Declares a schema. What is wrong is thrown by build(). */
class SchemaBuilder {
public:
    SchemaBuilder() : handle_(rs_schema_builder_new()) {}

    /* A .proto file as text. */
    SchemaBuilder &proto(std::string_view name, std::string_view text) {
        return rs_schema_builder_proto(get(), detail::bytes(name), detail::bytes(text)), *this;
    }
    /* A .proto file on disk; its imports are beside it, or in `includes`. */
    SchemaBuilder &proto_file(std::string_view path, std::string_view includes = {}) {
        return rs_schema_builder_proto_file(get(), detail::bytes(path), detail::bytes(includes)), *this;
    }
    /* Compiled files: a FileDescriptorSet. */
    SchemaBuilder &descriptor_set(std::string_view set) {
        return rs_schema_builder_descriptor_set(get(), detail::bytes(set)), *this;
    }
    /* Columns of the primary key of a type: primary_key("Order", "user", "number"). */
    template <class... Columns>
    SchemaBuilder &primary_key(std::string_view record_type, const Columns &...columns) {
        (rs_schema_builder_primary_key(get(), detail::bytes(record_type), detail::bytes(std::string_view(columns))), ...);
        return *this;
    }
    SchemaBuilder &index(const Index &index) {
        rs_bytes name = detail::bytes(index.name_);
        rs_schema_builder_index(get(), name, detail::bytes(index.kind_));
        for (const auto &type : index.types_) rs_schema_builder_index_on(get(), name, detail::bytes(type));
        for (const auto &column : index.columns_) rs_schema_builder_index_column(get(), name, detail::bytes(column));
        for (const auto &column : index.groups_) rs_schema_builder_index_group_by(get(), name, detail::bytes(column));
        for (const auto &column : index.covered_) rs_schema_builder_index_covering(get(), name, detail::bytes(column));
        for (const auto &[option, value] : index.options_)
            rs_schema_builder_index_option(get(), name, detail::bytes(option), detail::bytes(value));
        if (index.unique_) rs_schema_builder_index_unique(get(), name);
        return *this;
    }
    SchemaBuilder &drop_index(std::string_view index) { return rs_schema_builder_drop_index(get(), detail::bytes(index)), *this; }
    SchemaBuilder &drop_type(std::string_view type) { return rs_schema_builder_drop_type(get(), detail::bytes(type)), *this; }
    /* Allows a change of the stored schema that is refused by itself, such as "allow_field_renames". */
    SchemaBuilder &allow(std::string_view change) { return rs_schema_builder_allow(get(), detail::bytes(change)), *this; }

    Schema build() const {
        rs_schema *schema = nullptr;
        detail::call(rs_schema_builder_build, get(), &schema);
        return Schema(schema);
    }

    rs_schema_builder *get() const noexcept { return handle_.get(); }

private:
    detail::Owned<rs_schema_builder, rs_schema_builder_free> handle_;
};

inline SchemaBuilder Schema::builder() { return SchemaBuilder(); }

/* A transaction, of Database::run or of Database::transaction. */
class Transaction {
public:
    /* The number of this attempt of Database::run, from 1. */
    unsigned attempt() const noexcept { return rs_transaction_attempt(get()); }
    /* Whether an earlier attempt may have committed. */
    bool maybe_committed() const noexcept { return rs_transaction_maybe_committed(get()); }
    /* Commits one of Database::transaction. Without it, the transaction is given up when the object goes. */
    void commit() { detail::call(rs_transaction_commit, get()); }
    void cancel() { detail::check(rs_transaction_cancel(get())); }

    rs_transaction *get() const noexcept { return handle_.get(); }

private:
    friend class Database;
    // One that rs_run has lent is not freed by the call: rs_run does that.
    explicit Transaction(rs_transaction *transaction) noexcept : handle_(transaction) {}
    detail::Owned<rs_transaction, rs_transaction_free> handle_;
};

/* What a scan reads, and how far it goes. */
class ScanOptions {
public:
    /* From this key on; of an index, from these first columns. */
    ScanOptions &from(Key key) { return from_ = std::move(key), *this; }
    /* Up to this key, and without it. */
    ScanOptions &to(Key key) { return to_ = std::move(key), *this; }
    /* Only keys that begin with these columns. */
    ScanOptions &within(Key key) { return within_ = std::move(key), *this; }
    ScanOptions &reverse(bool reverse = true) { return options_.reverse = reverse, *this; }
    ScanOptions &snapshot(bool snapshot = true) { return options_.snapshot = snapshot, *this; }
    ScanOptions &limit(std::uint64_t limit) { return options_.limit = limit, *this; }
    ScanOptions &skip(std::uint64_t skip) { return options_.skip = skip, *this; }
    ScanOptions &scanned_rows_max(std::uint64_t rows) { return options_.scanned_rows_max = rows, *this; }
    ScanOptions &scanned_bytes_max(std::uint64_t bytes) { return options_.scanned_bytes_max = bytes, *this; }
    ScanOptions &time_max(std::chrono::milliseconds time) { return options_.time_max_ms = detail::milliseconds(time), *this; }
    /* Goes on where another scan stopped. */
    ScanOptions &continuation(std::optional<std::string> kept) { return continuation_ = std::move(kept), *this; }

    /* The options of C, as long as this object stays as it is. */
    rs_scan_options get() const noexcept {
        rs_scan_options options = options_;
        options.from = from_ ? from_->get() : nullptr;
        options.to = to_ ? to_->get() : nullptr;
        options.within = within_ ? within_->get() : nullptr;
        options.continuation = continuation_ ? detail::bytes(*continuation_) : rs_str(nullptr);
        return options;
    }

private:
    rs_scan_options options_ = rs_scan_options_init();
    std::optional<Key> from_, to_, within_;
    std::optional<std::string> continuation_;
};

/* An entry of an index. */
struct IndexEntry {
    /* The columns of the index, then those of the primary key that are not among them. */
    Key key;
    /* The covered columns, or the aggregate of a group. */
    Key value;
    /* The primary key of the record, for Space::get. */
    Key primary_key;
};

/* The results of a scan, to be read once with a range-for: RecordView, IndexEntry or objects of a protobuf class. */
template <class T>
class Cursor {
public:
    /* Reads on; nothing at the end, and when a limit was reached. */
    std::optional<T> next() {
        if constexpr (std::is_same_v<T, IndexEntry>) {
            rs_index_entry entry;
            if (!detail::call(rs_cursor_next_entry, get(), &entry)) return std::nullopt;
            return IndexEntry{Key::unpack(detail::view(entry.key)), Key::unpack(detail::view(entry.value)),
                              Key::primary_key(detail::view(entry.primary_key))};
        } else {
            rs_record record;
            if (!detail::call(rs_cursor_next, get(), &record)) return std::nullopt;
            RecordView view(record);
            if constexpr (std::is_same_v<T, RecordView>)
                return view;
            else
                return view.template parse<T>();
        }
    }

    /* Where another scan goes on behind the last result; nothing when nothing follows. */
    std::optional<std::string> continuation() const {
        rs_bytes kept;
        if (!detail::call(rs_cursor_continuation, get(), &kept)) return std::nullopt;
        return std::string(detail::view(kept));
    }

    /* Why there is no next result: RS_REASON_NONE while there may be one. */
    rs_no_next_reason no_next_reason() const {
        rs_no_next_reason reason;
        detail::call(rs_cursor_no_next_reason, get(), &reason);
        return reason;
    }

    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using pointer = const T *;
        using reference = const T &;

        iterator() = default;
        explicit iterator(Cursor *cursor) : cursor_(cursor) { ++*this; }
        reference operator*() const { return *cursor_->current_; }
        pointer operator->() const { return &*cursor_->current_; }
        iterator &operator++() {
            cursor_->current_ = cursor_->next();
            if (!cursor_->current_) cursor_ = nullptr;
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const iterator &a, const iterator &b) { return a.cursor_ == b.cursor_; }
        friend bool operator!=(const iterator &a, const iterator &b) { return !(a == b); }

    private:
        Cursor *cursor_ = nullptr;
    };

    iterator begin() { return iterator(this); }
    iterator end() { return iterator(); }

    rs_cursor *get() const noexcept { return handle_.get(); }

private:
    friend class Space;
    explicit Cursor(rs_cursor *cursor) noexcept : handle_(cursor) {}
    detail::Owned<rs_cursor, rs_cursor_free> handle_;
    std::optional<T> current_;
};

/* The records of one schema under a path. Each call is a transaction of its own, or part of the one that is its first argument. */
class Space {
public:
    /* Saves an object of a protobuf class over the record with its key, if there is one. */
    template <class T, class = std::enable_if_t<detail::is_message<T>::value>>
    Record put(const T &message, const rs_put_options *options = nullptr) {
        return put_in(nullptr, detail::record_type_of(message), message.SerializeAsString(), options);
    }
    template <class T, class = std::enable_if_t<detail::is_message<T>::value>>
    Record put(Transaction &transaction, const T &message, const rs_put_options *options = nullptr) {
        return put_in(transaction.get(), detail::record_type_of(message), message.SerializeAsString(), options);
    }

    /* Saves the bytes of a protobuf message. */
    Record put(std::string_view record_type, std::string_view data, const rs_put_options *options = nullptr) {
        return put_in(nullptr, record_type, data, options);
    }
    Record put(Transaction &transaction, std::string_view record_type, std::string_view data,
               const rs_put_options *options = nullptr) {
        return put_in(transaction.get(), record_type, data, options);
    }

    /* Saves a record from protobuf's JSON. */
    Record put_json(std::string_view record_type, std::string_view json, const rs_put_options *options = nullptr) {
        return put_json_in(nullptr, record_type, json, options);
    }
    Record put_json(Transaction &transaction, std::string_view record_type, std::string_view json,
                    const rs_put_options *options = nullptr) {
        return put_json_in(transaction.get(), record_type, json, options);
    }

    /* Saves objects of protobuf classes, all or none. */
    template <class Messages>
    void put_all(const Messages &messages) {
        put_all_in(nullptr, messages);
    }
    template <class Messages>
    void put_all(Transaction &transaction, const Messages &messages) {
        put_all_in(transaction.get(), messages);
    }

    /* The record with this key. */
    std::optional<Record> get(const Key &key) { return get_in(nullptr, key); }
    std::optional<Record> get(Transaction &transaction, const Key &key) { return get_in(transaction.get(), key); }
    template <class T>
    std::optional<T> get(const Key &key) {
        return parsed<T>(get(key));
    }
    template <class T>
    std::optional<T> get(Transaction &transaction, const Key &key) {
        return parsed<T>(get(transaction, key));
    }
    /* The record with this key as protobuf's JSON. */
    std::optional<std::string> get_json(const Key &key) { return get_json_in(nullptr, key); }
    std::optional<std::string> get_json(Transaction &transaction, const Key &key) { return get_json_in(transaction.get(), key); }

    /* Deletes the record with this key; says whether there was one. */
    bool erase(const Key &key) { return ask(rs_delete, nullptr, key); }
    bool erase(Transaction &transaction, const Key &key) { return ask(rs_delete, transaction.get(), key); }
    void erase_all() { detail::call(rs_delete_all, handle(), nullptr); }
    void erase_all(Transaction &transaction) { detail::call(rs_delete_all, handle(), transaction.get()); }

    bool exists(const Key &key) { return ask(rs_exists, nullptr, key); }
    bool exists(Transaction &transaction, const Key &key) { return ask(rs_exists, transaction.get(), key); }

    /* How many records there are, by what counts them. */
    std::int64_t count() { return count_in(nullptr); }
    std::int64_t count(Transaction &transaction) { return count_in(transaction.get()); }

    /* What an index keeps for the groups that begin with these columns: a count, a sum, a least or greatest value. */
    std::optional<Key> aggregate(std::string_view index, const Key &group = Key()) { return aggregate_in(nullptr, index, group); }
    std::optional<Key> aggregate(Transaction &transaction, std::string_view index, const Key &group = Key()) {
        return aggregate_in(transaction.get(), index, group);
    }

    /* The records in the order of their primary keys. */
    template <class T = RecordView>
    Cursor<T> scan(const ScanOptions &options = ScanOptions()) {
        return scan_in<T>(nullptr, options);
    }
    template <class T = RecordView>
    Cursor<T> scan(Transaction &transaction, const ScanOptions &options = ScanOptions()) {
        return scan_in<T>(transaction.get(), options);
    }

    /* The records in the order of an index. */
    template <class T = RecordView>
    Cursor<T> scan_by(std::string_view index, const ScanOptions &options = ScanOptions()) {
        return Cursor<T>(scan_index_in(rs_scan_by, nullptr, index, options));
    }
    template <class T = RecordView>
    Cursor<T> scan_by(Transaction &transaction, std::string_view index, const ScanOptions &options = ScanOptions()) {
        return Cursor<T>(scan_index_in(rs_scan_by, transaction.get(), index, options));
    }

    /* The entries of an index in its order. */
    Cursor<IndexEntry> scan_index(std::string_view index, const ScanOptions &options = ScanOptions()) {
        return Cursor<IndexEntry>(scan_index_in(rs_scan_index, nullptr, index, options));
    }
    Cursor<IndexEntry> scan_index(Transaction &transaction, std::string_view index, const ScanOptions &options = ScanOptions()) {
        return Cursor<IndexEntry>(scan_index_in(rs_scan_index, transaction.get(), index, options));
    }

    rs_index_state index_state(std::string_view index) {
        rs_index_state state;
        detail::call(rs_get_index_state, handle(), nullptr, detail::bytes(index), &state);
        return state;
    }

    /* Builds all indexes that are not readable. `on_progress`, which may be left out, stops the build by throwing. */
    rs_build_summary build_indexes(std::function<void(const rs_build_progress &)> on_progress = {}) {
        struct State {
            std::function<void(const rs_build_progress &)> tell;
            std::exception_ptr thrown;
        } state{std::move(on_progress), nullptr};
        rs_build_options options = rs_build_options_init();
        options.context = &state;
        options.on_progress = [](const rs_build_progress *progress, void *context) -> rs_status {
            auto *state = static_cast<State *>(context);
            try {
                if (state->tell) state->tell(*progress);
                return RS_OK;
            } catch (...) {
                state->thrown = std::current_exception();
                return RS_USER;
            }
        };
        rs_build_summary summary;
        rs_error *error = nullptr;
        rs_status status = rs_build_indexes(handle(), &options, &summary, &error);
        if (state.thrown) {
            rs_error_free(error);
            std::rethrow_exception(state.thrown);
        }
        detail::check(status, error);
        return summary;
    }

    /* Opens the space at `path` below this one. */
    Space child(std::string_view path) { return child_with(path, nullptr); }
    Space child(std::string_view path, const Schema &schema) { return child_with(path, schema.get()); }
    std::vector<std::string> children() {
        rs_list paths;
        detail::call(rs_space_children, handle(), &paths);
        return detail::take(paths);
    }

    /* What would change if the space got this schema, in words. */
    std::string plan(const Schema &schema) {
        rs_buffer text;
        detail::call(rs_space_plan, handle(), schema.get(), &text);
        return detail::take(text);
    }

    rs_space *handle() const noexcept { return handle_.get(); }

private:
    friend class Database;
    explicit Space(rs_space *space) noexcept : handle_(space) {}
    detail::Owned<rs_space, rs_space_free> handle_;

    Space child_with(std::string_view path, const rs_schema *schema) {
        rs_space *space = nullptr;
        detail::call(rs_space_child, handle(), detail::bytes(path), schema, nullptr, &space);
        return Space(space);
    }
    Record put_in(rs_transaction *transaction, std::string_view record_type, std::string_view data, const rs_put_options *options) {
        rs_record saved;
        detail::call(rs_put, handle(), transaction, detail::bytes(record_type), detail::bytes(data), options, &saved);
        return Record(saved);
    }
    Record put_json_in(rs_transaction *transaction, std::string_view record_type, std::string_view json,
                       const rs_put_options *options) {
        rs_record saved;
        detail::call(rs_put_json, handle(), transaction, detail::bytes(record_type), detail::bytes(json), options, &saved);
        return Record(saved);
    }
    template <class Messages>
    void put_all_in(rs_transaction *transaction, const Messages &messages) {
        std::vector<std::pair<std::string, std::string>> encoded;
        for (const auto &message : messages)
            encoded.emplace_back(detail::record_type_of(message), message.SerializeAsString());
        std::vector<rs_put_item> items;
        for (const auto &[record_type, data] : encoded) items.push_back({detail::bytes(record_type), detail::bytes(data)});
        detail::call(rs_put_all, handle(), transaction, items.data(), items.size());
    }
    std::optional<Record> get_in(rs_transaction *transaction, const Key &key) {
        rs_record record;
        if (!detail::call(rs_get, handle(), transaction, key.get(), &record)) return std::nullopt;
        return Record(record);
    }
    std::optional<std::string> get_json_in(rs_transaction *transaction, const Key &key) {
        rs_buffer json;
        if (!detail::call(rs_get_json, handle(), transaction, key.get(), &json)) return std::nullopt;
        return detail::take(json);
    }
    template <class T>
    static std::optional<T> parsed(const std::optional<Record> &record) {
        if (!record) return std::nullopt;
        return record->template parse<T>();
    }
    template <class Function>
    bool ask(Function function, rs_transaction *transaction, const Key &key) {
        bool answer = false;
        detail::call(function, handle(), transaction, key.get(), &answer);
        return answer;
    }
    std::int64_t count_in(rs_transaction *transaction) {
        std::int64_t count = 0;
        detail::call(rs_count, handle(), transaction, &count);
        return count;
    }
    std::optional<Key> aggregate_in(rs_transaction *transaction, std::string_view index, const Key &group) {
        rs_key *value = nullptr;
        if (!detail::call(rs_aggregate, handle(), transaction, detail::bytes(index), group.get(), &value)) return std::nullopt;
        return Key::take(value);
    }
    template <class T>
    Cursor<T> scan_in(rs_transaction *transaction, const ScanOptions &options) {
        rs_cursor *cursor = nullptr;
        rs_scan_options given = options.get();
        detail::call(rs_scan, handle(), transaction, &given, &cursor);
        return Cursor<T>(cursor);
    }
    template <class Function>
    rs_cursor *scan_index_in(Function function, rs_transaction *transaction, std::string_view index, const ScanOptions &options) {
        rs_cursor *cursor = nullptr;
        rs_scan_options given = options.get();
        detail::call(function, handle(), transaction, detail::bytes(index), &given, &cursor);
        return cursor;
    }
};

/* How long Database::run tries. */
struct RunOptions {
    /* No new attempt starts after this time; none for no limit. */
    std::optional<std::chrono::milliseconds> timeout = std::chrono::seconds(30);
    /* At most so many attempts; 0 for no limit. */
    std::uint32_t max_attempts = 0;
};

/* An open database. When it goes it closes, and all that came from it. */
class Database {
public:
    /* Opens "memory:", a path, "file:" and a path, or "fdb:" and a cluster file. All spaces lie below the directory `root`. */
    static Database open(std::string_view url, std::string_view root = {}) {
        if (rs_abi_version() != RS_ABI_VERSION)
            throw Error(RS_UNSUPPORTED, "librecord_store is not of the release of its headers: compile the program again");
        rs_open_options options = rs_open_options_init();
        if (!root.empty()) options.root = detail::bytes(root);
        rs_database *database = nullptr;
        detail::call(rs_open, detail::bytes(url), &options, &database);
        return Database(database);
    }

    /* Closes it before the object goes. */
    void close() { handle_ = {}; }

    /* Opens the space at `path`, with the schema that is stored. */
    Space space(std::string_view path) { return open_space(path, nullptr, nullptr); }
    /* Opens the space at `path`; it is made if it is not there, and what the schema adds is added. */
    Space space(std::string_view path, const Schema &schema, bool build_indexes = false) {
        rs_space_options options = rs_space_options_init();
        options.build_indexes = build_indexes;
        return open_space(path, schema.get(), &options);
    }

    /* The paths of all spaces, or of those below `prefix`. */
    std::vector<std::string> spaces(std::string_view prefix = {}) {
        rs_list paths;
        detail::call(rs_spaces, get(), detail::bytes(prefix), &paths);
        return detail::take(paths);
    }
    bool space_exists(std::string_view path) {
        bool exists = false;
        detail::call(rs_space_exists, get(), detail::bytes(path), &exists);
        return exists;
    }
    /* Removes a space with all below it; says whether there was one. */
    bool remove_space(std::string_view path) {
        bool removed = false;
        detail::call(rs_remove_space, get(), detail::bytes(path), &removed);
        return removed;
    }
    void move_space(std::string_view from, std::string_view to) {
        detail::call(rs_move_space, get(), detail::bytes(from), detail::bytes(to));
    }

    /*
     * Runs body(transaction) in a transaction, commits it and returns what it returns. On a conflict it is tried again, so the
     * body must have no effects but through the transaction. What it throws comes out as it is, and nothing is committed.
     */
    template <class Body>
    auto run(Body &&body, const RunOptions &how = RunOptions()) -> std::invoke_result_t<Body &, Transaction &> {
        using Result = std::invoke_result_t<Body &, Transaction &>;
        struct State {
            Body &body;
            std::conditional_t<std::is_void_v<Result>, std::monostate, std::optional<Result>> result;
            std::exception_ptr thrown;
        } state{body, {}, nullptr};
        rs_body attempt = [](rs_transaction *lent, void *context, rs_error **) -> rs_status {
            auto *state = static_cast<State *>(context);
            state->thrown = nullptr;
            try {
                Transaction transaction(lent);
                if constexpr (std::is_void_v<Result>)
                    state->body(transaction);
                else
                    state->result.emplace(state->body(transaction));
                return RS_OK;
            } catch (const Error &failed) {
                state->thrown = std::current_exception();
                // By the status of a call of the transaction that failed rs_run knows whether to try again.
                return failed.status();
            } catch (...) {
                state->thrown = std::current_exception();
                return RS_USER;
            }
        };
        rs_run_options options = rs_run_options_init();
        options.timeout_ms = how.timeout ? std::max<std::uint64_t>(1, detail::milliseconds(*how.timeout)) : UINT64_MAX;
        options.max_attempts = how.max_attempts;
        rs_error *error = nullptr;
        rs_status status = rs_run(get(), &options, attempt, &state, &error);
        if (status != RS_OK && state.thrown) {
            rs_error_free(error);
            std::rethrow_exception(state.thrown);
        }
        detail::check(status, error);
        if constexpr (!std::is_void_v<Result>) return std::move(*state.result);
    }

    /* A transaction to be committed by hand; it is tried once. */
    Transaction transaction() {
        rs_transaction *transaction = nullptr;
        detail::call(rs_transaction_begin, get(), &transaction);
        return Transaction(transaction);
    }

    rs_database *get() const noexcept { return handle_.get(); }

private:
    explicit Database(rs_database *database) noexcept : handle_(database) {}
    detail::Owned<rs_database, rs_close> handle_;

    Space open_space(std::string_view path, const rs_schema *schema, const rs_space_options *options) {
        rs_space *space = nullptr;
        detail::call(rs_space_open, get(), detail::bytes(path), schema, options, &space);
        return Space(space);
    }
};

} // namespace record_store

#endif
