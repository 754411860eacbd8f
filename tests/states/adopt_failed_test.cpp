#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a node whose adoption failed", "[conductor][adopt-failed]")
{
    StateWorld world(State::AdoptFailed);
    CHECK(world.node1().lastErrorCode == "bmc-auth-failed");
    SECTION("takes adopt and manage, and no other verb")
    {
        world.checkRefused({StateEvent::Adopt, StateEvent::Manage}, ErrorCode::InvalidTransition);
    }
    SECTION("is adopted once its BMC answers")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Adopt) == State::Active);
        CHECK(world.node1().lastError.empty());
    }
    SECTION("is manageable by manage")
    {
        CHECK(world.after(StateEvent::Manage) == State::Manageable);
    }
    SECTION("stays failed over a restart")
    {
        CHECK(world.afterRestart() == State::AdoptFailed);
    }
    SECTION("may be deleted")
    {
        CHECK(world.mayBeDeleted());
    }
}
