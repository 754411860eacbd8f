#include "tests/support/world.h"

#include <catch2/catch.hpp>

using namespace bm;
using model::PowerState;
using model::PowerTarget;
using model::State;
using test::World;
using namespace std::chrono_literals;

TEST_CASE("power on request", "[conductor][power]")
{
    World world;
    world.nodeIn(State::Available);
    const auto order = [&](PowerTarget target) {
        world.core->operations.power("node-1", target, {}, "alice");
        world.runUntilIdle(5s);
        return world.node("node-1").power;
    };
    CHECK(order(PowerTarget::On) == PowerState::On);
    CHECK(order(PowerTarget::On) == PowerState::On);
    CHECK(order(PowerTarget::Reboot) == PowerState::On);
    CHECK(world.hasEvent("node-1", "power.off"));
    CHECK(order(PowerTarget::Off) == PowerState::Off);
    CHECK(world.node("node-1").targetPower.empty());
    CHECK(world.stateOf("node-1") == State::Available);
}

TEST_CASE("a BMC that does not answer", "[conductor][power]")
{
    World world;
    SECTION("for a moment delays a deployment and does not fail it")
    {
        world.nodeIn(State::Available);
        world.core->nodes.update(
            "node-1",
            [](model::Node& node) { node.driverInfo.text = R"({"fake_power_fault": "bmc-unreachable:2"})"; },
            "a");
        world.deploy("node-1");
        world.runUntilIdle(20s);
        CHECK(world.stateOf("node-1") == State::Active);
        CHECK(world.hasEvent("node-1", "bmc.retry"));
    }
    SECTION("without end fails the operation with the BMC's error code, and releases the node")
    {
        world.enrol("dead", R"({"fake_power_fault": "bmc-unreachable"})");
        world.verb("dead", model::StateEvent::Manage);
        world.runUntilIdle(120s);
        CHECK(world.stateOf("dead") == State::Enroll);
        CHECK(world.node("dead").lastErrorCode == "bmc-unreachable");
        CHECK_NOTHROW(world.verb("dead", model::StateEvent::Manage));
    }
    SECTION("with wrong credentials fails at once")
    {
        world.enrol("wrong", R"({"fake_power_fault": "bmc-auth-failed"})");
        world.verb("wrong", model::StateEvent::Manage);
        world.runUntilIdle(1s);
        CHECK(world.stateOf("wrong") == State::Enroll);
        CHECK(world.node("wrong").lastErrorCode == "bmc-auth-failed");
    }
}

TEST_CASE("the periodic poll records changes that bm did not order", "[conductor][power]")
{
    World world;
    world.nodeIn(State::Active);
    world.nodeIn(State::Available, "node-2");
    CHECK(world.core->powerSync.runOnce() == 2);
    world.core->database.write([&](db::Transaction& tx) {
        db::NodeRepository{}.recordPower(tx, world.node("node-1").id, PowerState::Off);
    });
    world.core->powerSync.runOnce();
    CHECK(world.node("node-1").power == PowerState::On);
}

TEST_CASE("after three polls without an answer the power is unknown", "[conductor][power]")
{
    World world;
    world.nodeIn(State::Available);
    const auto fault = [&](const std::string& info) {
        world.core->nodes.update(
            "node-1", [&](model::Node& node) { node.driverInfo.text = info; }, "a");
    };
    REQUIRE(world.node("node-1").power != PowerState::Unknown);
    fault(R"({"fake_power_fault": "bmc-unreachable"})");
    world.core->powerSync.runOnce();
    world.core->powerSync.runOnce();
    CHECK(world.node("node-1").power != PowerState::Unknown); // a moment is no news
    world.core->powerSync.runOnce();
    CHECK(world.node("node-1").power == PowerState::Unknown);
    CHECK(world.hasEvent("node-1", "power.unknown"));
    fault("{}");
    world.core->powerSync.runOnce();
    CHECK(world.node("node-1").power == PowerState::Off);
}
