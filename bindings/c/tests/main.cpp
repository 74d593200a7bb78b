// The tests of record_store.hpp: what it adds to C. The verbs themselves are tested in C.
#include <record_store.hpp>

#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <stdexcept>

namespace rs = record_store;

static int failures = 0;

static void check(bool holds, const char *what, int line) {
    if (!holds) {
        failures++;
        std::cerr << "main.cpp:" << line << ": " << what << " does not hold\n";
    }
}

#define CHECK(what) check((what), #what, __LINE__)

// Runs something and checks that it throws an error of this kind.
template <class Work>
static void throws(rs_status status, int line, Work work) {
    try {
        work();
        check(false, "it throws", line);
    } catch (const rs::Error &error) {
        check(error.status() == status, error.what(), line);
        check(std::strlen(error.what()) > 0, "an error has words", line);
    }
}

#define THROWS(status, work) throws(status, __LINE__, [&] { (void)(work); })

static int databases = 0;

// In memory, or below a root of its own in the database that RECORD_STORE_TEST_URL names: others may use that too.
static std::string database_of(int number) {
    const char *given = std::getenv("RECORD_STORE_TEST_URL");
    if (given == nullptr || *given == '\0') return "memory:";
    std::string url(given);
    url += url.find('?') == std::string::npos ? '?' : '&';
    return url + "root=record-store-tests/cpp-" + std::to_string(getpid()) + "-" + std::to_string(number);
}

static std::string fresh_database() { return database_of(databases++); }

// What the tests have left in the given database.
static void remove_databases() {
    for (int number = 0; number < databases; number++) {
        auto db = rs::Database::open(database_of(number));
        auto spaces = db.spaces();
        // From the leaves: a space is removed with those below it.
        for (auto space = spaces.rbegin(); space != spaces.rend(); ++space) CHECK(db.remove_space(*space));
    }
}

// What a class that protoc generates can do, as far as the header asks for it.
class User {
public:
    User() = default;
    User(unsigned char id, std::string name) : id_(id), name_(std::move(name)) {}
    unsigned char id() const { return id_; }
    const std::string &name() const { return name_; }
    std::string GetTypeName() const { return "demo.User"; }
    std::string SerializeAsString() const {
        std::string message{'\x08', static_cast<char>(id_), '\x12', static_cast<char>(name_.size())};
        return message + name_;
    }
    bool ParseFromArray(const void *data, int size) {
        std::string_view message(static_cast<const char *>(data), static_cast<std::size_t>(size));
        if (size < 4 || message[0] != '\x08') return false;
        id_ = static_cast<unsigned char>(message[1]);
        name_ = std::string(message.substr(4));
        return true;
    }

private:
    unsigned char id_ = 0;
    std::string name_;
};

static rs::Schema make_schema() {
    return rs::Schema::builder()
        .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }"
                          "message Order { string user = 1; int64 number = 2; }")
        .primary_key("User", "id")
        .primary_key("Order", std::string("user"), "number")
        .index(rs::Index("by_name").on("User").columns({"name"}))
        .index(rs::Index::count("count"))
        .build();
}

static void message_classes() {
    auto db = rs::Database::open(fresh_database());
    auto space = db.space("shop", make_schema());
    auto saved = space.put(User(1, "Ada"));
    CHECK(saved.record_type() == "User" && saved.version().size() == 12);
    auto ada = space.get<User>(rs::Key::of("User", 1));
    CHECK(ada && ada->name() == "Ada");
    CHECK(!space.get<User>(rs::Key::of("User", 2)));
    CHECK(space.get<User>(rs::Key::primary_key(saved.primary_key())).has_value());

    space.put_all(std::vector<User>{User(2, "Grace"), User(3, "Edsger")});
    CHECK(space.count() == 3);
    std::string names;
    for (const User &user : space.scan<User>(rs::ScanOptions().reverse())) names += user.name() + " ";
    CHECK(names == "Edsger Grace Ada ");
    names.clear();
    for (const auto &record : space.scan_by("by_name")) names += record.parse<User>().name() + " ";
    CHECK(names == "Ada Edsger Grace ");

    space.put_json("Order", R"({"user": "Ada", "number": 7})");
    CHECK(space.exists(rs::Key::of("Order", "Ada", 7)));
    THROWS(RS_INVALID_RECORD, space.get<User>(rs::Key::of("Order", "Ada", 7)));
    THROWS(RS_INVALID_ARGUMENT, space.get(1));
    space.erase_all();
    CHECK(space.count() == 0);
}

static void pages() {
    auto db = rs::Database::open(fresh_database());
    auto space = db.space("users", make_schema());
    for (unsigned char id = 1; id <= 5; id++) space.put(User(id, "u" + std::to_string(id)));
    std::string ids;
    std::optional<std::string> kept;
    int count = 0;
    do {
        auto page = space.scan<User>(rs::ScanOptions().limit(2).continuation(kept));
        for (const auto &user : page) ids += std::to_string(user.id());
        kept = page.continuation();
        CHECK(page.no_next_reason() == (kept ? RS_REASON_RETURN_LIMIT_REACHED : RS_REASON_SOURCE_EXHAUSTED));
        count++;
    } while (kept);
    CHECK(ids == "12345" && count == 3);

    auto entries = space.scan_index("by_name", rs::ScanOptions().from("u2").to("u4"));
    auto first = entries.next();
    CHECK(first && first->key.text(0) == "u2" && space.get<User>(first->primary_key)->id() == 2);
    CHECK(entries.next() && !entries.next());

    // Moved, a cursor goes on.
    auto cursor = space.scan<User>();
    cursor.next();
    auto moved = std::move(cursor);
    CHECK(moved.next()->id() == 2);
    THROWS(RS_INVALID_ARGUMENT, cursor.next());
}

static void queries() {
    auto db = rs::Database::open(fresh_database());
    auto space = db.space("users", make_schema());
    for (unsigned char id = 1; id <= 6; id++) space.put(User(id, id % 2 == 0 ? "even" : "odd"));
    auto ids = [](auto cursor) {
        std::string ids;
        for (const User &user : cursor) ids += std::to_string(user.id());
        return ids;
    };
    CHECK(ids(space.query<User>(rs::Query("id <= 2").record_type("User"))) == "12");
    CHECK(ids(space.query<User>(rs::Query("name = ? AND id > ?", "odd", 1).record_type("User"))) == "35");
    auto named = rs::Query("name = :name AND id = ANY(:ids)").record_type("User");
    CHECK(ids(space.query<User>(named.parameter("name", "even").list("ids", 1, 2, 6))) == "26");
    auto ordered = rs::Query("").record_type("User").order_by({"name"}).reverse();
    CHECK(ids(space.query<User>(ordered)) == "531642");
    auto page = space.query<User>(ordered.limit(2));
    while (page.next()) continue;
    CHECK(ids(space.query<User>(ordered.continuation(page.continuation()))) == "16");
    CHECK(space.explain(rs::Query("name = 'odd'").record_type("User")).find("by_name") != std::string::npos);
    db.run([&](rs::Transaction &tx) {
        space.put(tx, User(7, "odd"));
        CHECK(ids(space.query<User>(tx, rs::Query("name = 'odd' AND id > 3").record_type("User"))) == "57");
    });
    THROWS(RS_INVALID_QUERY, space.query<User>("id >").next());
    THROWS(RS_INVALID_QUERY, space.explain(rs::Query("id = ?")));
}

static void transactions() {
    auto db = rs::Database::open(fresh_database());
    auto space = db.space("users", make_schema());
    const auto ada = [] { return rs::Key::of("User", 1); };

    int calls = 0;
    unsigned attempt = db.run([&](rs::Transaction &tx) {
        calls++;
        space.get(tx, ada());
        if (calls == 1) space.put(User(1, "in between"));
        space.put(tx, User(1, "Ada"));
        return tx.attempt();
    });
    CHECK(calls == 2 && attempt == 2 && space.get<User>(ada())->name() == "Ada");

    // What the body throws comes out, and nothing is written.
    struct Mine {
        int number;
    };
    try {
        db.run([&](rs::Transaction &tx) {
            space.erase(tx, ada());
            throw Mine{7};
        });
        CHECK(!"it throws");
    } catch (const Mine &mine) {
        CHECK(mine.number == 7 && space.exists(ada()));
    }
    try {
        db.run([&](rs::Transaction &tx) { space.put(tx, "Usr", ""); });
        CHECK(!"it throws");
    } catch (const rs::Error &error) {
        CHECK(error.status() == RS_META_DATA && std::string(error.kind()) == "MetaData" && !error.facts().empty());
    }
    rs::RunOptions once;
    once.max_attempts = 1;
    try {
        db.run(
            [&](rs::Transaction &tx) {
                space.get(tx, ada());
                space.put(User(1, "in between"));
                space.put(tx, User(1, "x"));
            },
            once);
        CHECK(!"it throws");
    } catch (const rs::Error &error) {
        CHECK(error.fdb_code() == 1020 && error.retryable() && !error.maybe_committed());
    }

    {
        auto given_up = db.transaction();
        space.erase(given_up, ada());
    }
    CHECK(space.exists(ada()));
    auto committed = db.transaction();
    CHECK(space.erase(committed, ada()));
    committed.commit();
    CHECK(!space.exists(ada()));
    THROWS(RS_INVALID_ARGUMENT, (committed.commit(), 0));
}

static void results() {
    auto db = rs::Database::open(fresh_database());
    auto space = db.space("users", make_schema());
    auto saved = rs::try_call([&] { return space.put(User(1, "Ada")); });
    CHECK(saved && saved.ok() && saved.value().record_type() == "User");
    rs::Record record = std::move(saved).value();
    CHECK(record.parse<User>().id() == 1);
    auto refused = rs::try_call([&] { return space.put("Nobody", ""); });
    CHECK(!refused && refused.error().status() == RS_META_DATA);
    THROWS(RS_META_DATA, refused.value());
    CHECK(rs::try_call([&] { space.erase_all(); }).ok());
    // An error of the program's own that says RS_OK does not commit.
    auto confused = rs::try_call([&] { db.run([&](rs::Transaction &tx) {
        space.put(tx, User(2, "x"));
        throw rs::Error(RS_OK, "not so");
    }); });
    CHECK(!confused && !space.exists(rs::Key::of("User", 2)));
}

static void keys() {
    rs::Key key("a", std::string("b"), 1, -2L, 3u, true, 1.5, nullptr);
    CHECK(key.size() == 8 && key.text(1) == "b" && key.integer(3) == -2 && key.boolean(5) && key.number(6) == 1.5);
    CHECK(key.type(7) == RS_COLUMN_NULL && !key.to_string().empty());
    THROWS(RS_INVALID_ARGUMENT, key.integer(0));
    THROWS(RS_INVALID_ARGUMENT, rs::Key(UINT64_MAX));
    THROWS(RS_INVALID_ARGUMENT, rs::Key("\xff"));
    THROWS(RS_INVALID_ARGUMENT, rs::Key().add_uuid("short"));
}

static void lives_of_objects() {
    auto db = rs::Database::open("memory:", "apps");
    auto space = db.space("users", make_schema());
    auto child = space.child("archive", make_schema());
    CHECK(space.children().size() == 1 && db.spaces() == (std::vector<std::string>{"users", "users/archive"}));
    db.move_space("users/archive", "old");
    CHECK(db.space_exists("old") && db.remove_space("old") && !db.remove_space("old"));
    auto cursor = space.scan();
    auto record = space.put(User(1, "Ada"));
    db.close();
    THROWS(RS_INVALID_ARGUMENT, space.count());
    THROWS(RS_INVALID_ARGUMENT, cursor.next());
    THROWS(RS_INVALID_ARGUMENT, db.spaces());
    CHECK(record.parse<User>().name() == "Ada");
    auto other = std::move(record);
    CHECK(record.data().empty() && other.parse<User>().id() == 1);
    THROWS(RS_SCHEMA, rs::Schema::builder().proto("t.proto", "message {").build());
    THROWS(RS_INVALID_ARGUMENT, rs::Database::open("postgres://localhost"));
}

static void building() {
    auto db = rs::Database::open(fresh_database());
    auto before = rs::Schema::builder()
                      .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }")
                      .primary_key("User", "id")
                      .build();
    auto users = db.space("users", before);
    for (int id = 1; id <= 120; id++) users.put(User(static_cast<unsigned char>(id), "u"));
    auto after = rs::Schema::builder()
                     .descriptor_set(before.descriptor_set())
                     .primary_key("User", "id")
                     .index(rs::Index("by_name").columns({"name"}).on("User"))
                     .build();
    CHECK(users.plan(after).find("by_name") != std::string::npos);
    auto space = db.space("users", after);
    try {
        space.build_indexes([](const rs_build_progress &) { throw std::runtime_error("enough"); });
        CHECK(!"it throws");
    } catch (const std::runtime_error &enough) {
        CHECK(std::string(enough.what()) == "enough");
    }
    int told = 0;
    CHECK(space.build_indexes([&](const rs_build_progress &) { told++; }).transactions > 0 && told > 0);
    CHECK(space.index_state("by_name") == RS_INDEX_READABLE);
}

static std::string text(const rs::Filter &filter) { return filter.to_string(); }

static void filters() {
    using rs::field;
    CHECK(text(field("age") >= 18 && field("address.city") == "Basel") == "age >= 18 AND address.city = 'Basel'");
    CHECK(text(!(field("age") < 18 || field("age") > 65)) == "NOT (age < 18 OR age > 65)");
    CHECK(text(field("name") != std::string("Ada") && field("age") <= 3) == "name <> 'Ada' AND age <= 3");
    CHECK(text(field("email") == nullptr) == "email IS NULL" && text(field("email") != nullptr) == "email IS NOT NULL");
    CHECK(text(field("city").in("Oslo", "Rome")) == "city IN ('Oslo', 'Rome')");
    CHECK(text(field("age").between(1, 2)) == "age >= 1 AND age <= 2");
    CHECK(text(field("city").like("B_s%")) == "city LIKE 'B_s%'");
    CHECK(text(field("tags").any() == "new") == "any(tags) = 'new'");
    CHECK(text(field("age") > rs::parameter("least")) == "age > :least");
    CHECK(text(rs::Filter::parse("age = ? AND done = ?", 7, true)) == "age = 7 AND done = TRUE");
    CHECK(text(field("ratio") > 0.5).find("0.5") != std::string::npos);
    CHECK(!text(field("lines").any(field("count") > 1)).empty() && !text(field("address").matches(field("city") == "x")).empty());
    THROWS(RS_INVALID_QUERY, rs::Filter::parse("age >"));
    THROWS(RS_INVALID_ARGUMENT, field("age") == UINT64_MAX);
    THROWS(RS_INVALID_ARGUMENT, field("\xff") == 1);

    auto db = rs::Database::open(fresh_database());
    auto schema = rs::Schema::builder()
                      .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }")
                      .primary_key("User", rs::keys::concat("id"))
                      .index(rs::Index("late").on("User").columns(field("name").not_null()).where(field("id") > 2))
                      .index(rs::Index::count("by_name").columns(rs::keys::empty().group_by("name")))
                      .build();
    auto users = db.space("users", schema);
    users.put_all(std::vector<User>{{1, "a"}, {2, "b"}, {3, "c"}, {4, "c"}});
    auto found = users.query<User>(field("name") == "c" && field("id") >= 4).all();
    CHECK(found.size() == 1 && found[0].id() == 4);
    auto named = rs::Query("id < 4").where(field("name") >= rs::parameter("from")).parameter("from", "b");
    CHECK(users.query<User>(named).all().size() == 2);
    CHECK(users.scan_index("late").all().size() == 2);
    CHECK(users.count_by(rs::keys::concat("name"), "c") == 2);
    auto key = users.scan_index("late").all()[0].key;
    CHECK(key.text(0) == "c" && key.integer(1) == 3);
}

static void expressions() {
    using rs::field;
    namespace keys = rs::keys;
    CHECK(keys::concat("id", field("tags").fan_out(), std::string("name")).column_count() == 3);
    CHECK(field("lines").fan_out().nest("article", "count").column_count() == 2);
    CHECK(keys::with_value("name", keys::concat("id", "city")).column_count() == 1);
    CHECK(field("paid").group_by("shop").column_count() == 2 && field("paid").ungrouped().column_count() == 1);
    CHECK(keys::packed("id", "name").column_count() == 2 && keys::function("add", "id", "age").column_count() == 1);
    CHECK(keys::literal("x").column_count() == 1 && keys::version().column_count() + keys::record_type().column_count() == 2);
    CHECK(field("id").unique_null().group_by().to_string() == field("id").group_by().to_string());
    THROWS(RS_INVALID_EXPRESSION, keys::function("shuffle", "id"));
    THROWS(RS_INVALID_ARGUMENT, keys::concat(field("tags").any()));
    THROWS(RS_INVALID_ARGUMENT, keys::concat("id").split(0));
}

static void verbs_of_spaces() {
    auto db = rs::Database::open(fresh_database());
    auto space = db.space("shop", make_schema());
    space.insert(User(1, "Ada"));
    THROWS(RS_RECORD_ALREADY_EXISTS, space.insert(User(1, "Eve")));
    THROWS(RS_RECORD_NOT_FOUND, space.update(User(2, "Eve")));
    space.update(User(1, "Grace"));
    space.put(User(2, "Ada"));
    auto keys = space.scan_keys().page(1);
    CHECK(keys.results.size() == 1 && keys.continuation && keys.no_next_reason == RS_REASON_NONE);
    CHECK(space.get<User>(keys.results[0])->name() == "Grace");
    auto rest = space.scan_keys(rs::ScanOptions().continuation(keys.continuation)).page(10);
    CHECK(rest.results.size() == 1 && !rest.continuation && rest.no_next_reason == RS_REASON_SOURCE_EXHAUSTED);

    CHECK(space.index_states().size() == 2 && space.index_states()["by_name"] == RS_INDEX_READABLE);
    CHECK(space.disable_index("by_name") && !space.disable_index("by_name"));
    space.rebuild_index("by_name");
    CHECK(space.mark_index("by_name", RS_INDEX_WRITE_ONLY) && space.mark_index("by_name", RS_INDEX_READABLE));
    THROWS(RS_META_DATA, space.index_state("none"));
    CHECK(space.uniqueness_violations("by_name").all().empty());
    rs_build_options options = rs_build_options_init();
    options.if_readable = RS_BUILD_ERROR;
    rs_bytes name = rs_str("by_name");
    options.indexes = &name;
    options.index_count = 1;
    THROWS(RS_INDEX_BUILD, space.build_indexes({}, options));

    auto changes = space.changes(rs::Schema::builder()
                                     .proto("t.proto", "syntax = 'proto3'; message User { int64 id = 1; string name = 2; }"
                                                       "message Order { string user = 1; int64 number = 2; int64 paid = 3; }")
                                     .primary_key("User", "id")
                                     .primary_key("Order", "user", "number")
                                     .drop_index("by_name")
                                     .build());
    CHECK(changes.allowed && changes.changes.size() >= 2);
    bool cleared = false;
    for (const auto &change : changes.changes) cleared = cleared || (change.name == "by_name" && change.cost == "index_clear");
    CHECK(cleared);
    CHECK(space.schema_versions().size() == 1);

    auto transaction = db.transaction();
    space.put(transaction, User(3, "Eve"));
    CHECK(space.index_state(transaction, "by_name") == RS_INDEX_READABLE && !transaction.versionstamp());
    transaction.commit();
    CHECK(transaction.versionstamp()->size() == 10);
    space.disable_index("by_name");
    // The count of both types is one.
    THROWS(RS_UNSUPPORTED, space.erase_where(rs::Key::of("Order")));
    CHECK(space.count() == 3);
}

int main() {
    filters();
    expressions();
    verbs_of_spaces();
    message_classes();
    pages();
    queries();
    transactions();
    results();
    keys();
    lives_of_objects();
    building();
    remove_databases();
    return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
