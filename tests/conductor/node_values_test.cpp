#include "conductor/core/node_values.h"

#include "common/model/error.h"
#include "conductor/core/nodes.h"
#include "conductor/health/doctor_checks.h"
#include "db/repositories/resources/inspection_rule_repository.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using model::State;
using nlohmann::json;
using test::World;

namespace {

void storeRule(World& world, const std::string& path, const std::string& value)
{
    model::InspectionRule rule;
    rule.id = model::InspectionRuleId::make();
    rule.actions.text =
        json::array({{{"op", "set-attribute"}, {"args", {{"path", path}, {"value", value}}}}}).dump();
    world.core->database.write([&](db::Transaction& tx) { db::inspectionRuleRepository().insert(tx, rule); });
}

void inspect(World& world)
{
    world.nodeIn(State::Manageable);
    world.verb("node-1", model::StateEvent::Inspect);
    world.runUntilIdle();
}

} // namespace

TEST_CASE("a value that a machine reported is parsed when a rule stores it", "[conductor][security]")
{
    World world;
    SECTION("an address of the right form")
    {
        storeRule(world, "/properties/health_address", "192.0.2.7");
        inspect(world);
        CHECK(world.stateOf("node-1") == State::Manageable);
        CHECK_THAT(world.node("node-1").properties.text, Contains("192.0.2.7"));
    }
    SECTION("an option in place of an address, of a name, of a trait")
    {
        const auto [path, value] =
            GENERATE(table<std::string, std::string>({{"/properties/health_address", "-oProxyCommand=id"},
                                                      {"/name", "-n1"},
                                                      {"/driver_info/provisioning_vlan", "7 x"}}));
        INFO(path);
        storeRule(world, path, value);
        inspect(world);
        CHECK(world.stateOf("node-1") == State::InspectFailed);
        CHECK_THAT(world.node("node-1").lastError, Contains(path.substr(1)));
        CHECK(world.node("node-1").properties.text.find(value) == std::string::npos);
    }
}

TEST_CASE("the doctor lists stored values that requests may not write", "[conductor][doctor]")
{
    World world;
    world.enrol("node-1");
    const conductor::Examination values =
        conductor::storedValues(world.core->database, world.core->context.hardware);
    std::vector<conductor::Finding> found = values(model::Deadline::in(std::chrono::seconds{5}));
    REQUIRE(found.size() == 1);
    CHECK(found[0].severity == conductor::Severity::Ok);
    world.core->database.write([](db::Transaction& tx) {
        model::Node node = conductor::findNode(tx, "node-1");
        node.properties.text = json{{"health_address", "a b\x1b[31m"}}.dump();
        db::NodeRepository{}.update(tx, node);
    });
    found = values(model::Deadline::in(std::chrono::seconds{5}));
    REQUIRE(found.size() == 1);
    CHECK(found[0].severity == conductor::Severity::Warning);
    CHECK(found[0].subject == "node node-1");
    CHECK(found[0].what == "properties/health_address: \"a b\\u001b[31m\" is not a host name or IP address");
    CHECK_FALSE(found[0].remedy.empty());
}

TEST_CASE("only the number of a stored VLAN reaches the kernel", "[conductor][security]")
{
    model::Node node;
    for (const char* text : {R"({"provisioning_vlan":42})", R"({"provisioning_vlan":"42 init=/bin/sh"})"}) {
        node.driverInfo.text = text;
        CHECK(conductor::provisioningVlanOf(node) == 42);
    }
    for (const char* text : {R"({"provisioning_vlan":"x"})", R"({"provisioning_vlan":4095})"}) {
        node.driverInfo.text = text;
        CHECK_THROWS_WITH(conductor::provisioningVlanOf(node), Contains("provisioning_vlan"));
    }
    node.driverInfo.text = "{}";
    CHECK_FALSE(conductor::provisioningVlanOf(node));
}
