/*
 * Record-Store for C++17 and later: this header over the C library, and nothing to compile.
 *
 *     auto db = record_store::Database::open("memory:");
 *     auto schema = record_store::Schema::builder().proto("user.proto", text).primary_key("User", "id").build();
 *     auto users = db.space("prod/users", schema);
 *     users.put(user);                                  // an object of a protobuf class
 *     std::optional<User> ada = users.get<User>(42);
 *     for (const User &user : users.query<User>({"age >= ?", 18})) { ... }
 *     for (const User &user : users.query<User>(field("age") >= 18 && field("address.city") == "Basel")) { ... }
 *
 * What fails throws record_store::Error, unless it is done within try_call. Objects are moved, not copied; a database closes all that came from it, and what is
 * used afterwards throws. Threads: a Database and a Space may be used by several at once, all others by one at a time.
 */
#ifndef RECORD_STORE_HPP
#define RECORD_STORE_HPP

#include "record_store/error.hpp"
#include "record_store/result.hpp"
#include "record_store/key.hpp"
#include "record_store/record.hpp"
#include "record_store/filter.hpp"
#include "record_store/expression.hpp"
#include "record_store/field.hpp"
#include "record_store/schema.hpp"
#include "record_store/schema_diff.hpp"
#include "record_store/transaction.hpp"
#include "record_store/cursor.hpp"
#include "record_store/query.hpp"
#include "record_store/space_indexes.hpp"
#include "record_store/space.hpp"
#include "record_store/database.hpp"

#endif
