/* Space: the records of one schema under a path. */
#ifndef RECORD_STORE_SPACE_HPP
#define RECORD_STORE_SPACE_HPP

#include "cursor.hpp"
#include "key.hpp"
#include "query.hpp"
#include "record.hpp"
#include "schema.hpp"
#include "transaction.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace record_store {

class Database;

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

    /* The records that a query asks for: query<User>(Query("age >= ?", 18).order_by({"name"})), or query("age >= 18"). */
    template <class T = RecordView>
    Cursor<T> query(const Query &query) {
        return query_in<T>(nullptr, query);
    }
    template <class T = RecordView>
    Cursor<T> query(Transaction &transaction, const Query &query) {
        return query_in<T>(transaction.get(), query);
    }
    /* How the records of a query would be found now, in words. */
    std::string explain(const Query &query) {
        rs_buffer plan;
        query.with_options([&](rs_bytes filter, const rs_query_options *options) {
            detail::call(rs_explain, handle(), filter, options, &plan);
        });
        return detail::take(plan);
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
    template <class T>
    Cursor<T> query_in(rs_transaction *transaction, const Query &query) {
        rs_cursor *cursor = nullptr;
        query.with_options([&](rs_bytes filter, const rs_query_options *options) {
            detail::call(rs_query, handle(), transaction, filter, options, &cursor);
        });
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

} // namespace record_store

#endif
