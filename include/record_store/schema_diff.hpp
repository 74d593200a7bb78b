/* SchemaDiff: what a schema would change in a space. */
#ifndef RECORD_STORE_SCHEMA_DIFF_HPP
#define RECORD_STORE_SCHEMA_DIFF_HPP

#include "detail.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace record_store {

/* One thing that a schema has otherwise than the space. */
struct SchemaChange {
    /* What kind of thing it is, such as "index" or "field", and its name. */
    std::string subject, name;
    /* What happened to it: "added", "removed", "renamed", "changed" or "contradicts". */
    std::string action;
    /* Which part of it changed, what that was, and what it is now (or the new name). */
    std::optional<std::string> part, before, after;
    /* What that costs: "nothing", "index_build", "index_clear", or "refused" for what is not allowed. */
    std::string cost;
    /* The rule for which it is refused, and what to do instead. */
    std::optional<std::string> rule, way_out;
    /* The change in a line. */
    std::string text;
    /* Over how many records an index is built, or at least how many; 0 for no build. */
    std::uint64_t records = 0;
};

/* All that a schema would change. */
struct SchemaDiff {
    std::vector<SchemaChange> changes;
    /* Whether no change is refused. */
    bool allowed = true;

    /* Of changes of C, which it frees. */
    static SchemaDiff take(rs_changes given) {
        SchemaDiff diff;
        diff.allowed = given.allowed != 0;
        for (std::size_t at = 0; at < given.count; at++) {
            const rs_change &change = given.items[at];
            diff.changes.push_back({text(change.subject), text(change.name), text(change.action), optional(change.part),
                                    optional(change.before), optional(change.after), text(change.cost), optional(change.rule),
                                    optional(change.way_out), text(change.text), change.records});
        }
        rs_changes_free(&given);
        return diff;
    }

private:
    static std::string text(rs_bytes bytes) { return std::string(detail::view(bytes)); }
    static std::optional<std::string> optional(rs_bytes bytes) {
        if (bytes.data == nullptr) return std::nullopt;
        return text(bytes);
    }
};

} // namespace record_store

#endif
