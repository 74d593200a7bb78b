/* Query: which records are wanted, in which order. */
#ifndef RECORD_STORE_QUERY_HPP
#define RECORD_STORE_QUERY_HPP

#include "field.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace record_store {

class Space;

/*
 * A filter with the values of its parameters, an order, and how far to go:
 *
 *     Query("age >= ? AND city = ?", 18, "Oslo").order_by({"name"}).limit(20)
 *     Query("city = ANY(:cities)").list("cities", "Oslo", "Rome")
 *     Query(field("age") >= 18 && field("city") == "Oslo")
 */
class Query {
public:
    /* Records of which the filter is true; all for an empty one. */
    template <class... Values>
    Query(std::string_view filter, const Values &...values) : filter_(filter) {
        (values_.add(values), ...);
    }
    template <class... Values>
    Query(const char *filter, const Values &...values) : Query(std::string_view(filter), values...) {}
    template <class... Values>
    Query(const std::string &filter, const Values &...values) : Query(std::string_view(filter), values...) {}

    Query(Filter filter) : built_(std::move(filter)) {}

    /* Only records of which this is true too. */
    Query &where(const Filter &filter) {
        built_ = built_ ? *built_ && filter : filter;
        return *this;
    }
    /* The value of `:name`. A query has either named parameters or values of `?`. */
    template <class Value>
    Query &parameter(std::string name, const Value &value) {
        values_.add(value);
        names_.push_back(std::move(name));
        return *this;
    }
    /* The list of values that `= ANY(:name)` asks for. */
    template <class... Values>
    Query &list(std::string name, const Values &...values) {
        values_.add_list(Key(values...));
        names_.push_back(std::move(name));
        return *this;
    }
    /* Only records of this type, and of those named before. */
    Query &record_type(std::string name) { return record_types_.push_back(std::move(name)), *this; }
    /* In the order of these columns. An index that has it is scanned, or else the records are sorted in memory. */
    Query &order_by(std::initializer_list<std::string> columns) { return order_by_ = columns, *this; }
    Query &reverse(bool reverse = true) { return options_.reverse = reverse, *this; }
    /* Only these indexes may be used. */
    Query &using_indexes(std::initializer_list<std::string> names) { return indexes_ = names, *this; }
    Query &limit(std::uint64_t limit) { return options_.limit = limit, *this; }
    Query &skip(std::uint64_t skip) { return options_.skip = skip, *this; }
    Query &snapshot(bool snapshot = true) { return options_.snapshot = snapshot, *this; }
    Query &scanned_rows_max(std::uint64_t rows) { return options_.scanned_rows_max = rows, *this; }
    Query &scanned_bytes_max(std::uint64_t bytes) { return options_.scanned_bytes_max = bytes, *this; }
    Query &time_max(std::chrono::milliseconds time) { return options_.time_max_ms = detail::milliseconds(time), *this; }
    /* Goes on where another run of the same query stopped. */
    Query &continuation(std::optional<std::string> kept) { return continuation_ = std::move(kept), *this; }

private:
    friend class Space;
    std::string filter_;
    std::optional<Filter> built_;
    Key values_;
    std::vector<std::string> names_, record_types_, order_by_, indexes_;
    std::optional<std::string> continuation_;
    rs_query_options options_ = rs_query_options_init();

    /* Calls a function with the filter and the options of C. */
    template <class Function>
    void with_options(Function function) const {
        auto views = [](const std::vector<std::string> &texts) {
            std::vector<rs_bytes> views;
            for (const auto &text : texts) views.push_back(detail::bytes(text));
            return views;
        };
        auto names = views(names_), record_types = views(record_types_), order_by = views(order_by_), indexes = views(indexes_);
        rs_query_options options = options_;
        options.parameters = values_.get();
        options.parameter_names = names.data();
        options.parameter_name_count = names.size();
        options.record_types = record_types.data();
        options.record_type_count = record_types.size();
        options.order_by = order_by.data();
        options.order_by_count = order_by.size();
        options.indexes = indexes.data();
        options.index_count = indexes.size();
        options.filter = built_ ? built_->get() : nullptr;
        if (continuation_) options.continuation = detail::bytes(*continuation_);
        function(detail::bytes(filter_), &options);
    }
};

} // namespace record_store

#endif
