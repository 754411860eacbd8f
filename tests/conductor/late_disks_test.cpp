// The disks that earlier boots of a node had and the last one lacks: what bmd stores, and the agent's orders.
#include "common/wire/agent/disk_rules.h"
#include "conductor/core/node_disks.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using model::State;
using nlohmann::json;
using test::World;
using namespace std::chrono_literals;

namespace {

/// An inventory with a disk for each of @p serials.
json inventoryOf(const std::vector<std::string>& serials)
{
    json disks = json::array();
    for (const std::string& serial : serials)
        disks.push_back({{"name", "/dev/sd" + std::to_string(disks.size())}, {"serial", serial}});
    return {{"disks", disks}};
}

std::string serialsIn(const std::optional<model::JsonText>& list)
{
    std::string serials;
    if (list)
        for (const wire::Disk& disk : wire::disksFrom(list->text))
            serials += disk.serial + " ";
    return serials;
}

} // namespace

TEST_CASE("bmd keeps the disks that a boot lacks, until they are back or an inspection ends",
          "[conductor][late-disks]")
{
    model::Node node;
    const auto after = [&](const json& inventory) {
        conductor::keepInventory(node, {inventory.dump()});
        return serialsIn(conductor::missingDisks(node));
    };
    json first = inventoryOf({"SYS1", "DATA1", "STICK", "VIRTUAL", ""});
    first["disks"][2]["removable"] = true;
    first["disks"][3]["candidate"] = false;
    CHECK(after(first).empty());
    CHECK(after(inventoryOf({"SYS1"})) == "DATA1 ");
    CHECK(after(inventoryOf({"SYS1"})) == "DATA1 ");
    CHECK(after(inventoryOf({})) == "DATA1 SYS1 ");
    CHECK(after(inventoryOf({"SYS1", "NEW1"})) == "DATA1 ");
    SECTION("back")
    {
        CHECK(after(inventoryOf({"DATA1", "SYS1", "NEW1"})).empty());
        CHECK_FALSE(json::parse(node.driverInternalInfo.text).contains("missing_disks"));
    }
    SECTION("without capacity: it has not spun up, or is broken")
    {
        json dead = inventoryOf({"SYS1"});
        dead["disks"][0]["candidate"] = false;
        dead["disks"][0]["size_bytes"] = 0;
        CHECK(after(dead) == "DATA1 SYS1 NEW1 ");
    }
    SECTION("replaced by another one at its place")
    {
        const auto at = [](const std::string& serial, const std::string& path) {
            json one = inventoryOf({serial});
            one["disks"][0]["by_path"] = path;
            return one;
        };
        conductor::forgetMissingDisks(node);
        CHECK(after(at("OLD", "pci-1")) == "SYS1 NEW1 ");
        CHECK(after(at("OTHER", "pci-2")) == "SYS1 NEW1 OLD ");
        CHECK(after(at("NEXT", "pci-1")) == "SYS1 NEW1 OTHER ");
        CHECK(after(at("OTHER", "pci-1")) == "SYS1 NEW1 NEXT "); // it moved there
    }
    SECTION("inspected")
    {
        conductor::forgetMissingDisks(node);
        CHECK(after(inventoryOf({"SYS1", "NEW1"})).empty());
    }
    SECTION("an inventory that cannot be read expects nothing")
    {
        node.driverInternalInfo.text = R"({"inventory": {"disks": 7}, "missing_disks": "x"})";
        CHECK(after(inventoryOf({"SYS1"})).empty());
    }
}

TEST_CASE("the agent gets the absent disks with a step that writes", "[conductor][late-disks]")
{
    World world;
    world.nodeIn(State::WaitCallback);
    world.core->database.write([&](db::Transaction& tx) {
        model::Node node = world.node("node-1");
        node.driverInternalInfo = {}; // without the simulated machine's inventory
        conductor::keepInventory(node, {inventoryOf({"SYS1", "DATA1"}).dump()});
        db::NodeRepository{}.update(tx, node);
    });
    const World::Agent agent = world.bootAgent("node-1");
    world.exchange(agent, {}, true); // without a disk
    world.runUntilIdle(1s);
    const auto expectedAfter = [&](const std::string& inventory) {
        wire::AgentExchangeRequest request;
        request.bootId = agent.bootId;
        request.keepsDiskRules = true;
        if (!inventory.empty())
            request.inventory = model::JsonText{inventory};
        const auto answer = world.core->agents.exchange(agent.uuid, agent.token, request, "192.0.2.7");
        REQUIRE(answer.step);
        return serialsIn(wire::fromJson<wire::DiskRules>(answer.step->diskRules.text, "disk_rules").expected);
    };
    CHECK(expectedAfter("") == "SYS1 DATA1 ");
    CHECK(expectedAfter(inventoryOf({"SYS1"}).dump()) == "DATA1 "); // the agent sends it again
    CHECK(expectedAfter(inventoryOf({"SYS1", "DATA1", "LATE1"}).dump()).empty());
    CHECK(conductor::lastSeenDisks(world.node("node-1")).size() == 3);
}

TEST_CASE("a disk that an inspection did not find is absent no longer", "[conductor][late-disks]")
{
    World world;
    world.nodeIn(State::Manageable);
    world.core->database.write([&](db::Transaction& tx) {
        model::Node node = world.node("node-1");
        conductor::keepInventory(node, {inventoryOf({"SYS1", "DATA1"}).dump()});
        conductor::keepInventory(node, {inventoryOf({"SYS1"}).dump()});
        db::NodeRepository{}.update(tx, node);
    });
    CHECK(serialsIn(conductor::missingDisks(world.node("node-1"))) == "DATA1 ");
    world.verb("node-1", model::StateEvent::Inspect);
    world.runUntilIdle(5s);
    CHECK(world.stateOf("node-1") == State::Manageable);
    CHECK_FALSE(conductor::missingDisks(world.node("node-1")));
}
