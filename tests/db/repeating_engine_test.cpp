// The writer's behaviour after a serialization failure.
#include "tests/db/repeating_engine.h"

#include "db/open/open_database.h"
#include "db/schema/schema.h"
#include "tests/db/writer_support.h"

#include <atomic>
#include <stdexcept>

using namespace bm;
using namespace bm::db;

namespace {

Database openRepeating(const Folder& folder)
{
    return Database(std::make_unique<RepeatingEngine>(makeEngine({folder / "bm.sqlite", 2, false})),
                    allMigrations());
}

} // namespace

TEST_CASE("a unit runs again after a serialization failure", "[db][repeat]")
{
    const Folder folder;
    Database database = openRepeating(folder);
    SECTION("completely, with its rows and actions once")
    {
        int tries = 0, actions = 0;
        for (int i = 0; i < 10; ++i)
            database.write([&](Transaction& tx) {
                ++tries;
                tx.afterCommit([&] { ++actions; });
                NodeRepository{}.insert(tx, makeNode("a" + std::to_string(i)));
                NodeRepository{}.insert(tx, makeNode("b" + std::to_string(i)));
            });
        CHECK(count(database) == 20);
        CHECK(actions == 10);
        CHECK(tries > 10);
    }
    SECTION("even when it catches std::exception")
    {
        database.write([&](Transaction& tx) {
            for (int i = 0; i < 8; ++i)
                try {
                    NodeRepository{}.insert(tx, makeNode("n" + std::to_string(i)));
                } catch (const std::exception&) {
                }
        });
        CHECK(count(database) == 8);
    }
    SECTION("even when it catches everything: the transaction refuses further statements")
    {
        database.write([&](Transaction& tx) {
            for (int i = 0; i < 8; ++i)
                try {
                    NodeRepository{}.insert(tx, makeNode("n" + std::to_string(i)));
                } catch (...) {
                }
        });
        CHECK(count(database) == 8);
    }
    SECTION("and keeps its own error")
    {
        CHECK_THROWS_AS(database.write([](Transaction& tx) {
            NodeRepository{}.insert(tx, makeNode("gone"));
            throw std::out_of_range("mine");
        }),
                        std::out_of_range);
        CHECK(count(database) == 0);
    }
    SECTION("with the other units of its commit, including asynchronous ones")
    {
        std::atomic<int> failures{0};
        std::vector<std::future<void>> writes;
        {
            BusyWriter busy(database);
            for (int i = 0; i < 6; ++i)
                writes.push_back(
                    std::async(std::launch::async, [&, i] { insert(database, "n" + std::to_string(i)); }));
            database.writeAsync([](Transaction& tx) { NodeRepository{}.insert(tx, makeNode("async")); },
                                [&](const model::Error&) { ++failures; });
            busy.letGo();
        }
        for (auto& write : writes)
            write.get();
        database.flush();
        CHECK(failures == 0);
        CHECK(count(database) == 7);
    }
}

TEST_CASE("a unit that always fails to commit ends with unavailable", "[db][repeat]")
{
    const TestStore store;
    Database database = store.open();
    int tries = 0;
    const auto error = errorOf([&] {
        database.write([&](Transaction&) {
            ++tries;
            throw SerializationFailure{"always"};
        });
    });
    CHECK(error.code() == model::ErrorCode::Unavailable);
    CHECK(tries > 1);
    insert(database, "next");
    CHECK(count(database) == 1);
}
