#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a rescue that waits for its agent", "[conductor][rescue-wait]")
{
    StateWorld world(State::RescueWait);
    SECTION("is locked but for abort")
    {
        world.checkLocked({StateEvent::Abort});
    }
    SECTION("is rescued when the agent has started SSH; the agent gets a hash, not the password")
    {
        const test::World::Agent agent = world.contact();
        const wire::AgentStepOrder order = world.finishStep(agent, "start_rescue");
        CHECK_THAT(order.arguments.text, Catch::Contains("$6$") && !Catch::Contains("hunter2"));
        CHECK(world.state() == State::Rescue);
    }
    SECTION("fails with the agent's error")
    {
        world.failStep(world.contact(), "start_rescue");
        CHECK(world.state() == State::RescueFailed);
        CHECK(world.node1().lastErrorCode == "disk-failed");
    }
    SECTION("fails when no agent calls before the deadline")
    {
        CHECK(world.afterCallbackTimeout() == State::RescueFailed);
        CHECK(world.node1().lastErrorCode == "deadline-exceeded");
    }
    SECTION("fails by Ironic's abort")
    {
        CHECK(world.after(StateEvent::Abort) == State::RescueFailed);
    }
    SECTION("still waits after a restart")
    {
        CHECK(world.afterRestart() == State::RescueWait);
        world.finishStep(world.contact(), "start_rescue");
        CHECK(world.state() == State::Rescue);
    }
}
