/* RecordView and Record: a record as it stands in a space. */
#ifndef RECORD_STORE_RECORD_HPP
#define RECORD_STORE_RECORD_HPP

#include "detail.hpp"

#include <string_view>
#include <utility>

namespace record_store {

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

} // namespace record_store

#endif
