// properties/skip_block_devices in the conductor: refusals, plans, and the agent's orders.
#include "common/wire/agent/disk_rules.h"
#include "conductor/core/node_disks.h"
#include "conductor/core/node_values.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using model::State;
using test::World;
using namespace std::chrono_literals;

namespace {

constexpr const char* kTwoDisks = R"({"inventory": {"disks": [
    {"name": "/dev/sda", "serial": "SYS1", "size_bytes": 107374182400},
    {"name": "/dev/sdb", "serial": "DATA1", "size_bytes": 4294967296000}]}})";

model::Node nodeWithData(const std::string& properties)
{
    model::Node node;
    node.properties.text = properties;
    node.driverInternalInfo.text = kTwoDisks;
    return node;
}

} // namespace

TEST_CASE("a deployment onto skipped disks only is refused before the machine starts",
          "[conductor][skipped-disks]")
{
    model::Node node = nodeWithData(R"({"skip_block_devices": [{"serial": "DATA1"}]})");
    wire::DeployOptions options;
    CHECK_NOTHROW(conductor::refuseSkippedDisks(node, options));
    CHECK_THAT(conductor::skippedDisksText(node), Contains("never writes /dev/sdb") && Contains("DATA1"));
    options.rootDevice = model::JsonText{R"({"serial": "DATA1"})"};
    CHECK_THROWS_WITH(conductor::refuseSkippedDisks(node, options), Contains("match skipped disks only"));
    options.rootDevice = model::JsonText{R"({"size": ">= 10"})"};
    CHECK_NOTHROW(conductor::refuseSkippedDisks(node, options));
    options.moreDisks = {model::JsonText{R"({"serial": "DATA1"})"}};
    CHECK_THROWS_WITH(conductor::refuseSkippedDisks(node, options), Contains("match skipped disks only"));
    node.properties.text =
        R"({"skip_block_devices": [{"serial": "DATA1"}], "root_device": {"serial": "DATA1"}})";
    CHECK_THROWS_WITH(conductor::refuseSkippedDisks(node, {}), Contains("match skipped disks only"));
    node.driverInternalInfo.text = "{}"; // never seen: the agent refuses it
    CHECK_NOTHROW(conductor::refuseSkippedDisks(node, {}));
    CHECK(conductor::skippedDisksText(node).empty());
}

TEST_CASE("a list of skipped disks that cannot be read is not stored", "[conductor][skipped-disks]")
{
    World world;
    const auto refusalsOf = [&](const std::string& properties) {
        return conductor::refusedValues(world.core->context.hardware, nodeWithData(properties));
    };
    CHECK(refusalsOf(R"({"skip_block_devices": [{"serial": "DATA1"}]})").empty());
    for (const char* good : {R"({"serial": "SYS1"})", "{}", "null", R"("")", R"("{\"serial\": \"SYS1\"}")"})
        CHECK(refusalsOf(fmt::format(R"({{"root_device": {}}})", good)).empty());
    for (const char* bad : {R"([{"serial": "SYS1"}])", "5", "true", R"("serial=abc")",
                            R"({"serail": "SYS1"})", R"({"size": "big"})"}) {
        INFO(bad);
        const auto found = refusalsOf(fmt::format(R"({{"root_device": {}}})", bad));
        REQUIRE(found.size() == 1);
        CHECK(found.front().field == "properties/root_device");
    }
    const std::vector<conductor::RefusedValue> refused =
        refusalsOf(R"({"skip_block_devices": [{"serail": "DATA1"}]})");
    REQUIRE(refused.size() == 1);
    CHECK(refused.front().field == "properties/skip_block_devices");
    CHECK_THAT(refused.front().why, Contains("unknown hint \"serail\""));
}

TEST_CASE("the agent gets the node's disk rules with its step", "[conductor][skipped-disks]")
{
    World world;
    world.nodeIn(State::WaitCallback);
    world.core->database.write([&](db::Transaction& tx) {
        model::Node node = world.node("node-1");
        node.properties.text = R"({"skip_block_devices": [{"serial": "DATA1"}]})";
        db::NodeRepository{}.update(tx, node);
    });
    const World::Agent agent = world.bootAgent("node-1");
    world.exchange(agent, {}, true);
    world.runUntilIdle(1s);
    wire::AgentExchangeRequest request;
    request.bootId = agent.bootId;
    SECTION("an agent of this version")
    {
        request.keepsDiskRules = true;
        const auto answer = world.core->agents.exchange(agent.uuid, agent.token, request, "192.0.2.7");
        REQUIRE(answer.step);
        const auto rules = wire::fromJson<wire::DiskRules>(answer.step->diskRules.text, "disk_rules");
        CHECK(rules.skip.text == R"([{"serial":"DATA1"}])");
        CHECK(rules.guardSpecialFileSystems);
    }
    SECTION("an older agent writes nothing: its step fails")
    {
        const auto answer = world.core->agents.exchange(agent.uuid, agent.token, request, "192.0.2.7");
        CHECK_FALSE(answer.step);
        world.runUntilIdle(1s);
        CHECK(world.stateOf("node-1") == State::DeployFailed);
        CHECK_THAT(world.node("node-1").lastError, Contains("skip_block_devices"));
    }
}

TEST_CASE("the guard of cluster file systems is a setting of bmd and of a node", "[conductor][skipped-disks]")
{
    conductor::Settings settings;
    model::Node node;
    const auto guards = [&](const std::string& properties, const std::string& driverInfo = "{}") {
        node.properties.text = properties;
        node.driverInfo.text = driverInfo;
        return conductor::diskRulesOf(node, settings).guardSpecialFileSystems;
    };
    CHECK(guards("{}"));
    CHECK_FALSE(guards(R"({"guard_special_filesystems": false})"));
    CHECK_FALSE(guards(R"({"guard_special_filesystems": "False"})"));
    CHECK_FALSE(guards("{}", R"({"guard_special_filesystems": false})"));
    CHECK_FALSE(guards("{}", R"({"wipe_special_filesystems": "True"})")); // Ironic's
    CHECK(guards(R"({"guard_special_filesystems": "perhaps"})"));
    settings.guardSpecialFileSystems = false;
    CHECK_FALSE(guards("{}"));
    CHECK(guards(R"({"guard_special_filesystems": true})"));
}
