#include "conductor/core/size_limits.h"

#include "conductor/health/stored_values.h"
#include "db/repositories/node_repository.h"
#include "db/repositories/resources/inspection_rule_repository.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using model::ErrorCode;
using model::State;
using nlohmann::json;
using test::World;

namespace {

/// {"a": "xxx..."} of about @p bytes.
std::string largeObject(std::size_t bytes)
{
    return json{{"a", std::string(bytes, 'x')}}.dump();
}

/// The code of the refusal; Internal: there was none.
ErrorCode limitCodeOf(const std::function<void()>& call)
{
    try {
        call();
    } catch (const model::Error& error) {
        return error.code();
    }
    return ErrorCode::Internal;
}

model::Node largeNode(const std::string& name, const std::string& owner, std::size_t extra)
{
    model::Node node;
    node.name = name;
    node.driver = "fake-hardware";
    node.owner = owner;
    node.extra.text = largeObject(extra);
    return node;
}

void changeExtra(World& world, const std::string& name, const std::string& text)
{
    world.core->nodes.update(
        name, [&](model::Node& node) { node.extra.text = text; }, "alice");
}

/// Stores what an earlier version accepted.
void storeAsBefore(World& world, const std::string& name, const std::function<void(model::Node&)>& change)
{
    world.core->database.write([&](db::Transaction& tx) {
        model::Node node = *db::NodeRepository{}.findByName(tx, name);
        change(node);
        db::NodeRepository{}.update(tx, node);
    });
}

} // namespace

TEST_CASE("a column over its limit", "[conductor][limits]")
{
    World world;
    world.enrol("n1");
    SECTION("is refused with its name and both sizes")
    {
        CHECK_THROWS_WITH(changeExtra(world, "n1", largeObject(70'000)),
                          "extra: 70008 bytes, but the limit is 65536");
        CHECK(world.node("n1").extra.text == "{}");
        changeExtra(world, "n1", largeObject(65'000));
        CHECK(limitCodeOf([&] { world.core->nodes.create(largeNode("n2", "", 70'000), "alice"); }) ==
              ErrorCode::TooLarge);
    }
    SECTION("of every kind that a request may write")
    {
        using Change = std::function<void(model::Node&)>;
        const std::string object = largeObject(70'000), text(20'000, 'x');
        const std::string internal = largeObject(2'700'000); // bm stores inventories there
        for (const Change& change :
             std::vector<Change>{[&](model::Node& node) { node.properties.text = object; },
                                 [&](model::Node& node) { node.instanceInfo.text = object; },
                                 [&](model::Node& node) { node.driverInfo.text = object; },
                                 [&](model::Node& node) { node.driverInternalInfo.text = internal; },
                                 [&](model::Node& node) { node.networkData.text = object; },
                                 [&](model::Node& node) { node.targetRaidConfig.text = object; },
                                 [&](model::Node& node) { node.description = text; },
                                 [&](model::Node& node) { node.protectedReason = text; },
                                 [&](model::Node& node) { node.resourceClass = text; }})
            CHECK(limitCodeOf([&] { world.core->nodes.update("n1", change, "alice"); }) ==
                  ErrorCode::TooLarge);
        CHECK(limitCodeOf([&] { world.core->nodes.setMaintenance("n1", true, text, "alice"); }) ==
              ErrorCode::TooLarge);
        model::Port port;
        port.node = world.node("n1").id;
        port.mac = *model::macFromText("52:54:00:aa:bb:cc");
        port.extra.text = largeObject(17'000);
        CHECK(limitCodeOf([&] { world.core->nodes.createPort(port, "alice"); }) == ErrorCode::TooLarge);
        port.extra.text = "{}";
        const model::PortId id = world.core->nodes.createPort(port, "alice").id;
        CHECK(limitCodeOf([&] {
                  world.core->nodes.updatePort(
                      id, [&](model::Port& changed) { changed.extra.text = largeObject(17'000); }, "alice");
              }) == ErrorCode::TooLarge);
    }
    SECTION("or with too many entries")
    {
        json traits = json::array();
        for (int i = 0; i < 50; ++i)
            traits.push_back("CUSTOM_T" + std::to_string(i));
        const auto set = [&] {
            world.core->nodes.update(
                "n1", [&](model::Node& node) { node.traits.text = traits.dump(); }, "alice");
        };
        set();
        traits.push_back("CUSTOM_T50");
        CHECK_THROWS_WITH(set(), "traits: 51 entries, but the limit is 50");
    }
}

TEST_CASE("a stored column over its limit", "[conductor][limits]")
{
    World world;
    world.enrol("n1");
    storeAsBefore(world, "n1", [](model::Node& node) { node.extra.text = largeObject(80'000); });
    SECTION("stays while others change, and may shrink, but not grow")
    {
        world.core->nodes.update(
            "n1", [](model::Node& node) { node.description = "a rack"; }, "alice");
        changeExtra(world, "n1", largeObject(75'000));
        CHECK(limitCodeOf([&] { changeExtra(world, "n1", largeObject(76'000)); }) == ErrorCode::TooLarge);
    }
    SECTION("is listed by doctor and bmd --check")
    {
        const std::vector<conductor::StoredValue> found = world.core->database.read([&](db::Transaction& tx) {
            return conductor::refusedStoredValues(tx, world.core->context.hardware);
        });
        REQUIRE(found.size() == 1);
        CHECK(found[0].subject == "node n1");
        CHECK_THAT(found[0].what, Contains("extra: 80008 bytes"));
    }
}

TEST_CASE("an inspection rule that makes a column too long fails the inspection", "[conductor][limits]")
{
    World world;
    model::InspectionRule rule;
    rule.id = model::InspectionRuleId::make();
    rule.actions.text = json::array({{{"op", "set-attribute"},
                                      {"args", {{"path", "/extra/a"}, {"value", std::string(70'000, 'x')}}}}})
                            .dump();
    world.core->database.write([&](db::Transaction& tx) { db::inspectionRuleRepository().insert(tx, rule); });
    world.nodeIn(State::Manageable);
    world.verb("node-1", model::StateEvent::Inspect);
    world.runUntilIdle();
    CHECK(world.stateOf("node-1") == State::InspectFailed);
    CHECK(world.node("node-1").lastErrorCode == "too-large");
    CHECK(world.node("node-1").extra.text.size() < 1'000);
}

TEST_CASE("a project's data has a limit", "[conductor][limits]")
{
    conductor::Settings settings;
    settings.maxProjectBytes = 200'000;
    World world(settings);
    const auto create = [&](const std::string& name, const std::string& owner) {
        return limitCodeOf([&] { world.core->nodes.create(largeNode(name, owner, 60'000), "alice"); });
    };
    for (const char* name : {"n1", "n2", "n3"})
        REQUIRE(create(name, "web") == ErrorCode::Internal);
    SECTION("which refuses more, and names the project")
    {
        CHECK(create("n4", "web") == ErrorCode::TooLarge);
        CHECK_THROWS_WITH(world.core->nodes.create(largeNode("n4", "web", 60'000), "alice"),
                          Contains("the project web would store") && Contains("the limit is 200000"));
    }
    SECTION("which other projects and the system do not share")
    {
        CHECK(create("n4", "db") == ErrorCode::Internal);
        for (const char* name : {"s1", "s2", "s3", "s4"})
            CHECK(create(name, "") == ErrorCode::Internal);
    }
    SECTION("which a change within the present size does not meet")
    {
        changeExtra(world, "n1", "{}");
        CHECK(create("n4", "web") == ErrorCode::Internal);
        CHECK(create("n5", "web") == ErrorCode::TooLarge);
    }
    SECTION("to which a node counts that changes its owner")
    {
        REQUIRE(create("n4", "db") == ErrorCode::Internal);
        const auto give = [&](const std::string& owner) {
            return limitCodeOf([&] {
                world.core->nodes.update(
                    "n4", [&](model::Node& node) { node.owner = owner; }, "alice");
            });
        };
        CHECK(give("web") == ErrorCode::TooLarge);
        CHECK(give("") == ErrorCode::Internal);
    }
}
