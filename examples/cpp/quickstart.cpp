/*
 * The first program in C++: open a database, put records, read them, change one in a transaction.
 *
 *     c++ -std=c++17 quickstart.cpp $(pkg-config --cflags --libs record_store) -o quickstart && ./quickstart [database]
 *
 * Without an argument the database lives in memory; "data" would be a durable one in that directory. CMakeLists.txt beside it
 * builds it too.
 */
#include <record_store.hpp>

#include <cstdlib>
#include <iostream>

namespace rs = record_store;

static const char proto[] = R"(
syntax = "proto3";
package demo;
message User { int64 id = 1; string name = 2; string city = 3; }
)";

int main(int argc, char **argv) try {
    auto db = rs::Database::open(argc > 1 ? argv[1] : "memory:");
    auto schema = rs::Schema::builder()
                      .proto("user.proto", proto)
                      .primary_key("User", "id")
                      .index(rs::Index("by_city").columns({"city"}))
                      .index(rs::Index::count("users_by_city").group_by({"city"}))
                      .build();
    auto users = db.space("quickstart/users", schema);

    // With protoc's classes: users.put(user), users.get<demo::User>(1), for (const auto &user : users.query<demo::User>("id > 1")).
    users.put_json("User", R"({"id": 1, "name": "Ada", "city": "London"})");
    users.put_json("User", R"({"id": 2, "name": "Grace", "city": "New York"})");
    std::cout << "get(1): " << users.get_json(1).value_or("nobody") << '\n';

    // On a conflict it runs again; what it throws comes out as it is.
    unsigned attempt = db.run([&](rs::Transaction &tx) {
        if (users.exists(tx, 1)) users.put_json(tx, "User", R"({"id": 1, "name": "Ada", "city": "New York"})");
        return tx.attempt();
    });
    std::cout << "moved in attempt " << attempt << '\n';

    for (const auto &user : users.query(rs::field("city") == "New York" && rs::field("name").starts_with("G")))
        std::cout << "found: " << users.get_json(rs::Key::primary_key(user.primary_key())).value_or("nobody") << '\n';
    std::cout << users.explain({"city = ?", "New York"});
    if (auto counted = users.aggregate("users_by_city", "New York"))
        std::cout << "they are " << counted->integer(0) << " of " << users.count() << '\n';

    try {
        users.put_json("User", R"({"id": 3, "nmae": "Edsger"})");
    } catch (const rs::Error &error) {
        std::cout << "a mistake: " << error.kind() << ": " << error.what() << '\n';
    }

    bool deleted = users.erase(1);
    std::cout << std::boolalpha << "deleted: " << deleted << ", still there: " << users.exists(1) << '\n';
    return EXIT_SUCCESS;
} catch (const rs::Error &error) {
    std::cerr << error.kind() << ": " << error.what() << '\n';
    return EXIT_FAILURE;
}
