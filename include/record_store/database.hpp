/* Database: opening by URL, the tree of spaces, and transactions. */
#ifndef RECORD_STORE_DATABASE_HPP
#define RECORD_STORE_DATABASE_HPP

#include "schema.hpp"
#include "space.hpp"
#include "transaction.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace record_store {

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
                return failed.status() == RS_OK ? RS_USER : failed.status();
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
