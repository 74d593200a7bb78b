/* SpaceIndexes: what a Space does with indexes. */
#ifndef RECORD_STORE_SPACE_INDEXES_HPP
#define RECORD_STORE_SPACE_INDEXES_HPP

#include "cursor.hpp"
#include "expression.hpp"
#include "key.hpp"
#include "transaction.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace record_store {

/* Counts, scans and states of the indexes of a Space, and their building: a Space has all of it. */
class SpaceIndexes {
public:
    /* How many records there are, by what counts them. */
    std::int64_t count() { return count_in(nullptr); }
    std::int64_t count(Transaction &transaction) { return count_in(transaction.get()); }

    /* How many records of a type there are, by what counts them. */
    std::int64_t count_of_type(std::string_view record_type) { return count_of_type_in(nullptr, record_type); }
    std::int64_t count_of_type(Transaction &transaction, std::string_view record_type) {
        return count_of_type_in(transaction.get(), record_type);
    }
    /* How many records have this value of a key, by what counts them: count_by(keys::concat("shop"), "Oslo"). */
    std::int64_t count_by(const Expression &key, const Key &value) { return count_by_in(nullptr, key, value); }
    std::int64_t count_by(Transaction &transaction, const Expression &key, const Key &value) {
        return count_by_in(transaction.get(), key, value);
    }

    /* What an index keeps for the groups that begin with these columns: a count, a sum, a least or greatest value. */
    std::optional<Key> aggregate(std::string_view index, const Key &group = Key()) { return aggregate_in(nullptr, index, group); }
    std::optional<Key> aggregate(Transaction &transaction, std::string_view index, const Key &group = Key()) {
        return aggregate_in(transaction.get(), index, group);
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

    /* What breaks the uniqueness of an index that is being built, or is not yet unique. */
    Cursor<UniquenessViolation> uniqueness_violations(std::string_view index, const ScanOptions &options = ScanOptions()) {
        return Cursor<UniquenessViolation>(scan_index_in(rs_scan_uniqueness_violations, nullptr, index, options));
    }
    Cursor<UniquenessViolation> uniqueness_violations(Transaction &transaction, std::string_view index,
                                                      const ScanOptions &options = ScanOptions()) {
        return Cursor<UniquenessViolation>(scan_index_in(rs_scan_uniqueness_violations, transaction.get(), index, options));
    }
    /* Deletes the records that have this value in a unique index, but for the one whose key is `keep`, if there is one. */
    void resolve_uniqueness(std::string_view index, const Key &value, const std::optional<Key> &keep = std::nullopt) {
        resolve_in(nullptr, index, value, keep);
    }
    void resolve_uniqueness(Transaction &transaction, std::string_view index, const Key &value,
                            const std::optional<Key> &keep = std::nullopt) {
        resolve_in(transaction.get(), index, value, keep);
    }

    /* The state of an index, and of all by their names. */
    rs_index_state index_state(std::string_view index) { return index_state_in(nullptr, index); }
    rs_index_state index_state(Transaction &transaction, std::string_view index) { return index_state_in(transaction.get(), index); }
    std::map<std::string, rs_index_state> index_states() { return index_states_in(nullptr); }
    std::map<std::string, rs_index_state> index_states(Transaction &transaction) { return index_states_in(transaction.get()); }
    /* Puts an index into a state; says whether that changed anything. */
    bool mark_index(std::string_view index, rs_index_state state) { return mark_in(nullptr, index, state); }
    bool mark_index(Transaction &transaction, std::string_view index, rs_index_state state) {
        return mark_in(transaction.get(), index, state);
    }
    /* Takes an index out of use and clears its entries: it costs nothing until it is built again. */
    bool disable_index(std::string_view index) { return mark_index(index, RS_INDEX_DISABLED); }
    bool disable_index(Transaction &transaction, std::string_view index) { return mark_index(transaction, index, RS_INDEX_DISABLED); }
    /* Builds an index again, in one transaction: for spaces of few records. */
    void rebuild_index(std::string_view index) { detail::call(rs_rebuild_index, handle(), nullptr, detail::bytes(index)); }
    void rebuild_index(Transaction &transaction, std::string_view index) {
        detail::call(rs_rebuild_index, handle(), transaction.get(), detail::bytes(index));
    }

    /*
     * Builds all indexes that are not readable, or as `options` say, whose callback is not used. `on_progress`, which may be left out,
     * stops the build by throwing.
     */
    rs_build_summary build_indexes(std::function<void(const rs_build_progress &)> on_progress = {},
                                   rs_build_options options = rs_build_options_init()) {
        struct State {
            std::function<void(const rs_build_progress &)> tell;
            std::exception_ptr thrown;
        } state{std::move(on_progress), nullptr};
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

    rs_space *handle() const noexcept { return handle_.get(); }

protected:
    explicit SpaceIndexes(rs_space *space) noexcept : handle_(space) {}

private:
    detail::Owned<rs_space, rs_space_free> handle_;

    std::int64_t count_in(rs_transaction *transaction) {
        std::int64_t count = 0;
        detail::call(rs_count, handle(), transaction, &count);
        return count;
    }
    std::int64_t count_of_type_in(rs_transaction *transaction, std::string_view record_type) {
        std::int64_t count = 0;
        detail::call(rs_count_of_type, handle(), transaction, detail::bytes(record_type), &count);
        return count;
    }
    std::int64_t count_by_in(rs_transaction *transaction, const Expression &key, const Key &value) {
        std::int64_t count = 0;
        detail::call(rs_count_by, handle(), transaction, key.get(), value.get(), &count);
        return count;
    }
    std::optional<Key> aggregate_in(rs_transaction *transaction, std::string_view index, const Key &group) {
        rs_key *value = nullptr;
        if (!detail::call(rs_aggregate, handle(), transaction, detail::bytes(index), group.get(), &value)) return std::nullopt;
        return Key::take(value);
    }
    void resolve_in(rs_transaction *transaction, std::string_view index, const Key &value, const std::optional<Key> &keep) {
        const rs_key *kept = keep ? keep->get() : nullptr;
        detail::call(rs_resolve_uniqueness, handle(), transaction, detail::bytes(index), value.get(), kept);
    }
    rs_index_state index_state_in(rs_transaction *transaction, std::string_view index) {
        rs_index_state state;
        detail::call(rs_get_index_state, handle(), transaction, detail::bytes(index), &state);
        return state;
    }
    std::map<std::string, rs_index_state> index_states_in(rs_transaction *transaction) {
        rs_index_states found;
        detail::call(rs_get_index_states, handle(), transaction, &found);
        std::map<std::string, rs_index_state> states;
        for (std::size_t at = 0; at < found.count; at++)
            states.emplace(detail::view(found.items[at].index), found.items[at].state);
        rs_index_states_free(&found);
        return states;
    }
    bool mark_in(rs_transaction *transaction, std::string_view index, rs_index_state state) {
        bool changed = false;
        detail::call(rs_mark_index, handle(), transaction, detail::bytes(index), state, &changed);
        return changed;
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
