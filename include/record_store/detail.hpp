/* What the other headers stand on: views of bytes, calls that throw, handles with one owner, protobuf classes. For them alone. */
#ifndef RECORD_STORE_DETAIL_HPP
#define RECORD_STORE_DETAIL_HPP

#include "error.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace record_store {

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

} // namespace record_store

#endif
