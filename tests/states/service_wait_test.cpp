#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a service that waits for its agent", "[conductor][service-wait]")
{
    StateWorld world(State::ServiceWait);
    SECTION("is locked but for abort")
    {
        world.checkLocked({StateEvent::Abort});
    }
    SECTION("is active with its own system when the agent has done the step")
    {
        world.finishStep(world.contact(), "burnin_cpu");
        CHECK(world.state() == State::Active);
        CHECK(world.node1().lastError.empty());
    }
    SECTION("starts its own system again when the agent fails, and keeps the error")
    {
        world.failStep(world.contact(), "burnin_cpu");
        CHECK(world.state() == State::Active);
        CHECK(world.node1().lastErrorCode == "disk-failed");
        CHECK(world.hasEvent("node-1", "operation.returning"));
        CHECK(world.node1().power == model::PowerState::On);
    }
    SECTION("starts its own system again when no agent calls before the deadline")
    {
        CHECK(world.afterCallbackTimeout() == State::Active);
        CHECK(world.node1().lastErrorCode == "deadline-exceeded");
    }
    SECTION("starts its own system again by Ironic's abort")
    {
        CHECK(world.after(StateEvent::Abort) == State::Active);
        CHECK(world.node1().lastErrorCode == "aborted");
        CHECK(world.node1().power == model::PowerState::On);
    }
    SECTION("still waits after a restart")
    {
        CHECK(world.afterRestart() == State::ServiceWait);
        world.finishStep(world.contact(), "burnin_cpu");
        CHECK(world.state() == State::Active);
    }
}
