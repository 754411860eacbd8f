#include "tests/support/world.h"

#include <catch2/catch.hpp>

using namespace bm;
using model::State;
using test::World;
using namespace std::chrono_literals;

namespace {

bool hasStep(const World& world, const std::string& name)
{
    for (const model::Step& step : world.steps("node-1"))
        if (step.name == name)
            return true;
    return false;
}

/// A node whose image is written and whose agent has the order to start its kernel.
struct Kexec {
    World world;
    World::Agent agent;
    wire::AgentExchangeAnswer instruction;

    Kexec()
    {
        world.nodeIn(State::Available);
        world.core->nodes.update(
            "node-1", [](model::Node& node) { node.driverInfo.text = R"({"fake_agent_delay": "never"})"; },
            "alice");
        conductor::DeployRequest request;
        request.image = "debian";
        request.options.kexec = true;
        world.core->operations.provision("node-1", request, "alice");
        world.runUntilIdle(3s);
        agent = world.bootAgent("node-1");
        world.exchange(agent, {}, true);
        world.runUntilIdle(1s);
        instruction = world.exchange(agent);
        REQUIRE(instruction.step);
        REQUIRE(instruction.step->name == "write_image");
        report(wire::AgentStepState::Done, "{}");
        world.runUntilIdle(1s);
        instruction = world.exchange(agent);
        REQUIRE(instruction.step);
        REQUIRE(instruction.step->name == "start_kernel");
    }

    void report(wire::AgentStepState state, const std::string& result)
    {
        wire::AgentStepReport report;
        report.id = instruction.step->id;
        report.state = state;
        report.result.text = result;
        if (state == wire::AgentStepState::Failed)
            report.error = wire::AgentError{"", "out of luck", ""};
        world.exchange(agent, report);
        world.runOnce();
    }
};

constexpr const char* kLoaded =
    R"({"loaded": true, "kernel": "/boot/vmlinuz-6.1", "arguments": "root=UUID=a ro"})";

} // namespace

TEST_CASE("the deployed kernel is started from the RAM disk", "[conductor][kexec]")
{
    SECTION("as the request says, else the node's driver_info")
    {
        World world;
        world.image();
        world.enrol("node-1", R"({"kexec": "true"})");
        conductor::DeployRequest request;
        request.image = "debian";
        world.core->operations.provision("node-1", request, "alice");
        world.runUntilIdle(5s);
        CHECK(world.stateOf("node-1") == State::Active);
        CHECK(hasStep(world, "start_kernel"));
        CHECK(world.hasEvent("node-1", "kexec.started"));
        request.options.kexec = false;
        world.core->operations.provision("node-1", request, "alice");
        world.runUntilIdle(5s);
        CHECK(world.stateOf("node-1") == State::Active);
        CHECK_FALSE(hasStep(world, "start_kernel"));
    }
    SECTION("and the node is active once its agent is silent, without a power action")
    {
        Kexec k;
        k.report(wire::AgentStepState::Done, kLoaded);
        CHECK(k.world.stateOf("node-1") != State::Active);
        k.world.clock.advance(9s);
        k.world.runUntilIdle(1s);
        CHECK(k.world.stateOf("node-1") == State::Active);
        CHECK(k.world.hasEvent("node-1", "kexec.started"));
        CHECK(k.world.node("node-1").power == model::PowerState::On);
    }
    SECTION("over a restart of bmd")
    {
        Kexec k;
        k.report(wire::AgentStepState::Done, kLoaded);
        k.world.restart();
        k.world.clock.advance(9s);
        k.world.runUntilIdle(1s);
        k.world.clock.advance(9s);
        k.world.runUntilIdle(1s);
        CHECK(k.world.stateOf("node-1") == State::Active);
        CHECK(k.world.hasEvent("node-1", "kexec.started"));
    }
}

TEST_CASE("a deployed kernel that does not start is left to the firmware", "[conductor][kexec]")
{
    Kexec k;
    SECTION("when the agent finds none")
    {
        k.report(wire::AgentStepState::Done, R"({"loaded": false, "why": "no kernel was found"})");
        k.world.runUntilIdle(1s);
    }
    SECTION("when the agent's step fails")
    {
        k.report(wire::AgentStepState::Failed, "{}");
        k.world.runUntilIdle(1s);
    }
    SECTION("when the agent does not answer in time")
    {
        k.world.clock.advance(4min);
        k.world.runUntilIdle(1s);
    }
    SECTION("when the agent still answers after a minute")
    {
        k.report(wire::AgentStepState::Done, kLoaded);
        for (int i = 0; i < 35; ++i) {
            k.world.clock.advance(2s);
            if (k.world.stateOf("node-1") == State::Active)
                break;
            CHECK_FALSE(k.world.hasEvent("node-1", "kexec.started"));
            try {
                k.world.exchange(k.agent);
            } catch (const model::Error&) {
                break; // end_boot has taken its token
            }
            k.world.runOnce();
        }
        k.world.runUntilIdle(1s);
    }
    CHECK(k.world.stateOf("node-1") == State::Active);
    CHECK(k.world.hasEvent("node-1", "kexec.not-started"));
    CHECK_FALSE(k.world.hasEvent("node-1", "kexec.started"));
    CHECK(k.world.node("node-1").power == model::PowerState::On);
}
