#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using model::StateEvent;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a service on hold", "[conductor][service-hold]")
{
    StateWorld world(State::ServiceHold);
    SECTION("allows only unhold and abort")
    {
        world.checkLocked({StateEvent::Unhold, StateEvent::Abort});
    }
    SECTION("continues to active after unhold")
    {
        CHECK(world.after(StateEvent::Unhold) == State::Active);
        CHECK(world.node1().lastError.empty());
    }
    SECTION("starts its own system again by Ironic's abort")
    {
        CHECK(world.after(StateEvent::Abort) == State::Active);
        CHECK(world.node1().lastErrorCode == "aborted");
        CHECK(world.node1().power == model::PowerState::On);
    }
    SECTION("has no deadline")
    {
        world.clock.advance(49h);
        CHECK(world.after(5s) == State::ServiceHold);
    }
    SECTION("is still on hold after a restart, and then continues after unhold")
    {
        CHECK(world.afterRestart() == State::ServiceHold);
        CHECK(world.after(StateEvent::Unhold) == State::Active);
    }
}
