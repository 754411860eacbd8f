#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a node whose rescue failed", "[conductor][rescue-failed]")
{
    StateWorld world(State::RescueFailed);
    CHECK(world.node1().lastErrorCode == "agent-failed");
    SECTION("takes rescue, unrescue and delete, and no other verb")
    {
        world.checkRefused({StateEvent::Rescue, StateEvent::Unrescue, StateEvent::Delete},
                           ErrorCode::InvalidTransition);
    }
    SECTION("is rescued once the fault is gone")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Rescue) == State::Rescue);
        CHECK(world.node1().lastError.empty());
    }
    SECTION("starts its own system again by unrescue")
    {
        CHECK(world.after(StateEvent::Unrescue) == State::Active);
        CHECK(world.node1().power == model::PowerState::On);
    }
    SECTION("is taken down and cleaned by delete")
    {
        CHECK(world.after(StateEvent::Delete) == State::Available);
    }
    SECTION("stays failed over a restart")
    {
        CHECK(world.afterRestart() == State::RescueFailed);
    }
    SECTION("may not be deleted")
    {
        CHECK_FALSE(world.mayBeDeleted());
    }
}
