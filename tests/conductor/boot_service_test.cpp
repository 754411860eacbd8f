#include "tests/support/world.h"

#include <catch2/catch.hpp>

using namespace bm;
using model::State;
using test::World;

namespace {

std::string macOf(const World& world, const std::string& name)
{
    const model::NodeId id = world.node(name).id;
    return world.core->database.read(
        [&](db::Transaction& tx) { return db::PortRepository{}.ofNode(tx, id).at(0).mac.text; });
}

bool boots(const World& world, const std::string& mac)
{
    for (const pxe::BootHost& host : world.core->boots.hosts())
        if (host.mac.text == mac)
            return host.boot;
    return false;
}

} // namespace

TEST_CASE("boot scripts by node", "[conductor][boot]")
{
    World world;
    SECTION("a node that is expected to boot gets the RAM disk, with another secret at each fetch")
    {
        world.nodeIn(State::WaitCallback);
        const std::string mac = macOf(world, "node-1");
        CHECK(boots(world, mac));
        const std::string first = world.core->boots.script(mac, "pcbios", "192.0.2.7");
        const std::string second = world.core->boots.script(mac, "pcbios", "192.0.2.7");
        CHECK_THAT(first, Catch::StartsWith("#!ipxe\n"));
        CHECK_THAT(first, Catch::Contains("bm.node=" + world.node("node-1").id.uuid));
        CHECK_THAT(first, Catch::Contains("BOOTIF=01-52-54-00"));
        CHECK(first != second);
    }
    SECTION("the RAM disk learns the VLAN of driver_info; other texts are refused, not truncated")
    {
        const model::NodeId id = world.nodeIn(State::WaitCallback).id;
        const auto scriptWith = [&](const std::string& vlan) {
            world.core->database.write([&](db::Transaction& tx) {
                model::Node node = *db::NodeRepository{}.find(tx, id);
                node.driverInfo.text = R"({"provisioning_vlan": )" + vlan + "}";
                db::NodeRepository{}.update(tx, node);
            });
            return world.core->boots.script(macOf(world, "node-1"), "pcbios", "192.0.2.7");
        };
        CHECK_THAT(scriptWith("42"), Catch::Contains(" bm.vlan=42 "));
        CHECK_THAT(scriptWith("\"4094\""), Catch::Contains(" bm.vlan=4094 "));
        CHECK_THAT(scriptWith("\"42 x\""), Catch::Contains(" bm.vlan=42 ")); // stored by an earlier version
        for (const char* wrong : {"\"x\"", "4095", "0", "4294967338", "99999999999999999999"})
            CHECK_THROWS_WITH(scriptWith(wrong), Catch::Contains("provisioning_vlan"));
    }
    SECTION("a known idle node is sent to its own disk, without a secret")
    {
        world.nodeIn(State::Active);
        const std::string mac = macOf(world, "node-1");
        CHECK_FALSE(boots(world, mac));
        const std::string script = world.core->boots.script(mac, "efi", "192.0.2.7");
        CHECK_THAT(script, Catch::Contains("own disk") && Catch::Contains("exit"));
        CHECK_THAT(script, !Catch::Contains("bm.secret"));
    }
    SECTION("an idle node whose deployed disk is not the BIOS's first is sent to that one")
    {
        const model::NodeId id = world.nodeIn(State::Active).id;
        world.core->database.write([&](db::Transaction& tx) {
            model::Node node = *db::NodeRepository{}.find(tx, id);
            node.driverInternalInfo = model::JsonText{R"({"boot": {"firmware": "bios", "drive": 129}})"};
            db::NodeRepository{}.update(tx, node);
        });
        CHECK_THAT(world.core->boots.script(macOf(world, "node-1"), "pcbios", "192.0.2.7"),
                   Catch::Contains("--drive 0x81 "));
    }
    SECTION("an unknown machine gets a script that says so, and an event is recorded")
    {
        const std::string script = world.core->boots.script("52:54:00:99:99:99", "efi", "192.0.2.8");
        CHECK_THAT(script, Catch::Contains("not enrolled"));
        const std::vector<model::NodeEvent> events = world.core->database.read(
            [](db::Transaction& tx) { return db::EventRepository{}.since(tx, 0, 10); });
        REQUIRE_FALSE(events.empty());
        CHECK(events.back().kind == "boot.unknown");
        CHECK_THAT(events.back().message, Catch::Contains("52:54:00:99:99:99"));
    }
    SECTION("an invalid MAC address is refused")
    {
        CHECK_THROWS_AS(world.core->boots.script("; rm -rf", "efi", "192.0.2.8"), model::Error);
    }
}

TEST_CASE("contacts on the wire become events of the node", "[conductor][boot]")
{
    World world;
    world.nodeIn(State::WaitCallback);
    pxe::BootContact ack;
    ack.kind = model::EventKind::DhcpAck;
    ack.mac = model::macFromText(macOf(world, "node-1"));
    ack.address = "10.77.0.101";
    ack.at = world.clock.now();
    world.core->boots.contact(ack);
    CHECK(world.hasEvent("node-1", "dhcp.ack"));
    SECTION("and an IP address is matched by its lease")
    {
        pxe::BootContact read;
        read.kind = model::EventKind::TftpRead;
        read.address = "10.77.0.101";
        read.detail = "undionly.kpxe";
        read.at = world.clock.now();
        world.core->boots.contact(read);
        CHECK(world.hasEvent("node-1", "tftp.read"));
        world.core->boots.fetched(model::EventKind::HttpKernel, "10.77.0.101", 8'000'000, true);
        CHECK(world.hasEvent("node-1", "http.kernel"));
    }
}
