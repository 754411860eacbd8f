#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <functional>
#include <future>

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

TEST_CASE("a power request shows its target until the machine has the state", "[conductor][power]")
{
    World world;
    world.nodeIn(State::Available);
    const auto request = [&](PowerTarget target) {
        world.core->operations.power("node-1", target, {}, "alice");
        return world.node("node-1").targetPower;
    };
    const auto store = [&](const std::function<void(model::Node&)>& change) {
        world.core->database.write([&](db::Transaction& tx) {
            model::Node node = *db::NodeRepository{}.find(tx, world.node("node-1").id);
            change(node);
            db::NodeRepository{}.update(tx, node);
        });
    };
    const auto failed = [](model::Node& node) { node.lastError = "it burns"; };
    const auto off = [](model::Node& node) { node.power = PowerState::Off; };
    SECTION("the state that it leads to, in Ironic's texts; one write ends both")
    {
        store(failed);
        store(off);
        bool began = false, together = true; // the commits before the request may be announced late
        world.core->database.onCommit([&](const db::CommitFacts&) {
            world.core->database.read([&](db::Transaction& tx) {
                const auto node = *db::NodeRepository{}.findByName(tx, "node-1");
                const bool busy = db::OperationRepository{}.current(tx, node.id).has_value();
                began = began || busy;
                together =
                    together && (!began || ((node.power == PowerState::On) == node.targetPower.empty() &&
                                            busy != node.targetPower.empty()));
            });
        });
        CHECK(request(PowerTarget::On) == "power on");
        CHECK(world.node("node-1").lastError.empty());
        world.runUntilIdle(5s);
        world.core->database.onCommit({});
        CHECK(began);
        CHECK(together);
        CHECK(request(PowerTarget::Reboot) == "power on");
        world.runUntilIdle(5s);
        CHECK(request(PowerTarget::SoftReboot) == "power on");
        world.runUntilIdle(5s);
        CHECK(request(PowerTarget::SoftOff) == "power off");
        world.runUntilIdle(5s);
        CHECK(world.node("node-1").targetPower.empty());
    }
    SECTION("none for the state that is there, and the error stays")
    {
        const bool on = world.node("node-1").power == PowerState::On;
        store(failed);
        CHECK(request(on ? PowerTarget::On : PowerTarget::Off).empty());
        world.runUntilIdle(5s);
        CHECK(world.node("node-1").targetPower.empty());
        CHECK(world.node("node-1").lastError == "it burns");
    }
    SECTION("one that only seemed to be there is reached all the same")
    {
        world.core->operations.power("node-1", PowerTarget::On, {}, "alice");
        world.runUntilIdle(5s);
        store(off);
        CHECK(request(PowerTarget::Off).empty());
        world.runUntilIdle(5s);
        CHECK(world.node("node-1").power == PowerState::Off);
        world.core->powerSync.runOnce();
        CHECK(world.node("node-1").power == PowerState::Off);
    }
    SECTION("a node in a failed state keeps its error")
    {
        store([&](model::Node& node) {
            failed(node);
            off(node);
            node.state = State::CleanFailed;
        });
        CHECK(request(PowerTarget::On) == "power on");
        CHECK(world.node("node-1").lastError == "it burns");
    }
}

TEST_CASE("a request waits a moment for the power operation at work", "[conductor][power]")
{
    World world;
    world.nodeIn(State::Available);
    world.core->operations.power("node-1", PowerTarget::Reboot, {}, "alice");
    CHECK(world.node("node-1").power != PowerState::Unknown); // what a client waits for may be there already
    SECTION("and follows it")
    {
        const auto then = [&](const std::function<void()>& act) {
            std::future<void> next = std::async(std::launch::async, act);
            while (next.wait_for(10ms) != std::future_status::ready)
                world.runOnce();
            next.get();
            world.runUntilIdle(5s);
        };
        then([&] { world.core->operations.power("node-1", PowerTarget::Off, {}, "alice"); });
        CHECK(world.node("node-1").power == PowerState::Off);
        world.core->operations.power("node-1", PowerTarget::Reboot, {}, "alice");
        then([&] { world.verb("node-1", model::StateEvent::Manage); });
        CHECK(world.stateOf("node-1") == State::Manageable);
    }
    SECTION("and gets 409 where that takes longer")
    {
        const auto began = std::chrono::steady_clock::now();
        CHECK_THROWS_WITH(world.core->operations.power("node-1", PowerTarget::Off, {}, "alice"),
                          Catch::Contains("is locked by host"));
        CHECK(std::chrono::steady_clock::now() - began >= 1s);
    }
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
