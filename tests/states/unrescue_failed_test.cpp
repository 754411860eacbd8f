#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a node whose return from rescue failed", "[conductor][unrescue-failed]")
{
    StateWorld world(State::UnrescueFailed);
    CHECK(world.node1().lastErrorCode == "bmc-auth-failed");
    SECTION("takes rescue, unrescue and delete, and no other verb")
    {
        world.checkRefused({StateEvent::Rescue, StateEvent::Unrescue, StateEvent::Delete},
                           ErrorCode::InvalidTransition);
    }
    SECTION("is active by unrescue once its BMC answers")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Unrescue) == State::Active);
    }
    SECTION("is rescued again by rescue")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Rescue) == State::Rescue);
    }
    SECTION("is taken down and cleaned by delete")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Delete) == State::Available);
    }
    SECTION("stays failed over a restart")
    {
        CHECK(world.afterRestart() == State::UnrescueFailed);
    }
    SECTION("may not be deleted")
    {
        CHECK_FALSE(world.mayBeDeleted());
    }
}
