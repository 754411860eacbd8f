#include "db/engine/savepoint.h"
#include "tests/db/writer_support.h"

#include <stdexcept>
#include <string>
#include <vector>

using namespace bm;
using namespace bm::db;

TEST_CASE("an action after the commit", "[db][after-commit]")
{
    const TestStore store;
    Database database = store.open();
    std::vector<std::string> log;
    const auto record = [&](const std::string& line) { return [&log, line] { log.push_back(line); }; };
    using Lines = std::vector<std::string>;

    SECTION("runs on the thread that called write, after the commit and before write returns")
    {
        std::thread::id ran;
        std::int64_t seen = 0;
        database.write([&](Transaction& tx) {
            NodeRepository{}.insert(tx, makeNode("a"));
            tx.afterCommit([&] {
                ran = std::this_thread::get_id();
                seen = count(database);
            });
        });
        CHECK(ran == std::this_thread::get_id());
        CHECK(seen == 1);
    }
    SECTION("runs once, in the order of registration, including inner units")
    {
        database.write([&](Transaction& tx) {
            tx.afterCommit(record("first"));
            database.write([&](Transaction& inner) { inner.afterCommit(record("inner")); });
            withSavepoint(tx, [&] { tx.afterCommit(record("savepoint")); });
            tx.afterCommit(record("last"));
            CHECK(log.empty());
        });
        CHECK(log == Lines{"first", "inner", "savepoint", "last"});
    }
    SECTION("may write")
    {
        database.write([&](Transaction& tx) { tx.afterCommit([&] { insert(database, "b"); }); });
        CHECK(count(database) == 1);
    }
    SECTION("is dropped when its unit throws")
    {
        CHECK_THROWS(database.write([&](Transaction& tx) {
            tx.afterCommit(record("never"));
            throw std::runtime_error("no");
        }));
        insert(database, "next");
        CHECK(log.empty());
    }
    SECTION("is dropped with its savepoint or inner unit only")
    {
        database.write([&](Transaction& tx) {
            tx.afterCommit(record("before"));
            CHECK_THROWS(withSavepoint(tx, [&] {
                tx.afterCommit(record("never"));
                database.write([&](Transaction& inner) { inner.afterCommit(record("never either")); });
                throw std::runtime_error("no");
            }));
            CHECK_THROWS(database.write([&](Transaction& inner) {
                inner.afterCommit(record("nor this"));
                throw std::runtime_error("no");
            }));
            tx.afterCommit(record("after"));
        });
        CHECK(log == Lines{"before", "after"});
    }
    SECTION("that throws affects neither the write nor the next action")
    {
        database.write([&](Transaction& tx) {
            NodeRepository{}.insert(tx, makeNode("a"));
            tx.afterCommit([] { throw std::runtime_error("mine"); });
            tx.afterCommit(record("next"));
        });
        CHECK(log == Lines{"next"});
        CHECK(count(database) == 1);
    }
    SECTION("belongs to its own unit, also in a group commit")
    {
        std::vector<std::future<bool>> writes;
        {
            BusyWriter busy(database);
            for (int i = 0; i < 6; ++i)
                writes.push_back(std::async(std::launch::async, [&database, i] {
                    bool mine = false;
                    const auto unit = [&](Transaction& tx) {
                        tx.afterCommit([&mine] { mine = true; });
                        if (i % 2 == 1)
                            throw std::out_of_range("odd");
                    };
                    try {
                        database.write(unit);
                        return mine;
                    } catch (const std::out_of_range&) {
                        return !mine;
                    }
                }));
            busy.letGo();
        }
        for (auto& write : writes)
            CHECK(write.get());
    }
    SECTION("of an asynchronous write runs after its commit")
    {
        database.writeAsync([&](Transaction& tx) { tx.afterCommit(record("async")); },
                            [](const model::Error&) {});
        database.flush();
        database.write([](Transaction&) {}); // waits for the actions of the flush's commit
        CHECK(log == Lines{"async"});
    }
}
