#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a node being deployed", "[conductor][deploying]")
{
    StateWorld world(State::Deploying);
    SECTION("is locked, also for bm's own verbs")
    {
        world.checkLocked();
        CHECK(test::errorOf([&] { world.afterProvision(); }).code() == ErrorCode::NodeLocked);
        CHECK(test::errorOf([&] { world.core->operations.provide("node-1", "alice"); }).code() ==
              ErrorCode::NodeLocked);
        CHECK(test::errorOf([&] {
                  world.core->operations.power("node-1", model::PowerTarget::Off, {}, "alice");
              }).code() == ErrorCode::NodeLocked);
    }
    SECTION("shows its step, and its target")
    {
        CHECK(world.node1().target == State::Active);
        CHECK_THAT(world.node1().deployStep.text, Catch::Contains("queued"));
    }
    SECTION("waits for its agent once the machine is on")
    {
        CHECK(world.after(5s) == State::WaitCallback);
        CHECK(world.node1().power == model::PowerState::On);
    }
    SECTION("fails by an abort")
    {
        CHECK(world.afterAbort() == State::DeployFailed);
        CHECK(world.node1().lastErrorCode == "aborted");
        CHECK_THAT(world.node1().lastError, Catch::Contains("alice"));
    }
    SECTION("continues after a restart")
    {
        CHECK(world.afterRestart() == State::WaitCallback);
    }
}

TEST_CASE("a simulated node being deployed", "[conductor][deploying]")
{
    StateWorld world(State::Available);
    SECTION("is active when its image is written, without a step shown")
    {
        CHECK(world.after(StateEvent::Deploy) == State::Active);
        CHECK(world.node1().deployStep.text == "{}");
        CHECK(world.hasEvent("node-1", "image.written"));
    }
    SECTION("fails when its BMC refuses the boot device")
    {
        world.setDriverInfo(R"({"fake_boot_device_fault": "bmc-rejected"})");
        CHECK(world.after(StateEvent::Deploy) == State::DeployFailed);
        CHECK(world.node1().lastErrorCode == "bmc-rejected");
        CHECK_THAT(world.node1().lastError, Catch::Contains("boot_device_pxe"));
    }
}
