// Floods of clients without a login: what they leave in the database is bounded.
#include "db/repositories/audit_repository.h"
#include "db/repositories/unknown_machine_repository.h"
#include "tests/support/world.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>

using namespace bm;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using conductor::StrangerGate;
using model::State;
using test::World;

namespace {

constexpr int kFlood = 3'000;
constexpr int kManyPeers = 10'000;
static_assert(kManyPeers > StrangerGate::kMostPeers);
const std::string kStranger = "52:54:00:99:99:99";

std::string macOf(int number)
{
    return fmt::format("52:54:01:{:02x}:{:02x}:{:02x}", number >> 16U, (number >> 8U) & 0xff, number & 0xff);
}

std::string addressOf(int number)
{
    return fmt::format("10.{}.{}.7", number >> 8U, number & 0xff);
}

std::vector<model::NodeEvent> eventsOf(const World& world, const std::string& kind)
{
    std::vector<model::NodeEvent> events = world.core->database.read(
        [](db::Transaction& tx) { return db::EventRepository{}.since(tx, 0, 100'000); });
    std::erase_if(events, [&](const model::NodeEvent& event) { return event.kind != kind; });
    return events;
}

std::vector<model::UnknownMachine> unknownMachines(const World& world)
{
    return world.core->database.read(
        [](db::Transaction& tx) { return db::UnknownMachineRepository{}.list(tx, 100'000); });
}

std::vector<model::AuditRecord> auditOf(const World& world)
{
    return world.core->database.read(
        [](db::Transaction& tx) { return db::AuditRepository{}.list(tx, {}, 100'000); });
}

pxe::BootContact discover(const std::string& mac, const std::string& vendorClass = "")
{
    pxe::BootContact contact;
    contact.kind = model::EventKind::DhcpDiscover;
    contact.mac = model::macFromText(mac);
    contact.vendorClass = vendorClass;
    return contact;
}

} // namespace

TEST_CASE("a gate for rows of strangers", "[conductor][strangers]")
{
    StrangerGate gate;
    const model::UtcTime start = model::fromMillis(1'000'000);
    const auto admitted = [&](int requests, const std::string& peer, model::UtcTime now,
                              const std::string& node = "") {
        int count = 0;
        for (int i = 0; i < requests; ++i)
            count += gate.admits({"boot.unknown", peer, node}, now) ? 1 : 0;
        return count;
    };
    SECTION("gives a peer its share, and counts the rest")
    {
        CHECK(admitted(kFlood, "10.0.0.5", start) == 20);
        const std::vector<conductor::CountedRows> counts = gate.takeCounts();
        REQUIRE(counts.size() == 1);
        CHECK(counts[0].kind == "boot.unknown");
        CHECK(counts[0].rows == kFlood - 20);
        CHECK(counts[0].peers == std::vector<std::string>{"10.0.0.5"});
        CHECK(gate.takeCounts().empty());
    }
    SECTION("gives it six more a minute, and no more for a clock that was set back")
    {
        admitted(kFlood, "10.0.0.5", start);
        CHECK(admitted(kFlood, "10.0.0.5", start + 1min) == 6);
        CHECK(admitted(kFlood, "10.0.0.5", start - 1h) == 0);
        CHECK(admitted(kFlood, "10.0.0.5", start + 24h) == 20);
    }
    SECTION("counts a /64 as one peer, and other peers and kinds apart")
    {
        CHECK(admitted(15, "2001:db8::1", start) == 15);
        CHECK(admitted(15, "2001:db8::2", start) == 5);
        CHECK(admitted(15, "2001:db8:0:1::2", start) == 15);
        CHECK(gate.admits({"dhcp.discover", "2001:db8::1"}, start));
    }
    SECTION("bounds the rows of any number of peers, and the memory")
    {
        int stored = 0;
        for (int i = 0; i < kManyPeers; ++i)
            stored += admitted(3, addressOf(i), start);
        CHECK(stored == 200);
        CHECK(gate.peers() == StrangerGate::kMostPeers);
        const std::vector<conductor::CountedRows> counts = gate.takeCounts();
        REQUIRE(counts.size() == 1);
        CHECK(counts[0].rows == 3 * kManyPeers - 200);
        CHECK(counts[0].peers.size() == StrangerGate::kPeersNamed);
        CHECK(admitted(kFlood, "192.0.2.1", start) == 0);
        for (int i = 0; i < kManyPeers; ++i)
            stored += admitted(1, addressOf(i), start + 1min);
        CHECK(stored == 260);
    }
    SECTION("gives each node tokens of its own, which strangers cannot spend")
    {
        for (int i = 0; i < kFlood; ++i)
            admitted(1, addressOf(i), start);
        CHECK(admitted(5, "10.0.0.5", start, "node-a") == 5);
        int stored = 0;
        for (int i = 0; i < kFlood; ++i)
            stored += admitted(1, addressOf(i), start, "node-b");
        CHECK(stored == 120);
        CHECK(admitted(5, "10.0.0.5", start, "node-a") == 5);
    }
    SECTION("admits nothing without space")
    {
        gate.setSpace(false);
        CHECK(admitted(5, "10.0.0.5", start) == 0);
        gate.setSpace(true);
        CHECK(admitted(5, "10.0.0.5", start) == 5);
        CHECK(gate.takeCounts().at(0).rows == 5);
    }
    SECTION("names peers by short printable text")
    {
        gate.count({"audit", "\x1b[2J" + std::string(10'000, 'x')});
        const std::string peer = gate.takeCounts().at(0).peers.at(0);
        CHECK_THAT(peer, Catch::StartsWith("\\u001b[2Jxxx"));
        CHECK(peer.size() <= 64);
    }
}

TEST_CASE("boot scripts for a flood of strangers", "[conductor][strangers]")
{
    World world;
    SECTION("from one address leave at most twenty events, and one that counts the rest")
    {
        for (int i = 0; i < kFlood; ++i)
            world.core->boots.script(kStranger, "efi", "192.0.2.8");
        const std::size_t stored = eventsOf(world, "boot.unknown").size();
        CHECK(stored <= 20);
        CHECK(stored > 0);
        world.core->records.runOnce();
        const std::vector<model::NodeEvent> events = eventsOf(world, "boot.unknown");
        REQUIRE(events.size() == stored + 1);
        CHECK_THAT(events.back().message, Contains("counted only, from 192.0.2.8"));
        CHECK_THAT(events.back().details.text, Contains("\"count\""));
        world.core->records.runOnce();
        CHECK(eventsOf(world, "boot.unknown").size() == stored + 1);
    }
    SECTION("of three thousand machines leave the last thousand in the table")
    {
        for (int i = 0; i < kFlood; ++i) {
            world.clock.advance(1ms);
            world.core->boots.script(macOf(i), "efi", addressOf(i));
            if (i % 900 == 0)
                world.core->records.runOnce();
        }
        CHECK(eventsOf(world, "boot.unknown").size() < 250);
        world.core->records.runOnce();
        const std::vector<model::UnknownMachine> machines = unknownMachines(world);
        REQUIRE(machines.size() == 1'000);
        CHECK(machines.front().mac.text == macOf(kFlood - 1));
        CHECK(machines.back().mac.text == macOf(kFlood - 1'000));
    }
    SECTION("with a known MAC address leave a share, and short printable messages")
    {
        const model::NodeId id = world.nodeIn(State::Active).id;
        const std::string mac = world.core->database.read(
            [&](db::Transaction& tx) { return db::PortRepository{}.ofNode(tx, id).at(0).mac.text; });
        const std::size_t before = eventsOf(world, "http.script").size();
        const std::string platform = "\x1b]0;x\x07" + std::string(60'000, 'p');
        for (int i = 0; i < kFlood / 10; ++i)
            world.core->boots.script(mac, platform, "192.0.2.8");
        const std::vector<model::NodeEvent> events = eventsOf(world, "http.script");
        CHECK(events.size() <= before + 20);
        REQUIRE(events.size() > before);
        CHECK(events.back().message.size() < 100);
        CHECK_THAT(events.back().message, Contains("\\u001b]0;x\\u0007pp"));
    }
}

TEST_CASE("other requests of strangers leave a share", "[conductor][strangers]")
{
    World world;
    SECTION("lookups with a wrong secret")
    {
        world.nodeIn(State::WaitCallback);
        const World::Agent agent = world.bootAgent("node-1");
        for (int i = 0; i < 1'000; ++i)
            CHECK_THROWS_AS(world.core->agents.lookup({}, agent.uuid, "guess", "bb22", "192.0.2.9"),
                            model::Error);
        const std::size_t refused = eventsOf(world, "agent.refused").size();
        CHECK(refused <= 20);
        CHECK(refused > 0);
        // The node's own agent is heard.
        CHECK(world.core->agents.lookup({}, agent.uuid, agent.secret, agent.nonce, "192.0.2.7").token ==
              agent.token);
    }
    SECTION("DHCP messages and TFTP requests, with texts of any length")
    {
        for (int i = 0; i < 1'000; ++i) {
            pxe::BootContact read;
            read.kind = model::EventKind::TftpRead;
            read.address = "192.0.2.9";
            read.detail = "\x1b[2J" + std::string(1'500, 'f');
            world.core->boots.contact(read);
            world.core->boots.contact(discover(macOf(i)));
        }
        const std::vector<model::NodeEvent> reads = eventsOf(world, "tftp.read");
        REQUIRE_FALSE(reads.empty());
        CHECK(reads.size() <= 20);
        CHECK(reads.back().message.size() <= 400);
        CHECK_THAT(reads.back().message, Contains("\\u001b[2J"));
        CHECK(eventsOf(world, "dhcp.discover").size() <= 200);
    }
}

TEST_CASE("an unknown machine is noted", "[conductor][strangers]")
{
    World world;
    world.core->boots.contact(discover(kStranger, "PXEClient:Arch:00007\x1b" + std::string(500, 'v')));
    world.clock.advance(5s);
    world.core->boots.script(kStranger, "efi", "192.0.2.8");
    world.core->records.runOnce();
    const std::vector<model::UnknownMachine> machines = unknownMachines(world);
    REQUIRE(machines.size() == 1);
    CHECK(machines[0].mac.text == kStranger);
    CHECK(machines[0].requests == 2);
    CHECK(machines[0].lastSeenAt - machines[0].firstSeenAt == 5s);
    CHECK_THAT(machines[0].vendorClass, Catch::StartsWith("PXEClient:Arch:00007\\u001bvvv"));
    CHECK(machines[0].vendorClass.size() <= 80);
    CHECK(machines[0].lastAddress == "192.0.2.8");
    SECTION("also over a restart, and is counted on")
    {
        world.restart();
        world.core->boots.script(kStranger, "efi", "192.0.2.8");
        world.core->records.runOnce();
        CHECK(unknownMachines(world).at(0).requests == 3);
    }
    SECTION("until it is enrolled")
    {
        model::Node node;
        node.name = "rack1-07";
        node.driver = "fake-hardware";
        model::Port port;
        port.mac.text = kStranger;
        world.core->nodes.createWithPorts(node, {port}, "tester");
        CHECK(unknownMachines(world).empty());
    }
    SECTION("bm doctor's own probe is none")
    {
        world.core->boots.script("02:62:6d:00:00:01", "doctor", "127.0.0.1");
        world.core->records.runOnce();
        CHECK(unknownMachines(world).size() == 1);
    }
}

TEST_CASE("the retention runs by the settings", "[conductor][strangers]")
{
    conductor::Settings settings;
    settings.records.eventsRows = 50;
    settings.records.auditAge = 24h;
    World world(settings);
    const auto append = [&](int count) {
        world.core->database.write([&](db::Transaction& tx) {
            for (int i = 0; i < count; ++i) {
                db::EventRepository{}.append(tx, {0, {}, world.clock.now(), "power.on", "line", {"{}"}});
                model::AuditRecord record;
                record.at = world.clock.now();
                record.actor = "admin";
                record.action = "POST /v1/nodes";
                db::AuditRepository{}.append(tx, record);
            }
        });
    };
    append(120);
    world.core->records.runOnce();
    CHECK(eventsOf(world, "power.on").size() == 50);
    CHECK(auditOf(world).size() == 120);
    SECTION("once an hour")
    {
        append(30);
        world.clock.advance(10min);
        world.core->records.runOnce();
        CHECK(eventsOf(world, "power.on").size() == 80);
        world.clock.advance(1h);
        world.core->records.runOnce();
        CHECK(eventsOf(world, "power.on").size() == 50);
    }
    SECTION("by age, and says so in the audit log")
    {
        world.clock.advance(25h);
        append(1);
        world.core->records.runOnce();
        const std::vector<model::AuditRecord> records = auditOf(world);
        REQUIRE(records.size() == 2);
        CHECK(records.at(0).action == "POST /v1/nodes");
        CHECK(records.at(1).action == "audit.prune");
        CHECK(records.at(1).actor == "system");
        CHECK_THAT(records.at(1).detail, Contains("120"));
    }
}

TEST_CASE("without disk space the rows of strangers stop first", "[conductor][strangers]")
{
    conductor::Settings settings;
    settings.records.folder = "/";
    settings.records.reserveBytes = std::uint64_t{1} << 62U; // no disk has it
    World world(settings);
    world.core->records.runOnce();
    for (int i = 0; i < 100; ++i)
        world.core->boots.script(kStranger, "efi", "192.0.2.8");
    world.core->records.runOnce();
    CHECK(eventsOf(world, "boot.unknown").empty());
    CHECK(unknownMachines(world).empty());
    world.enrol("node-1");
    CHECK(world.hasEvent("node-1", "node.enrolled")); // bm's own rows go on
}
