#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a node whose inspection failed", "[conductor][inspect-failed]")
{
    StateWorld world(State::InspectFailed);
    CHECK(world.node1().lastErrorCode == "agent-failed");
    SECTION("takes manage and inspect, and no other verb")
    {
        world.checkRefused({StateEvent::Manage, StateEvent::Inspect}, ErrorCode::InvalidTransition);
    }
    SECTION("is manageable by manage")
    {
        CHECK(world.after(StateEvent::Manage) == State::Manageable);
    }
    SECTION("is inspected again once the fault is gone")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Inspect) == State::Manageable);
        CHECK(world.node1().lastError.empty());
    }
    SECTION("is cleaned and deployed by provision")
    {
        world.setDriverInfo("{}");
        CHECK(world.afterProvision() == State::Active);
    }
    SECTION("stays failed over a restart")
    {
        CHECK(world.afterRestart() == State::InspectFailed);
    }
    SECTION("may be deleted")
    {
        CHECK(world.mayBeDeleted());
    }
}
