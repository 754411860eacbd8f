#include "tests/db/fixture.h"

#include "db/engine/migrations.h"
#include "db/engine/sqlite.h"
#include "db/engine/writer.h"

#include <array>
#include <fstream>
#include <sys/stat.h>

using namespace bm;
using namespace bm::db;
using model::ErrorCode;

namespace {

void migrateTo(Transaction& tx, std::span<const Migration> migrations)
{
    migrate(
        tx, [](Transaction& inner, const std::function<void()>& unit) { underSavepoint(inner, unit); },
        sqliteDialect(), migrations, "bm.sqlite");
}

constexpr auto kOne = std::to_array<std::string_view>({"create table a (n {rising_key}, t {text} not null)"});
constexpr auto kTwo = std::to_array<std::string_view>(
    {"alter table a add column m bigint not null default 7", "create index a_m on a (m)"});
constexpr auto kBroken = std::to_array<std::string_view>({"create table b (n bigint)", "create nonsense"});

} // namespace

TEST_CASE("the schema is brought up to date", "[db][migration]")
{
    const Folder folder;
    sqlite::Connection connection(folder / "x.sqlite", sqlite::Role::Writer, false);
    constexpr auto both = std::to_array<Migration>({{1, "one", kOne}, {2, "two", kTwo}});
    migrateTo(connection, std::span(both).first(1));
    connection.execute("insert into a (t) values ($1)", {std::string("old")});

    SECTION("from an older version, keeping what is there")
    {
        migrateTo(connection, both);
        const auto rows = connection.query("select t, m from a", {});
        REQUIRE(rows.size() == 1);
        CHECK(rows[0] == Row{std::string("old"), std::int64_t{7}});
    }
    SECTION("and told so, once per version")
    {
        migrateTo(connection, both);
        migrateTo(connection, both);
        CHECK(connection.query("select version, name from schema_migrations order by version", {}) ==
              std::vector<Row>{{std::int64_t{1}, std::string("one")}, {std::int64_t{2}, std::string("two")}});
    }
    SECTION("or not at all: a migration that fails leaves nothing")
    {
        constexpr auto broken = std::to_array<Migration>({{1, "one", kOne}, {2, "broken", kBroken}});
        CHECK(errorOf([&] { migrateTo(connection, broken); }).code() == ErrorCode::Internal);
        CHECK(connection.query("select 1 from sqlite_master where name = 'b'", {}).empty());
        migrateTo(connection, both);
    }
    SECTION("but not back: a newer one is refused with what to do")
    {
        migrateTo(connection, both);
        const auto error = errorOf([&] { migrateTo(connection, std::span(both).first(1)); });
        CHECK(error.code() == ErrorCode::Conflict);
        CHECK(error.message() == "bm.sqlite has schema version 2, this bmd knows versions up to 1");
        CHECK_FALSE(error.hint().empty());
    }
}

TEST_CASE("bm's own migrations", "[db][migration]")
{
    SECTION("are numbered without gaps")
    {
        int expected = 1;
        for (const Migration& migration : allMigrations())
            CHECK(migration.version == expected++);
    }
    SECTION("are applied once: a database opened again holds what it held")
    {
        const Folder folder;
        const model::Node node = makeNode("kept");
        {
            Database database({folder / "bm.sqlite", 2, true});
            database.write([&](Transaction& tx) { NodeRepository{}.insert(tx, node); });
        }
        Database database({folder / "bm.sqlite", 2, true});
        CHECK(database.read([&](Transaction& tx) { return NodeRepository{}.findByName(tx, "kept"); })->id ==
              node.id);
    }
}

TEST_CASE("opening a database", "[db]")
{
    const Folder folder;
    SECTION("makes a file that only its owner reads, with its journal")
    {
        Database database({folder / "bm.sqlite", 2, true});
        database.write([](Transaction& tx) { NodeRepository{}.insert(tx, makeNode("a")); });
        for (const char* name : {"bm.sqlite", "bm.sqlite-wal", "bm.sqlite-shm"}) {
            struct stat status {};
            REQUIRE(::stat((folder / name).c_str(), &status) == 0);
            CHECK((status.st_mode & 0777U) == 0600U);
        }
    }
    SECTION("is durable: WAL, synchronous full")
    {
        Database database({folder / "bm.sqlite", 2, true});
        database.write([](Transaction& tx) {
            CHECK(tx.query("pragma synchronous", {}).at(0).at(0) == Value{std::int64_t{2}});
            CHECK(tx.query("pragma journal_mode", {}).at(0).at(0) == Value{std::string("wal")});
            CHECK(tx.query("pragma foreign_keys", {}).at(0).at(0) == Value{std::int64_t{1}});
        });
    }
    SECTION("in a folder that is not there says so")
    {
        const auto error = errorOf([&] { Database database({folder / "no/bm.sqlite", 2, true}); });
        CHECK(error.code() == ErrorCode::NotFound);
        CHECK_THAT(error.message(), Catch::Contains("no/bm.sqlite"));
    }
    SECTION("that is none says so and leaves the file alone")
    {
        std::ofstream(folder / "bm.sqlite")
            << "this is a text file, and long enough to be taken for more than it is "
               "by anyone who only looks at its size\n";
        const auto size = std::filesystem::file_size(folder / "bm.sqlite");
        const auto error = errorOf([&] { Database database({folder / "bm.sqlite", 2, true}); });
        CHECK_THAT(error.message(), Catch::Contains("damaged or no database of bm"));
        CHECK(std::filesystem::file_size(folder / "bm.sqlite") == size);
    }
    SECTION("of another program is refused")
    {
        {
            sqlite::Connection other(folder / "bm.sqlite", sqlite::Role::Writer, true);
            other.run("create table theirs (n bigint)");
        }
        CHECK_THAT(errorOf([&] {
                       Database database({folder / "bm.sqlite", 2, true});
                   }).message(),
                   Catch::Contains("not one of bm's"));
    }
}
