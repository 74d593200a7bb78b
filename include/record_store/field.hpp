/* Field: a field of a record, as a column of keys and as what filters compare. */
#ifndef RECORD_STORE_FIELD_HPP
#define RECORD_STORE_FIELD_HPP

#include "expression.hpp"
#include "filter.hpp"

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace record_store {

/* A field of a record; dots lead into messages. What is compared with an absent value is neither true nor false, as in SQL. */
class Field {
public:
    explicit Field(std::string path) : path_(std::move(path)) {}

    /* Comparisons with a number, a text, a truth value or a parameter; == nullptr asks whether there is no value. */
    template <class Value>
    friend Filter operator==(const Field &field, const Value &value) {
        return field.compare(RS_EQUALS, RS_IS_NULL, value);
    }
    template <class Value>
    friend Filter operator!=(const Field &field, const Value &value) {
        return field.compare(RS_NOT_EQUALS, RS_NOT_NULL, value);
    }
    template <class Value>
    friend Filter operator<(const Field &field, const Value &value) {
        return field.compare(RS_LESS_THAN, value);
    }
    template <class Value>
    friend Filter operator<=(const Field &field, const Value &value) {
        return field.compare(RS_LESS_THAN_OR_EQUALS, value);
    }
    template <class Value>
    friend Filter operator>(const Field &field, const Value &value) {
        return field.compare(RS_GREATER_THAN, value);
    }
    template <class Value>
    friend Filter operator>=(const Field &field, const Value &value) {
        return field.compare(RS_GREATER_THAN_OR_EQUALS, value);
    }
    /* From `low` to `high`, both included. */
    template <class Low, class High>
    Filter between(const Low &low, const High &high) const {
        return *this >= low && *this <= high;
    }
    /* One of these values. */
    template <class... Values>
    Filter in(const Values &...values) const {
        return compare_with(RS_IN, Key(values...).get());
    }
    Filter in(const Parameter &values) const { return compare(RS_IN, values); }
    /* A text or bytes that begin so. */
    template <class Value>
    Filter starts_with(const Value &prefix) const {
        return compare(RS_STARTS_WITH, prefix);
    }
    /* A text in the form of a pattern of SQL: % stands for any text and _ for one character. */
    Filter like(std::string_view pattern) const { return compare(RS_LIKE, pattern); }
    Filter is_null() const { return compare_with(RS_IS_NULL, nullptr); }
    Filter is_not_null() const { return compare_with(RS_NOT_NULL, nullptr); }
    /* The repeated field has no values, or has some. */
    Filter is_empty() const { return compare_with(RS_IS_EMPTY, nullptr); }
    Filter is_not_empty() const { return compare_with(RS_NOT_EMPTY, nullptr); }

    /* In a filter: one of the values of a repeated field. */
    Field any() const {
        Field field(*this);
        field.any_ = true;
        return field;
    }
    /* A filter is true of one of the messages in the repeated field, or of the message in the field. */
    Filter any(const Filter &filter) const { return Filter::make(rs_filter_any, detail::bytes(path_), filter.get()); }
    Filter matches(const Filter &filter) const { return Filter::make(rs_filter_matches, detail::bytes(path_), filter.get()); }

    /* As a column of a repeated field: a row for each value, or all values in one column. */
    Field fan_out() const { return with_fan(RS_FAN_OUT); }
    Field concatenate() const { return with_fan(RS_FAN_CONCATENATE); }
    /* As a column of a unique index: records without a value collide, as those with the same value do. */
    Field unique_null() const { return with_missing(RS_MISSING_UNIQUE_NULL); }
    /* As a column: the field's default where there is no value. */
    Field not_null() const { return with_missing(RS_MISSING_DEFAULT); }
    /* As columns: those of the message in this field. */
    template <class... Columns>
    Expression nest(const Columns &...columns) const {
        return expression(keys::concat(columns...).get());
    }
    /* As a column grouped by others. */
    template <class... Columns>
    Expression group_by(const Columns &...columns) const {
        return expression().group_by(columns...);
    }
    Expression ungrouped() const { return expression().ungrouped(); }
    operator Expression() const { return expression(); }

private:
    std::string path_;
    rs_fan_type fan_ = RS_FAN_NONE;
    rs_null_standin missing_ = RS_MISSING_NULL;
    bool any_ = false;

    Field with_fan(rs_fan_type fan) const {
        Field field(*this);
        field.fan_ = fan;
        return field;
    }
    Field with_missing(rs_null_standin missing) const {
        Field field(*this);
        field.missing_ = missing;
        return field;
    }
    Expression expression(const rs_expression *nested = nullptr) const {
        if (any_) throw Error(RS_INVALID_ARGUMENT, "any() is for filters: a column has all values, with fan_out() or concatenate()");
        return Expression::make(rs_expression_field, detail::bytes(path_), fan_, missing_, nested);
    }

    Filter compare_with(rs_comparison comparison, const rs_key *value) const {
        return Filter::make(any_ ? rs_filter_compare_any : rs_filter_compare, detail::bytes(path_), comparison, value);
    }
    template <class Value>
    Filter compare(rs_comparison comparison, const Value &value) const {
        static_assert(!std::is_same_v<Value, Field>, "a field is compared with a value, not with another field");
        if constexpr (std::is_same_v<Value, Parameter>) {
            if (any_) throw Error(RS_INVALID_ARGUMENT, "any() is compared with a value, not with a parameter");
            return Filter::make(rs_filter_compare_parameter, detail::bytes(path_), comparison, detail::bytes(value.name()));
        } else {
            Key key;
            key.add(value);
            return compare_with(comparison, key.get());
        }
    }
    /* As above; a comparison with nothing is another one. */
    template <class Value>
    Filter compare(rs_comparison comparison, rs_comparison with_nothing, const Value &value) const {
        if constexpr (std::is_same_v<Value, std::nullptr_t>)
            return compare_with(with_nothing, nullptr);
        else
            return compare(comparison, value);
    }
};

/* The field `path` of a record: field("age") >= 18, field("address.city") == "Basel". */
inline Field field(std::string path) { return Field(std::move(path)); }

} // namespace record_store

#endif
