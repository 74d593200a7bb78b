/* Space: the records of one schema under a path. */
#ifndef RECORD_STORE_SPACE_HPP
#define RECORD_STORE_SPACE_HPP

#include "cursor.hpp"
#include "key.hpp"
#include "query.hpp"
#include "record.hpp"
#include "schema.hpp"
#include "schema_diff.hpp"
#include "space_indexes.hpp"
#include "transaction.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace record_store {

class Database;

/* The records of one schema under a path. Each call is a transaction of its own, or part of the one that is its first argument. */
class Space : public SpaceIndexes {
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
    void put_all(const Messages &messages, const rs_put_options *options = nullptr) {
        put_all_in(nullptr, messages, options);
    }
    template <class Messages>
    void put_all(Transaction &transaction, const Messages &messages, const rs_put_options *options = nullptr) {
        put_all_in(transaction.get(), messages, options);
    }

    /* Saves a new object: one with its key is an error, RS_RECORD_ALREADY_EXISTS. */
    template <class T, class = std::enable_if_t<detail::is_message<T>::value>>
    Record insert(const T &message) {
        rs_put_options options = rs_put_options_init();
        options.existence = RS_ERROR_IF_EXISTS;
        return put(message, &options);
    }
    template <class T, class = std::enable_if_t<detail::is_message<T>::value>>
    Record insert(Transaction &transaction, const T &message) {
        rs_put_options options = rs_put_options_init();
        options.existence = RS_ERROR_IF_EXISTS;
        return put(transaction, message, &options);
    }
    /* Saves an object over the record of its key and type: if there is none, it is an error, RS_RECORD_NOT_FOUND. */
    template <class T, class = std::enable_if_t<detail::is_message<T>::value>>
    Record update(const T &message) {
        rs_put_options options = rs_put_options_init();
        options.existence = RS_ERROR_IF_NOT_EXISTS_OR_TYPE_CHANGED;
        return put(message, &options);
    }
    template <class T, class = std::enable_if_t<detail::is_message<T>::value>>
    Record update(Transaction &transaction, const T &message) {
        rs_put_options options = rs_put_options_init();
        options.existence = RS_ERROR_IF_NOT_EXISTS_OR_TYPE_CHANGED;
        return put(transaction, message, &options);
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

    /* Deletes all records whose primary keys begin with these columns, or all of a type, without reading them. */
    void erase_where(const Key &within) { detail::call(rs_delete_where, handle(), nullptr, within.get()); }
    void erase_where(Transaction &transaction, const Key &within) {
        detail::call(rs_delete_where, handle(), transaction.get(), within.get());
    }

    bool exists(const Key &key) { return ask(rs_exists, nullptr, key); }
    bool exists(Transaction &transaction, const Key &key) { return ask(rs_exists, transaction.get(), key); }

    /* The records in the order of their primary keys. */
    template <class T = RecordView>
    Cursor<T> scan(const ScanOptions &options = ScanOptions()) {
        return scan_in<T>(nullptr, options);
    }
    template <class T = RecordView>
    Cursor<T> scan(Transaction &transaction, const ScanOptions &options = ScanOptions()) {
        return scan_in<T>(transaction.get(), options);
    }

    /* The primary keys of the records, in their order and without the records. */
    Cursor<Key> scan_keys(const ScanOptions &options = ScanOptions()) { return scan_keys_in(nullptr, options); }
    Cursor<Key> scan_keys(Transaction &transaction, const ScanOptions &options = ScanOptions()) {
        return scan_keys_in(transaction.get(), options);
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

    /* Opens the space at `path` below this one. */
    Space child(std::string_view path) { return child_with(path, nullptr); }
    Space child(std::string_view path, const Schema &schema) { return child_with(path, schema.get()); }
    std::vector<std::string> children() {
        rs_list paths;
        detail::call(rs_space_children, handle(), &paths);
        return detail::take(paths);
    }

    /* What would change if the space got this schema: each change with its cost, or the rule that it breaks and the way out. */
    SchemaDiff changes(const Schema &schema) {
        rs_changes changes;
        detail::call(rs_space_changes, handle(), schema.get(), &changes);
        return SchemaDiff::take(changes);
    }
    /* The versions of the schemas that the space had, from the oldest to the current one. */
    std::vector<std::int32_t> schema_versions() {
        rs_schema_versions found;
        detail::call(rs_space_schema_versions, handle(), &found);
        std::vector<std::int32_t> versions(found.items, found.items + found.count);
        rs_schema_versions_free(&found);
        return versions;
    }
    /* What would change if the space got this schema, in words. */
    std::string plan(const Schema &schema) {
        rs_buffer text;
        detail::call(rs_space_plan, handle(), schema.get(), &text);
        return detail::take(text);
    }

private:
    friend class Database;
    explicit Space(rs_space *space) noexcept : SpaceIndexes(space) {}

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
    void put_all_in(rs_transaction *transaction, const Messages &messages, const rs_put_options *options) {
        std::vector<std::pair<std::string, std::string>> encoded;
        for (const auto &message : messages)
            encoded.emplace_back(detail::record_type_of(message), message.SerializeAsString());
        std::vector<rs_put_item> items;
        for (const auto &[record_type, data] : encoded) items.push_back({detail::bytes(record_type), detail::bytes(data)});
        detail::call(rs_put_all, handle(), transaction, items.data(), items.size(), options);
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
    template <class T>
    Cursor<T> scan_in(rs_transaction *transaction, const ScanOptions &options) {
        rs_cursor *cursor = nullptr;
        rs_scan_options given = options.get();
        detail::call(rs_scan, handle(), transaction, &given, &cursor);
        return Cursor<T>(cursor);
    }
    Cursor<Key> scan_keys_in(rs_transaction *transaction, const ScanOptions &options) {
        rs_cursor *cursor = nullptr;
        rs_scan_options given = options.get();
        detail::call(rs_scan_keys, handle(), transaction, &given, &cursor);
        return Cursor<Key>(cursor);
    }
    template <class T>
    Cursor<T> query_in(rs_transaction *transaction, const Query &query) {
        rs_cursor *cursor = nullptr;
        query.with_options([&](rs_bytes filter, const rs_query_options *options) {
            detail::call(rs_query, handle(), transaction, filter, options, &cursor);
        });
        return Cursor<T>(cursor);
    }
};

} // namespace record_store

#endif
