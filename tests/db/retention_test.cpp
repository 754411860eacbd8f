// The bounds of the tables that strangers and time fill, on every engine.
#include "db/repositories/audit_repository.h"
#include "db/repositories/unknown_machine_repository.h"
#include "tests/db/fixture.h"

using namespace bm;
using namespace bm::db;

namespace {

constexpr std::size_t kAll = 1'000;

/// Ten events, at 1000, 2000 ... 10000 ms.
void appendEvents(World& world)
{
    world.database.write([&](Transaction& tx) {
        for (int i = 1; i <= 10; ++i)
            EventRepository{}.append(tx, {0, world.node.id, at(i * 1'000), "power.on", "line", {"{}"}});
    });
}

void appendRecords(World& world)
{
    world.database.write([&](Transaction& tx) {
        for (int i = 1; i <= 10; ++i) {
            model::AuditRecord record;
            record.at = at(i * 1'000);
            record.actor = "admin";
            record.action = "POST /v1/nodes";
            record.outcome = "accepted";
            AuditRepository{}.append(tx, record);
        }
    });
}

std::vector<model::NodeEvent> storedEvents(const World& world)
{
    return world.database.read([](Transaction& tx) { return EventRepository{}.since(tx, 0, kAll); });
}

std::vector<model::AuditRecord> storedRecords(const World& world)
{
    return world.database.read([](Transaction& tx) { return AuditRepository{}.list(tx, {}, kAll); });
}

} // namespace

TEST_CASE("the retention of events", "[db][retention]")
{
    World world;
    appendEvents(world);
    const auto prune = [&](const Retention& retention, std::size_t limit = kAll) {
        return world.database.write([&](Transaction& tx) {
            return EventRepository{}.prune(tx, lastRowToPrune(tx, "events", retention), limit);
        });
    };
    SECTION("removes those before a time")
    {
        CHECK(prune({.since = at(4'000), .mostRows = {}}) == 3);
        REQUIRE(storedEvents(world).size() == 7);
        CHECK(storedEvents(world).front().at == at(4'000));
        CHECK(prune({.since = at(4'000), .mostRows = {}}) == 0);
    }
    SECTION("removes all but the newest so many")
    {
        CHECK(prune({.since = {}, .mostRows = 4}) == 6);
        REQUIRE(storedEvents(world).size() == 4);
        CHECK(storedEvents(world).front().at == at(7'000));
    }
    SECTION("removes by whichever of the two removes more")
    {
        CHECK(prune({.since = at(3'000), .mostRows = 5}) == 5);
        CHECK(prune({.since = at(8'000), .mostRows = 5}) == 2);
        CHECK(storedEvents(world).size() == 3);
    }
    SECTION("removes nothing without a limit, or within it")
    {
        CHECK(prune({}) == 0);
        CHECK(prune({.since = at(0), .mostRows = 10}) == 0);
        CHECK(storedEvents(world).size() == 10);
    }
    SECTION("works in pieces, the oldest first")
    {
        CHECK(prune({.since = at(6'000), .mostRows = {}}, 3) == 3);
        CHECK(storedEvents(world).front().at == at(4'000));
        CHECK(prune({.since = at(6'000), .mostRows = {}}, 3) == 2);
    }
    SECTION("leaves the newest event, from which readers continue")
    {
        const std::int64_t newest = storedEvents(world).back().sequence;
        CHECK(prune({.since = at(99'000), .mostRows = {}}) == 9);
        REQUIRE(storedEvents(world).size() == 1);
        CHECK(world.database.read([](Transaction& tx) { return EventRepository{}.latestSequence(tx); }) ==
              newest);
    }
}

TEST_CASE("the retention of the audit log", "[db][retention]")
{
    World world;
    appendRecords(world);
    const auto prune = [&](const Retention& retention, std::size_t limit = kAll) {
        return world.database.write([&](Transaction& tx) {
            return AuditRepository{}.prune(tx, lastRowToPrune(tx, "audit", retention), limit);
        });
    };
    const auto refuses = [&](const std::string& statement) {
        const std::size_t before = storedRecords(world).size();
        CHECK_THROWS_AS(world.database.write([&](Transaction& tx) { tx.execute(statement, {}); }),
                        model::Error);
        CHECK(storedRecords(world).size() == before);
    };
    SECTION("removes by age and by number, in pieces")
    {
        CHECK(prune({.since = at(3'000), .mostRows = {}}) == 2);
        CHECK(prune({.since = {}, .mostRows = 5}, 2) == 2);
        CHECK(prune({.since = {}, .mostRows = 5}, 2) == 1);
        REQUIRE(storedRecords(world).size() == 5);
        CHECK(storedRecords(world).front().at == at(6'000));
        CHECK(prune({.since = at(99'000), .mostRows = {}}) == 4);
        CHECK(storedRecords(world).size() == 1);
    }
    SECTION("is the only one to remove, before and afterwards")
    {
        refuses("delete from audit");
        CHECK(prune({.since = {}, .mostRows = 5}) == 5);
        refuses("delete from audit");
        refuses("delete from audit where sequence = (select max(sequence) from audit)");
        refuses("update audit set actor = 'x'");
        appendRecords(world);
        refuses("delete from audit");
        CHECK(storedRecords(world).size() == 15);
    }
}

TEST_CASE("the table of unknown machines", "[db][unknown-machines]")
{
    World world;
    const UnknownMachineRepository machines;
    const auto add = [&](const std::string& mac, std::int64_t time, const std::string& vendorClass = "",
                         const std::string& address = "") {
        world.database.write([&](Transaction& tx) {
            machines.add(tx, {{mac}, at(time), at(time + 1), 2, vendorClass, address});
        });
    };
    const auto list = [&](std::size_t limit = kAll) {
        return world.database.read([&](Transaction& tx) { return machines.list(tx, limit); });
    };
    add("52:54:00:00:00:01", 1'000, "PXEClient", "10.0.0.1");
    add("52:54:00:00:00:02", 2'000);
    add("52:54:00:00:00:03", 3'000);
    SECTION("has one row for each MAC address, the last seen first")
    {
        add("52:54:00:00:00:01", 4'000);
        REQUIRE(list().size() == 3);
        const model::UnknownMachine first = list().front();
        CHECK(first.mac.text == "52:54:00:00:00:01");
        CHECK(first.firstSeenAt == at(1'000));
        CHECK(first.lastSeenAt == at(4'001));
        CHECK(first.requests == 4);
        CHECK(first.vendorClass == "PXEClient");
        CHECK(first.lastAddress == "10.0.0.1");
        CHECK(list(2).size() == 2);
    }
    SECTION("takes the newest texts")
    {
        add("52:54:00:00:00:01", 4'000, "HTTPClient", "10.0.0.9");
        CHECK(list().front().vendorClass == "HTTPClient");
        CHECK(list().front().lastAddress == "10.0.0.9");
    }
    SECTION("loses those seen longest ago")
    {
        world.database.write([&](Transaction& tx) { machines.trim(tx, 2); });
        REQUIRE(list().size() == 2);
        CHECK(list().back().mac.text == "52:54:00:00:00:02");
    }
    SECTION("does not show an enrolled machine, and loses it")
    {
        world.database.write([&](Transaction& tx) {
            model::Port port;
            port.id = model::PortId::make();
            port.node = world.node.id;
            port.mac.text = "52:54:00:00:00:03";
            PortRepository{}.insert(tx, port);
        });
        CHECK(list().size() == 2);
        world.database.write([&](Transaction& tx) { machines.trim(tx, kAll); });
        CHECK(world.database.read([](Transaction& tx) {
            return std::get<std::int64_t>(tx.query("select count(*) from unknown_machines", {}).at(0).at(0));
        }) == 2);
    }
}
