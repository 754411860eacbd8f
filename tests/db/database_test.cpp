#include "tests/db/fixture.h"

#include <atomic>
#include <csignal>
#include <future>
#include <memory>
#include <stdexcept>
#include <sys/resource.h>
#include <thread>

using namespace bm;
using namespace bm::db;
using model::ErrorCode;

namespace {

std::int64_t count(Database& database)
{
    return database.read([](Transaction& tx) { return NodeRepository{}.count(tx); });
}

void insert(Database& database, const std::string& name)
{
    database.write([&](Transaction& tx) { NodeRepository{}.insert(tx, makeNode(name)); });
}

/// Files of this process may not grow beyond a size while it lives: writes fail as on a full disk.
class FullDisk {
public:
    explicit FullDisk(rlim_t bytes)
    {
        previousHandler_ = std::signal(SIGXFSZ, SIG_IGN);
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit limit{bytes, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
    }
    ~FullDisk()
    {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, previousHandler_);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

private:
    rlimit before_{};
    void (*previousHandler_)(int) = SIG_DFL;
};

/// Keeps the writer busy inside a unit until it is let go, so that what comes meanwhile is committed
/// together.
class BusyWriter {
public:
    explicit BusyWriter(Database& database)
        : thread_([&] {
              database.write([this](Transaction&) {
                  inside_.set_value();
                  letGo_.get_future().wait();
              });
          })
    {
        inside_.get_future().wait();
    }
    void letGo() { letGo_.set_value(); }
    ~BusyWriter() { thread_.join(); }
    BusyWriter(const BusyWriter&) = delete;
    BusyWriter& operator=(const BusyWriter&) = delete;

private:
    std::promise<void> inside_, letGo_;
    std::thread thread_;
};

} // namespace

TEST_CASE("a unit of writing", "[db]")
{
    Database database{DatabaseSettings{}};
    SECTION("is there for readers when write returns")
    {
        insert(database, "a");
        CHECK(count(database) == 1);
    }
    SECTION("returns what it returns, even what only moves")
    {
        const auto value = database.write([](Transaction&) { return std::make_unique<int>(7); });
        CHECK(*value == 7);
    }
    SECTION("that throws leaves nothing, and its exception arrives as it was thrown")
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
    SECTION("inside a unit runs within it, and is undone with it")
    {
        CHECK_THROWS_AS(database.write([&](Transaction&) {
            insert(database, "inner");
            throw std::runtime_error("outer");
        }),
                        std::runtime_error);
        CHECK(count(database) == 0);
    }
    SECTION("inside a unit that throws is undone alone")
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
    SECTION("sees its own writes when it reads by the database")
    {
        database.write([&](Transaction& tx) {
            NodeRepository{}.insert(tx, makeNode("a"));
            CHECK(count(database) == 1);
        });
    }
    SECTION("may be asked for while a read is open, which keeps its snapshot")
    {
        database.read([&](Transaction& tx) {
            CHECK(NodeRepository{}.count(tx) == 0);
            insert(database, "a");
            CHECK(NodeRepository{}.count(tx) == 0);
        });
        CHECK(count(database) == 1);
    }
}

TEST_CASE("a unit of reading", "[db]")
{
    Database database{DatabaseSettings{{}, 1, false}};
    SECTION("cannot write")
    {
        CHECK_THROWS_AS(database.read([](Transaction& tx) { NodeRepository{}.insert(tx, makeNode("a")); }),
                        model::Error);
        CHECK(count(database) == 0);
    }
    SECTION("inside a unit of reading needs no second reader")
    {
        CHECK(database.read([&](Transaction&) { return count(database); }) == 0);
    }
    SECTION("that throws gives its reader back")
    {
        for (int i = 0; i < 3; ++i)
            CHECK_THROWS_AS(database.read([](Transaction&) { throw std::runtime_error("x"); }),
                            std::runtime_error);
        CHECK(count(database) == 0);
    }
}

TEST_CASE("units that are committed together", "[db]")
{
    const Folder folder;
    Database database({folder / "bm.sqlite", 2, true});
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
    SECTION("fail together with store-full when the commit does, and may be repeated")
    {
        insert(database, "before");
        std::vector<std::future<void>> writes;
        {
            BusyWriter busy(database);
            const FullDisk full(std::filesystem::file_size(folder / "bm.sqlite-wal"));
            for (int i = 0; i < 4; ++i)
                writes.push_back(
                    std::async(std::launch::async, [&, i] { insert(database, "n" + std::to_string(i)); }));
            busy.letGo();
            for (auto& write : writes) {
                const auto error = errorOf([&] { write.get(); });
                INFO(error.message());
                CHECK(error.code() == ErrorCode::StoreFull);
            }
        }
        CHECK(count(database) == 1);
        for (int i = 0; i < 4; ++i)
            insert(database, "n" + std::to_string(i));
        CHECK(count(database) == 5);
    }
}

TEST_CASE("what is to be written later", "[db]")
{
    const Folder folder;
    auto database = std::make_unique<Database>(DatabaseSettings{folder / "bm.sqlite", 2, true});
    std::atomic<int> failures{0};
    const auto later = [&](const std::string& name) {
        database->writeLater([name](Transaction& tx) { NodeRepository{}.insert(tx, makeNode(name)); },
                             [&](const model::Error&) { ++failures; });
    };
    SECTION("is committed by itself")
    {
        later("a");
        bool there = false;
        for (int i = 0; i < 2'000 && !there; ++i) {
            there = count(*database) == 1;
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
        CHECK(there);
    }
    SECTION("is there once it is settled, and settling twice is harmless")
    {
        later("a");
        later("b");
        database->settle();
        CHECK(count(*database) == 2);
        database->settle();
    }
    SECTION("goes with what is written next, in its order")
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
        database->write([](Transaction&) {}); // its turn comes when the hook has been called for the others
        database->onCommit({});
        REQUIRE(groups.size() >= 2);
        CHECK(groups[0] == 1);
        CHECK(groups[1] == 3);
    }
    SECTION("fails alone, and says so")
    {
        later("a");
        database->writeLater([](Transaction& tx) { NodeRepository{}.insert(tx, makeNode("a")); },
                             [&](const model::Error& error) {
                                 CHECK(!error.message().empty());
                                 ++failures;
                             });
        later("b");
        insert(*database, "c");
        CHECK(failures == 1);
        CHECK(count(*database) == 3);
    }
    SECTION("is said to have failed when the disk is full, with what waits for it")
    {
        insert(*database, "before");
        {
            const FullDisk full(std::filesystem::file_size(folder / "bm.sqlite-wal"));
            later("a");
            CHECK(errorOf([&] { insert(*database, "b"); }).code() == ErrorCode::StoreFull);
        }
        CHECK(failures == 1);
        CHECK(count(*database) == 1);
    }
    SECTION("is written before the database is closed")
    {
        later("a");
        database.reset();
        database = std::make_unique<Database>(DatabaseSettings{folder / "bm.sqlite", 2, true});
        CHECK(count(*database) == 1);
    }
    CHECK(failures <= 1);
}

TEST_CASE("many at once", "[db]")
{
    const Folder folder;
    Database database({folder / "bm.sqlite", 3, true});
    constexpr int kThreads = 8;
    constexpr int kEach = 40;
    std::atomic<bool> going{true};
    std::atomic<int> torn{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 5; ++i)
        readers.emplace_back([&] {
            while (going)
                database.read([&](Transaction& tx) { // pairs are written in one unit: never half of one
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

TEST_CASE("compare and set lets one of many through", "[db][node]")
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

TEST_CASE("a database without a file leaves nothing behind", "[db]")
{
    const auto folders = [] {
        int found = 0;
        const std::string prefix = "bm-db-" + std::to_string(::getpid()) + "-";
        for (const auto& entry : std::filesystem::directory_iterator("/dev/shm"))
            if (entry.path().filename().string().starts_with(prefix))
                ++found;
        return found;
    };
    {
        Database database{DatabaseSettings{}};
        insert(database, "a");
        CHECK(folders() == 1);
    }
    CHECK(folders() == 0);
}
