/* Filter: what must be true of a record. */
#ifndef RECORD_STORE_FILTER_HPP
#define RECORD_STORE_FILTER_HPP

#include "key.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace record_store {

/*
 * What must be true of a record: comparisons of field(...), joined by && and || and !, or text.
 *
 *     field("age") >= 18 && (field("address.city") == "Basel" || !field("email").is_null())
 *
 * It is made whole and does not change; copies are cheap. Both sides of && and || are made, as of any functions.
 */
class Filter {
public:
    /* Reads a filter from text in the manner of SQL, with the values of its `?`. */
    template <class... Values>
    static Filter parse(std::string_view text, const Values &...values) {
        Key parameters;
        (parameters.add(values), ...);
        return make(rs_filter_parse, detail::bytes(text), parameters.get());
    }

    friend Filter operator&&(const Filter &a, const Filter &b) { return joined(rs_filter_and, a, b); }
    friend Filter operator||(const Filter &a, const Filter &b) { return joined(rs_filter_or, a, b); }
    friend Filter operator!(const Filter &filter) { return make(rs_filter_not, filter.get()); }

    /* The filter as text, which `parse` reads. */
    std::string to_string() const {
        rs_buffer text;
        detail::call(rs_filter_to_text, get(), &text);
        return detail::take(text);
    }

    rs_filter *get() const noexcept { return handle_.get(); }

private:
    friend class Field;
    explicit Filter(rs_filter *filter) : handle_(filter, rs_filter_free) {}
    std::shared_ptr<rs_filter> handle_;

    template <class Function, class... Arguments>
    static Filter make(Function function, Arguments... arguments) {
        rs_filter *filter = nullptr;
        detail::call(function, arguments..., &filter);
        return Filter(filter);
    }
    template <class Function>
    static Filter joined(Function function, const Filter &a, const Filter &b) {
        const rs_filter *both[] = {a.get(), b.get()};
        return make(function, static_cast<const rs_filter *const *>(both), std::size_t(2));
    }
};

/* A value that is given when a query runs: field("age") >= parameter("least"), then Query::parameter("least", 18). */
class Parameter {
public:
    explicit Parameter(std::string name) : name_(std::move(name)) {}
    const std::string &name() const noexcept { return name_; }

private:
    std::string name_;
};

inline Parameter parameter(std::string name) { return Parameter(std::move(name)); }

} // namespace record_store

#endif
