/* Transaction: one attempt of Database::run, or one that its user commits. */
#ifndef RECORD_STORE_TRANSACTION_HPP
#define RECORD_STORE_TRANSACTION_HPP

#include "detail.hpp"

#include <optional>
#include <string>

namespace record_store {

class Database;

/* A transaction, of Database::run or of Database::transaction. */
class Transaction {
public:
    /* The number of this attempt of Database::run, from 1. */
    unsigned attempt() const noexcept { return rs_transaction_attempt(get()); }
    /* Whether an earlier attempt may have committed. */
    bool maybe_committed() const noexcept { return rs_transaction_maybe_committed(get()); }
    /* Commits one of Database::transaction. Without it, the transaction is given up when the object goes. */
    void commit() { detail::call(rs_transaction_commit, get()); }
    /* The 10 bytes that order one of Database::transaction among all others; nothing before its commit, or without saved versions. */
    std::optional<std::string> versionstamp() const {
        rs_bytes versionstamp;
        if (!detail::check(rs_transaction_versionstamp(get(), &versionstamp))) return std::nullopt;
        return std::string(detail::view(versionstamp));
    }
    void cancel() { detail::check(rs_transaction_cancel(get())); }

    rs_transaction *get() const noexcept { return handle_.get(); }

private:
    friend class Database;
    // One that rs_run has lent is not freed by the call: rs_run does that.
    explicit Transaction(rs_transaction *transaction) noexcept : handle_(transaction) {}
    detail::Owned<rs_transaction, rs_transaction_free> handle_;
};

} // namespace record_store

#endif
