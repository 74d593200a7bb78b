/* Expression: which columns of a record make a key, where the names of fields are not enough. */
#ifndef RECORD_STORE_EXPRESSION_HPP
#define RECORD_STORE_EXPRESSION_HPP

#include "key.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace record_store {

/* A key expression, made of field(...) and the functions of record_store::keys. It does not change; copies are cheap. */
class Expression {
public:
    /* How many columns it has. */
    std::size_t column_count() const noexcept { return rs_expression_column_count(get()); }

    /* The columns of this expression for each group of others; without any they are one group. */
    template <class... Columns>
    Expression group_by(const Columns &...columns) const;
    Expression ungrouped() const { return make(rs_expression_group_by, get(), static_cast<const rs_expression *>(nullptr)); }
    /* The rows of this expression of one column, dealt into rows of `size` columns. */
    Expression split(std::size_t size) const { return make(rs_expression_split, get(), size); }

    /* The expression in words, for people. */
    std::string to_string() const {
        rs_buffer text;
        detail::call(rs_expression_to_text, get(), &text);
        return detail::take(text);
    }

    rs_expression *get() const noexcept { return handle_.get(); }

    /* What a function of C that makes an expression gives. */
    template <class Function, class... Arguments>
    static Expression make(Function function, Arguments... arguments) {
        rs_expression *expression = nullptr;
        detail::call(function, arguments..., &expression);
        return Expression(expression);
    }

private:
    explicit Expression(rs_expression *expression) : handle_(expression, rs_expression_free) {}
    std::shared_ptr<rs_expression> handle_;
};

/* The functions that make key expressions. A column is the name of a field, a Field or an Expression. */
namespace keys {

inline Expression column(const Expression &expression) { return expression; }
inline Expression column(std::string_view field) {
    return Expression::make(rs_expression_field, detail::bytes(field), RS_FAN_NONE, RS_MISSING_NULL,
                            static_cast<const rs_expression *>(nullptr));
}

/* What joins the columns of a list. */
template <class Function, class... Columns>
Expression joined(Function function, const Columns &...columns) {
    std::vector<Expression> expressions{column(columns)...};
    std::vector<const rs_expression *> handles;
    for (const auto &expression : expressions) handles.push_back(expression.get());
    return Expression::make(function, static_cast<const rs_expression *const *>(handles.data()), handles.size());
}

/* The columns of all of these, one after the other. */
template <class... Columns>
Expression concat(const Columns &...columns) {
    return joined(rs_expression_concat, columns...);
}
/* Each of these packed into one column. */
template <class... Columns>
Expression packed(const Columns &...columns) {
    return joined(rs_expression_packed, columns...);
}
/* No columns: what a count index counts, before it is grouped. */
inline Expression empty() { return concat(); }
/* The version of the record. */
inline Expression version() { return Expression::make(rs_expression_version); }
/* The key of the record's type. */
inline Expression record_type() { return Expression::make(rs_expression_record_type); }
/* A constant. */
template <class Value>
Expression literal(const Value &value) {
    Key key(value);
    return Expression::make(rs_expression_literal, static_cast<const rs_key *>(key.get()));
}
/* The function `name` of these columns. */
template <class... Columns>
Expression function(std::string_view name, const Columns &...columns) {
    return Expression::make(rs_expression_function, detail::bytes(name), concat(columns...).get());
}
/* The columns of `key` as the key of each entry and those of `value` as its value. */
template <class KeyColumns, class ValueColumns>
Expression with_value(const KeyColumns &key, const ValueColumns &value) {
    return Expression::make(rs_expression_with_value, column(key).get(), column(value).get());
}

} // namespace keys

template <class... Columns>
Expression Expression::group_by(const Columns &...columns) const {
    return make(rs_expression_group_by, get(), keys::concat(columns...).get());
}

} // namespace record_store

#endif
