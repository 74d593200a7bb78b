/* Error: what every call throws that fails. */
#ifndef RECORD_STORE_ERROR_HPP
#define RECORD_STORE_ERROR_HPP

#include "../record_store.h"

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace record_store {

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

} // namespace record_store

#endif
