// The file of an embedded database: mode, settings, copy.
#include "db/engine/integrity.h"
#include "db/engine/sqlite/sqlite_connection.h"
#include "db/open/open_database.h"
#include "tests/db/fixture.h"

#include <fstream>
#include <sys/stat.h>

using namespace bm;
using namespace bm::db;
using model::ErrorCode;

TEST_CASE("opening a database file", "[db][sqlite]")
{
    const Folder folder;
    SECTION("creates a file and a journal that only the owner can read")
    {
        Database database = openDatabase({folder / "bm.sqlite", 2, true});
        database.write([](Transaction& tx) { NodeRepository{}.insert(tx, makeNode("a")); });
        for (const char* name : {"bm.sqlite", "bm.sqlite-wal", "bm.sqlite-shm"}) {
            struct stat status {};
            REQUIRE(::stat((folder / name).c_str(), &status) == 0);
            CHECK((status.st_mode & 0777U) == 0600U);
        }
    }
    SECTION("is durable: WAL, synchronous full")
    {
        Database database = openDatabase({folder / "bm.sqlite", 2, true});
        database.write([](Transaction& tx) {
            CHECK(tx.query("pragma synchronous", {}).at(0).at(0) == Value{std::int64_t{2}});
            CHECK(tx.query("pragma journal_mode", {}).at(0).at(0) == Value{std::string("wal")});
            CHECK(tx.query("pragma foreign_keys", {}).at(0).at(0) == Value{std::int64_t{1}});
        });
    }
    SECTION("fails with the file's name if its folder does not exist")
    {
        const auto error = errorOf([&] {
            Database database = openDatabase({folder / "no/bm.sqlite", 2, true});
        });
        CHECK(error.code() == ErrorCode::NotFound);
        CHECK_THAT(error.message(), Catch::Contains("no/bm.sqlite"));
    }
    SECTION("refuses a text file and does not change it")
    {
        std::ofstream(folder / "bm.sqlite")
            << "this is a text file, and longer than the header of a database file: a check of "
               "the size alone would let it pass\n";
        const auto size = std::filesystem::file_size(folder / "bm.sqlite");
        const auto error = errorOf([&] {
            Database database = openDatabase({folder / "bm.sqlite", 2, true});
        });
        CHECK_THAT(error.message(), Catch::Contains("damaged or not a database of bm"));
        CHECK(std::filesystem::file_size(folder / "bm.sqlite") == size);
    }
    SECTION("refuses the database of another program")
    {
        {
            sqlite::SqliteConnection other(folder / "bm.sqlite", Access::Write, true);
            other.run("create table theirs (n bigint)");
        }
        CHECK_THAT(errorOf([&] {
                       Database database = openDatabase({folder / "bm.sqlite", 2, true});
                   }).message(),
                   Catch::Contains("not a database of bm"));
    }
}

TEST_CASE("a copy of a database", "[db][sqlite]")
{
    const Folder folder;
    Database database = openDatabase({folder / "bm.sqlite", 2, true});
    const auto insertNode = [&](const std::string& name) {
        database.write([&](Transaction& tx) { NodeRepository{}.insert(tx, makeNode(name)); });
    };
    for (int i = 0; i < 300; ++i) // more pages than copyTo() copies in one step
        database.write([&](Transaction& tx) {
            model::Node node = makeNode("n" + std::to_string(i));
            node.extra = model::JsonText{"{\"text\":\"" + std::string(20'000, 'x') + "\"}"};
            NodeRepository{}.insert(tx, node);
        });
    SECTION("is a snapshot without later rows, and does not restart")
    {
        int steps = 0;
        database.engine().copyTo(folder / "copy", [&](std::uint64_t done, std::uint64_t total) {
            CHECK(done <= total);
            insertNode("during" + std::to_string(steps++));
        });
        CHECK(steps > 1);
        CHECK(steps < 50);
        Database copy = openDatabase({folder / "copy", 1, true});
        CHECK(copy.read([](Transaction& tx) { return NodeRepository{}.count(tx); }) == 300);
        CHECK(integrityProblems(copy, CheckDepth::Whole).empty());
    }
    SECTION("is one private file")
    {
        database.engine().copyTo(folder / "copy", [](std::uint64_t, std::uint64_t) {});
        CHECK_FALSE(std::filesystem::exists(folder / "copy-wal"));
        struct stat status {};
        REQUIRE(::stat((folder / "copy").c_str(), &status) == 0);
        CHECK((status.st_mode & 0777U) == 0600U);
    }
    SECTION("never replaces a file")
    {
        std::ofstream(folder / "copy") << "precious";
        CHECK(errorOf([&] {
                  database.engine().copyTo(folder / "copy", [](std::uint64_t, std::uint64_t) {});
              }).code() == ErrorCode::Conflict);
        CHECK(std::filesystem::file_size(folder / "copy") == 8);
    }
}

TEST_CASE("a complete check finds rows without their parent", "[db][sqlite]")
{
    const Folder folder;
    Database database = openDatabase({folder / "bm.sqlite", 2, true});
    database.write([](Transaction& tx) {
        const model::Node node = makeNode("a");
        NodeRepository{}.insert(tx, node);
        model::Port port;
        port.id = model::PortId::make();
        port.node = node.id;
        port.mac.text = "52:54:00:00:00:01";
        PortRepository{}.insert(tx, port);
    });
    CHECK(integrityProblems(database, CheckDepth::Whole).empty());
    {
        sqlite::SqliteConnection careless(folder / "bm.sqlite", Access::Write, true);
        careless.query("pragma foreign_keys = off", {});
        careless.execute("delete from nodes", {});
    }
    CHECK(integrityProblems(database, CheckDepth::Quick).empty());
    CHECK(integrityProblems(database, CheckDepth::Whole) ==
          std::vector<std::string>{"1 rows of ports refer to rows of nodes that do not exist"});
}
