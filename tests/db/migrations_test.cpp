#include "db/engine/migrations.h"

#include "db/schema/schema.h"
#include "tests/db/fixture.h"

#include <algorithm>
#include <array>

using namespace bm;
using namespace bm::db;
using model::ErrorCode;

namespace {

constexpr auto kOne = std::to_array<std::string_view>({"create table a (n {rising_key}, t {text} not null)"});
constexpr auto kTwo = std::to_array<std::string_view>(
    {"alter table a add column m bigint not null default 7", "create index a_m on a (m)"});
constexpr auto kBroken = std::to_array<std::string_view>({"create table b (n bigint)", "create nonsense"});

} // namespace

TEST_CASE("migrations upgrade the schema", "[db][migration]")
{
    const TestStore store;
    const std::unique_ptr<Engine> engine = store.engine();
    const std::unique_ptr<Connection> connection = engine->connect(Access::Write);
    const auto migrateTo = [&](std::span<const Migration> migrations) {
        migrate(*connection, *engine, migrations);
    };
    constexpr auto both = std::to_array<Migration>({{1, "one", kOne}, {2, "two", kTwo}});
    migrateTo(std::span(both).first(1));
    connection->execute("insert into a (t) values ($1)", {std::string("old")});

    SECTION("from an older version, keeping its rows")
    {
        migrateTo(both);
        const auto rows = connection->query("select t, m from a", {});
        REQUIRE(rows.size() == 1);
        CHECK(rows[0] == Row{std::string("old"), std::int64_t{7}});
    }
    SECTION("and records each version once")
    {
        migrateTo(both);
        migrateTo(both);
        CHECK(connection->query("select version, name from schema_migrations order by version", {}) ==
              std::vector<Row>{{std::int64_t{1}, std::string("one")}, {std::int64_t{2}, std::string("two")}});
    }
    SECTION("completely or not at all")
    {
        constexpr auto broken = std::to_array<Migration>({{1, "one", kOne}, {2, "broken", kBroken}});
        CHECK(errorOf([&] { migrateTo(broken); }).code() == ErrorCode::Internal);
        const std::vector<std::string> tables = engine->tables(*connection);
        CHECK(std::find(tables.begin(), tables.end(), "b") == tables.end());
        migrateTo(both);
    }
    SECTION("and a newer schema is refused with a hint")
    {
        migrateTo(both);
        const auto error = errorOf([&] { migrateTo(std::span(both).first(1)); });
        CHECK(error.code() == ErrorCode::Conflict);
        CHECK(error.message() ==
              engine->place() + " has schema version 2, but this bmd supports versions up to 1");
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
    SECTION("are applied once: a database opened again keeps its rows")
    {
        const TestStore store;
        const model::Node node = makeNode("kept");
        {
            Database database = store.open();
            database.write([&](Transaction& tx) { NodeRepository{}.insert(tx, node); });
        }
        Database database = store.open();
        CHECK(database.read([&](Transaction& tx) { return NodeRepository{}.findByName(tx, "kept"); })->id ==
              node.id);
    }
}

TEST_CASE("images of earlier versions are public", "[db][migration]")
{
    const TestStore store;
    const std::unique_ptr<Engine> engine = store.engine();
    const std::unique_ptr<Connection> connection = engine->connect(Access::Write);
    const std::span<const Migration> all = allMigrations();
    const auto owners = std::ranges::find_if(all, [](const Migration& migration) {
        return migration.name.find("visibility") != std::string_view::npos;
    });
    REQUIRE(owners != all.end());
    migrate(*connection, *engine, all.first(static_cast<std::size_t>(owners - all.begin())));
    connection->execute(
        "insert into images (uuid, name, state, content_id, size_bytes, stored_bytes, data_bytes, "
        "source_format, source, manifest_sha256, progress_bytes, progress_total_bytes, error_code, "
        "error_message, error_hint, created_at, updated_at) values ('u', 'old', 'ready', '', 0, 0, 0, '', "
        "'', '', "
        "0, 0, '', '', '', 0, 0)",
        {});
    migrate(*connection, *engine, all);
    const std::optional<model::Image> image = ImageRepository{}.findByName(*connection, "old");
    REQUIRE(image);
    CHECK(image->visibility == model::ImageVisibility::Public);
    CHECK(image->owner.empty());
    CHECK(image->addressKey.empty());
}

TEST_CASE("a sequence", "[db][migration]")
{
    const TestStore store;
    const std::unique_ptr<Engine> engine = store.engine();
    const std::unique_ptr<Connection> connection = engine->connect(Access::Write);
    static constexpr auto later = std::to_array<std::string_view>({"{sequence numbers of a.n}"});
    constexpr auto both = std::to_array<Migration>({{1, "one", kOne}, {2, "later", later}});
    migrate(*connection, *engine, std::span(both).first(1));
    SECTION("of an empty table begins with 1")
    {
        migrate(*connection, *engine, both);
        CHECK(connection->nextNumber("numbers") == 1);
        CHECK(connection->nextNumber("numbers") == 2);
    }
    SECTION("begins after the greatest number of its column")
    {
        connection->execute("insert into a (n, t) values ($1, '')", {std::int64_t{41}});
        migrate(*connection, *engine, both);
        CHECK(connection->nextNumber("numbers") == 42);
    }
}

TEST_CASE("a migration that refuses changes makes a table append-only", "[db][migration]")
{
    const TestStore store;
    const std::unique_ptr<Engine> engine = store.engine();
    const std::unique_ptr<Connection> connection = engine->connect(Access::Write);
    static constexpr auto refusing = std::to_array<std::string_view>({"{refuse delete on a}"});
    constexpr auto both = std::to_array<Migration>({{1, "one", kOne}, {2, "refusing", refusing}});
    migrate(*connection, *engine, both);
    connection->execute("insert into a (t) values ('kept')", {});
    CHECK_THROWS_AS(connection->execute("delete from a", {}), model::Error);
    CHECK(connection->query("select t from a", {}).size() == 1);
}
