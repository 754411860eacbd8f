#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using model::StateEvent;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a deployment on hold", "[conductor][deploy-hold]")
{
    StateWorld world(State::DeployHold);
    CHECK(world.hasEvent("node-1", "step.held"));
    SECTION("allows only unhold and abort")
    {
        world.checkLocked({StateEvent::Unhold, StateEvent::Abort});
    }
    SECTION("continues to active after unhold")
    {
        CHECK(world.after(StateEvent::Unhold) == State::Active);
    }
    SECTION("fails by Ironic's abort")
    {
        CHECK(world.after(StateEvent::Abort) == State::DeployFailed);
        CHECK(world.node1().lastErrorCode == "aborted");
    }
    SECTION("fails by bm's abort, too")
    {
        CHECK(world.afterAbort() == State::DeployFailed);
    }
    SECTION("has no deadline")
    {
        world.clock.advance(49h);
        CHECK(world.after(5s) == State::DeployHold);
    }
    SECTION("is still on hold after a restart, and then continues after unhold")
    {
        CHECK(world.afterRestart() == State::DeployHold);
        CHECK(world.after(StateEvent::Unhold) == State::Active);
    }
}
