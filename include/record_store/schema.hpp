/* Schema: which records there are, what their keys are and which indexes they have. */
#ifndef RECORD_STORE_SCHEMA_HPP
#define RECORD_STORE_SCHEMA_HPP

#include "field.hpp"

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace record_store {

/*
 * An index of a schema:
 *
 *     Index("by_city").on("User").columns({"city", "age"}).covering({"name"})
 *     Index("adults").on("User").columns({"name"}).where(field("age") >= 18)
 *     Index("by_line").on("Order").columns(field("lines").fan_out().nest("article", "count"))
 */
class Index {
public:
    explicit Index(std::string name, std::string kind = "value") : name_(std::move(name)), kind_(std::move(kind)) {}

    /* An index that counts records, all or by group. */
    static Index count(std::string name) { return Index(std::move(name), "count"); }

    Index &on(std::string record_type) & { return types_.push_back(std::move(record_type)), *this; }
    Index &columns(std::initializer_list<std::string> columns) & { return append(columns_, columns); }
    /* A whole key expression, which is taken as it is. */
    Index &columns(const Expression &expression) & { return expression_ = expression, *this; }
    /* Only records of which this is true are indexed. */
    Index &where(const Filter &filter) & { return condition_ = filter, *this; }
    Index &group_by(std::initializer_list<std::string> columns) & { return append(groups_, columns); }
    Index &covering(std::initializer_list<std::string> columns) & { return append(covered_, columns); }
    Index &unique() & { return unique_ = true, *this; }
    Index &option(std::string name, std::string value) & { return options_.emplace_back(std::move(name), std::move(value)), *this; }
    Index &&on(std::string record_type) && { return std::move(on(std::move(record_type))); }
    Index &&columns(std::initializer_list<std::string> columns) && { return std::move(append(columns_, columns)); }
    Index &&columns(const Expression &expression) && { return std::move(columns(expression)); }
    Index &&where(const Filter &filter) && { return std::move(where(filter)); }
    Index &&group_by(std::initializer_list<std::string> columns) && { return std::move(append(groups_, columns)); }
    Index &&covering(std::initializer_list<std::string> columns) && { return std::move(append(covered_, columns)); }
    Index &&unique() && { return std::move(unique()); }
    Index &&option(std::string name, std::string value) && { return std::move(option(std::move(name), std::move(value))); }

private:
    friend class SchemaBuilder;
    std::string name_, kind_;
    std::vector<std::string> types_, columns_, groups_, covered_;
    std::vector<std::pair<std::string, std::string>> options_;
    std::optional<Expression> expression_;
    std::optional<Filter> condition_;
    bool unique_ = false;

    Index &append(std::vector<std::string> &to, std::initializer_list<std::string> columns) {
        to.insert(to.end(), columns);
        return *this;
    }
};

class SchemaBuilder;

/* Types of records, primary keys and indexes. */
class Schema {
public:
    static SchemaBuilder builder();

    /* The bytes of a FileDescriptorSet of its files. */
    std::string descriptor_set() const {
        rs_buffer set;
        detail::call(rs_schema_descriptor_set, get(), &set);
        return detail::take(set);
    }

    rs_schema *get() const noexcept { return handle_.get(); }

private:
    friend class SchemaBuilder;
    explicit Schema(rs_schema *schema) noexcept : handle_(schema) {}
    detail::Owned<rs_schema, rs_schema_free> handle_;
};

/* Declares a schema. What is wrong is thrown by build(). */
class SchemaBuilder {
public:
    SchemaBuilder() : handle_(rs_schema_builder_new()) {}

    /* A .proto file as text. */
    SchemaBuilder &proto(std::string_view name, std::string_view text) {
        return rs_schema_builder_proto(get(), detail::bytes(name), detail::bytes(text)), *this;
    }
    /* A .proto file on disk; its imports are beside it, or in `includes`. */
    SchemaBuilder &proto_file(std::string_view path, std::string_view includes = {}) {
        return rs_schema_builder_proto_file(get(), detail::bytes(path), detail::bytes(includes)), *this;
    }
    /* Compiled files: a FileDescriptorSet. */
    SchemaBuilder &descriptor_set(std::string_view set) {
        return rs_schema_builder_descriptor_set(get(), detail::bytes(set)), *this;
    }
    /* Columns of the primary key of a type: primary_key("Order", "user", "number"); or a whole key expression. */
    template <class... Columns>
    SchemaBuilder &primary_key(std::string_view record_type, const Columns &...columns) {
        if constexpr ((... || std::is_convertible_v<Columns, Expression>))
            rs_schema_builder_primary_key_expression(get(), detail::bytes(record_type), keys::concat(columns...).get());
        else
            (rs_schema_builder_primary_key(get(), detail::bytes(record_type), detail::bytes(std::string_view(columns))), ...);
        return *this;
    }
    SchemaBuilder &index(const Index &index) {
        rs_bytes name = detail::bytes(index.name_);
        rs_schema_builder_index(get(), name, detail::bytes(index.kind_));
        for (const auto &type : index.types_) rs_schema_builder_index_on(get(), name, detail::bytes(type));
        for (const auto &column : index.columns_) rs_schema_builder_index_column(get(), name, detail::bytes(column));
        for (const auto &column : index.groups_) rs_schema_builder_index_group_by(get(), name, detail::bytes(column));
        for (const auto &column : index.covered_) rs_schema_builder_index_covering(get(), name, detail::bytes(column));
        for (const auto &[option, value] : index.options_)
            rs_schema_builder_index_option(get(), name, detail::bytes(option), detail::bytes(value));
        if (index.expression_) rs_schema_builder_index_expression(get(), name, index.expression_->get());
        if (index.condition_) rs_schema_builder_index_where(get(), name, index.condition_->get());
        if (index.unique_) rs_schema_builder_index_unique(get(), name);
        return *this;
    }
    SchemaBuilder &drop_index(std::string_view index) { return rs_schema_builder_drop_index(get(), detail::bytes(index)), *this; }
    SchemaBuilder &drop_type(std::string_view type) { return rs_schema_builder_drop_type(get(), detail::bytes(type)), *this; }
    /* Allows a change of the stored schema that is refused by itself, such as "allow_field_renames". */
    SchemaBuilder &allow(std::string_view change) { return rs_schema_builder_allow(get(), detail::bytes(change)), *this; }

    Schema build() const {
        rs_schema *schema = nullptr;
        detail::call(rs_schema_builder_build, get(), &schema);
        return Schema(schema);
    }

    rs_schema_builder *get() const noexcept { return handle_.get(); }

private:
    detail::Owned<rs_schema_builder, rs_schema_builder_free> handle_;
};

inline SchemaBuilder Schema::builder() { return SchemaBuilder(); }

} // namespace record_store

#endif
