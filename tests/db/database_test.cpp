#include "db/schema/schema.h"
#include "tests/db/writer_support.h"

#include <atomic>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

using namespace bm;
using namespace bm::db;
using model::ErrorCode;

TEST_CASE("a write unit", "[db]")
{
    const TestStore store;
    Database database = store.open();
    SECTION("is visible to readers when write returns")
    {
        insert(database, "a");
        CHECK(count(database) == 1);
    }
    SECTION("returns a value, even a move-only one")
    {
        const auto value = database.write([](Transaction&) { return std::make_unique<int>(7); });
        CHECK(*value == 7);
    }
    SECTION("that throws is rolled back, and its exception propagates unchanged")
    {
        struct Odd : std::runtime_error {
            using std::runtime_error::runtime_error;
        };
        CHECK_THROWS_AS(database.write([](Transaction& tx) {
            NodeRepository{}.insert(tx, makeNode("gone"));
            throw Odd("mine");
        }),
                        Odd);
        CHECK(count(database) == 0);
        insert(database, "a");
        CHECK(count(database) == 1);
    }
    SECTION("inside a unit is rolled back with it")
    {
        CHECK_THROWS_AS(database.write([&](Transaction&) {
            insert(database, "inner");
            throw std::runtime_error("outer");
        }),
                        std::runtime_error);
        CHECK(count(database) == 0);
    }
    SECTION("inside a unit is rolled back alone when it throws")
    {
        database.write([&](Transaction& tx) {
            NodeRepository{}.insert(tx, makeNode("outer"));
            CHECK_THROWS(database.write([](Transaction& inner) {
                NodeRepository{}.insert(inner, makeNode("inner"));
                throw std::runtime_error("inner");
            }));
        });
        CHECK(count(database) == 1);
    }
    SECTION("sees its own writes in Database::read")
    {
        database.write([&](Transaction& tx) {
            NodeRepository{}.insert(tx, makeNode("a"));
            CHECK(count(database) == 1);
        });
    }
    SECTION("does not change the snapshot of an open read")
    {
        database.read([&](Transaction& tx) {
            CHECK(NodeRepository{}.count(tx) == 0);
            insert(database, "a");
            CHECK(NodeRepository{}.count(tx) == 0);
        });
        CHECK(count(database) == 1);
    }
}

TEST_CASE("a read unit", "[db]")
{
    const TestStore store;
    Database database = store.open(1);
    SECTION("cannot write")
    {
        CHECK_THROWS_AS(database.read([](Transaction& tx) { NodeRepository{}.insert(tx, makeNode("a")); }),
                        model::Error);
        CHECK(count(database) == 0);
    }
    SECTION("inside a read unit needs no second connection")
    {
        CHECK(database.read([&](Transaction&) { return count(database); }) == 0);
    }
    SECTION("that throws returns its connection")
    {
        for (int i = 0; i < 3; ++i)
            CHECK_THROWS_AS(database.read([](Transaction&) { throw std::runtime_error("x"); }),
                            std::runtime_error);
        CHECK(count(database) == 0);
    }
}

TEST_CASE("units of a group commit", "[db]")
{
    const TestStore store;
    Database database = store.open();
    SECTION("fail alone")
    {
        std::vector<std::future<void>> writes;
        {
            BusyWriter busy(database);
            for (int i = 0; i < 6; ++i)
                writes.push_back(std::async(std::launch::async, [&database, i] {
                    database.write([i](Transaction& tx) {
                        NodeRepository{}.insert(tx, makeNode("n" + std::to_string(i)));
                        if (i % 2 == 1)
                            throw std::out_of_range("odd");
                    });
                }));
            busy.letGo();
        }
        int failed = 0;
        for (auto& write : writes) {
            try {
                write.get();
            } catch (const std::out_of_range&) {
                ++failed;
            }
        }
        CHECK(failed == 3);
        CHECK(count(database) == 3);
    }
}

TEST_CASE("an asynchronous write", "[db]")
{
    const TestStore store;
    std::unique_ptr<Database> database(new Database(store.engine(), allMigrations()));
    std::atomic<int> failures{0};
    const auto later = [&](const std::string& name) {
        database->writeAsync([name](Transaction& tx) { NodeRepository{}.insert(tx, makeNode(name)); },
                             [&](const model::Error&) { ++failures; });
    };
    SECTION("is committed without another write")
    {
        later("a");
        bool there = false;
        for (int i = 0; i < 2'000 && !there; ++i) {
            there = count(*database) == 1;
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        CHECK(there);
    }
    SECTION("is committed after flush(), and a second flush does nothing")
    {
        later("a");
        later("b");
        database->flush();
        CHECK(count(*database) == 2);
        database->flush();
    }
    SECTION("joins the next commit in order")
    {
        std::vector<std::size_t> groups;
        database->onCommit([&](const CommitFacts& facts) { groups.push_back(facts.units); });
        {
            BusyWriter busy(*database);
            later("a");
            later("b");
            busy.letGo();
        }
        database->write([](Transaction& tx) { CHECK(NodeRepository{}.count(tx) == 2); });
        database->write([](Transaction&) {}); // runs after the hook was called for the others
        database->onCommit({});
        REQUIRE(groups.size() >= 2);
        CHECK(groups[0] == 1);
        CHECK(groups[1] == 3);
    }
    SECTION("fails alone and calls onFailure")
    {
        later("a");
        database->writeAsync([](Transaction& tx) { NodeRepository{}.insert(tx, makeNode("a")); },
                             [&](const model::Error& error) {
                                 CHECK(!error.message().empty());
                                 ++failures;
                             });
        later("b");
        insert(*database, "c");
        CHECK(failures == 1);
        CHECK(count(*database) == 3);
    }
    SECTION("is written before the database is closed")
    {
        later("a");
        database.reset();
        database.reset(new Database(store.engine(), allMigrations()));
        CHECK(count(*database) == 1);
    }
    CHECK(failures <= 1);
}

TEST_CASE("concurrent writes and reads are consistent", "[db]")
{
    const TestStore store;
    Database database = store.open(3);
    constexpr int kThreads = 8;
    constexpr int kEach = 40;
    std::atomic<bool> going{true};
    std::atomic<int> torn{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 5; ++i)
        readers.emplace_back([&] {
            while (going)
                database.read(
                    [&](Transaction& tx) { // one unit writes a pair, so a reader never sees half of it
                        if (NodeRepository{}.count(tx) % 2 != 0 || NodeRepository{}.all(tx).size() % 2 != 0)
                            ++torn;
                    });
        });
    std::vector<std::thread> writers;
    for (int t = 0; t < kThreads; ++t)
        writers.emplace_back([&, t] {
            for (int i = 0; i < kEach; ++i)
                database.write([&](Transaction& tx) {
                    const std::string name = std::to_string(t) + "-" + std::to_string(i);
                    NodeRepository{}.insert(tx, makeNode(name + "a"));
                    NodeRepository{}.insert(tx, makeNode(name + "b"));
                });
        });
    for (auto& thread : writers)
        thread.join();
    going = false;
    for (auto& thread : readers)
        thread.join();
    CHECK(torn == 0);
    CHECK(count(database) == 2 * kThreads * kEach);
}

TEST_CASE("compare-and-set lets one of several updates succeed", "[db][node]")
{
    World world;
    std::atomic<int> stored{0}, refused{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            try {
                world.database.write([&](Transaction& tx) { world.nodes.update(tx, world.node); });
                ++stored;
            } catch (const model::Error& error) {
                if (error.code() == ErrorCode::Conflict)
                    ++refused;
            }
        });
    for (auto& thread : threads)
        thread.join();
    CHECK(stored == 1);
    CHECK(refused == 7);
}
