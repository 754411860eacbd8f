#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using model::StateEvent;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a cleaning on hold", "[conductor][clean-hold]")
{
    StateWorld world(State::CleanHold);
    SECTION("allows only unhold and abort")
    {
        world.checkLocked({StateEvent::Unhold, StateEvent::Abort});
    }
    SECTION("continues after unhold; a manual cleaning ends in manageable")
    {
        CHECK(world.after(StateEvent::Unhold) == State::Manageable);
    }
    SECTION("fails by Ironic's abort")
    {
        CHECK(world.after(StateEvent::Abort) == State::CleanFailed);
        CHECK(world.node1().lastErrorCode == "aborted");
    }
    SECTION("fails by bm's abort, too")
    {
        CHECK(world.afterAbort() == State::CleanFailed);
    }
    SECTION("has no deadline")
    {
        world.clock.advance(49h);
        CHECK(world.after(5s) == State::CleanHold);
    }
    SECTION("is still on hold after a restart, and then continues after unhold")
    {
        CHECK(world.afterRestart() == State::CleanHold);
        CHECK(world.after(StateEvent::Unhold) == State::Manageable);
    }
}
