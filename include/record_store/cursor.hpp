/* ScanOptions and Cursor: what is scanned, and its results. */
#ifndef RECORD_STORE_CURSOR_HPP
#define RECORD_STORE_CURSOR_HPP

#include "key.hpp"
#include "record.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace record_store {

class Space;

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

/* A record with a value that a unique index may have once. */
struct UniquenessViolation {
    /* The columns of the index. */
    Key value;
    /* The primary key of a record with the value. */
    Key primary_key;
    /* The primary key of another record with the value, if it was noted down. */
    std::optional<Key> existing_primary_key;
};

/* Some results, and where the next ones begin. */
template <class T>
struct Page {
    std::vector<T> results;
    /* For the options of the same scan or query; nothing if nothing follows. */
    std::optional<std::string> continuation;
    /* Why there are fewer results than were asked for; RS_REASON_NONE if there are not. */
    rs_no_next_reason no_next_reason;
};

/*
 * The results of a scan, to be read once with a range-for: RecordView, objects of a protobuf class, Key (of scan_keys), IndexEntry
 * or UniquenessViolation.
 */
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
        } else if constexpr (std::is_same_v<T, Key>) {
            rs_bytes primary_key;
            if (!detail::call(rs_cursor_next_key, get(), &primary_key)) return std::nullopt;
            return Key::primary_key(detail::view(primary_key));
        } else if constexpr (std::is_same_v<T, UniquenessViolation>) {
            rs_uniqueness_violation violation;
            if (!detail::call(rs_cursor_next_violation, get(), &violation)) return std::nullopt;
            auto existing = detail::view(violation.existing_primary_key);
            return UniquenessViolation{Key::unpack(detail::view(violation.value)),
                                       Key::primary_key(detail::view(violation.primary_key)),
                                       existing.empty() ? std::nullopt : std::optional(Key::primary_key(existing))};
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

    /* The next results, at most so many, and where another scan goes on behind them. */
    Page<T> page(std::size_t size) {
        static_assert(!std::is_same_v<T, RecordView>, "a RecordView stays until the cursor goes on: name a class of messages");
        Page<T> page;
        while (page.results.size() < size) {
            std::optional<T> result = next();
            if (!result) break;
            page.results.push_back(std::move(*result));
        }
        page.continuation = continuation();
        page.no_next_reason = no_next_reason();
        return page;
    }

    /* All results that are left. */
    std::vector<T> all() { return page(static_cast<std::size_t>(-1)).results; }

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
    friend class SpaceIndexes;
    explicit Cursor(rs_cursor *cursor) noexcept : handle_(cursor) {}
    detail::Owned<rs_cursor, rs_cursor_free> handle_;
    std::optional<T> current_;
};

} // namespace record_store

#endif
