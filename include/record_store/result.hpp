/* Result: what a call gives or why it failed, for those who would rather ask than catch. */
#ifndef RECORD_STORE_RESULT_HPP
#define RECORD_STORE_RESULT_HPP

#include "error.hpp"

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace record_store {

/* A value or an error. Made by try_call. */
template <class T>
class Result {
public:
    bool ok() const noexcept { return !error_; }
    explicit operator bool() const noexcept { return ok(); }

    /* The value; throws the error if there is none. */
    T &value() & { return throw_error(), *value_; }
    const T &value() const & { return throw_error(), *value_; }
    T value() && { return throw_error(), std::move(*value_); }
    /* The error; only if it is not ok. */
    const Error &error() const noexcept { return *error_; }

private:
    template <class Work>
    friend auto try_call(Work &&work);
    std::optional<T> value_;
    std::optional<Error> error_;

    void throw_error() const {
        if (error_) throw *error_;
    }
};

/*
 * Does something and gives what comes of it, or its record_store::Error; other exceptions pass through.
 *
 *     auto saved = record_store::try_call([&] { return users.put(user); });
 *     if (!saved) std::cerr << saved.error().what() << '\n';
 */
template <class Work>
auto try_call(Work &&work) {
    using Given = std::invoke_result_t<Work &>;
    Result<std::conditional_t<std::is_void_v<Given>, std::monostate, Given>> result;
    try {
        if constexpr (std::is_void_v<Given>) {
            work();
            result.value_.emplace();
        } else {
            result.value_.emplace(work());
        }
    } catch (const Error &error) {
        result.error_.emplace(error);
    }
    return result;
}

} // namespace record_store

#endif
