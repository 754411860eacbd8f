#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a node in error: its undeployment failed", "[conductor][error]")
{
    StateWorld world(State::Error);
    CHECK(world.node1().lastErrorCode == "bmc-auth-failed");
    SECTION("takes delete and rebuild, and no other verb")
    {
        world.checkRefused({StateEvent::Delete, StateEvent::Rebuild}, ErrorCode::InvalidTransition);
    }
    SECTION("is undeployed again once the fault is gone")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Delete) == State::Available);
        CHECK(world.node1().lastError.empty());
    }
    SECTION("is written again by rebuild")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Rebuild) == State::Active);
    }
    SECTION("is deployed by provision")
    {
        world.setDriverInfo("{}");
        CHECK(world.afterProvision() == State::Active);
    }
    SECTION("is still in error after a restart, with its error code")
    {
        CHECK(world.afterRestart() == State::Error);
        CHECK(world.node1().lastErrorCode == "bmc-auth-failed");
    }
    SECTION("may be deleted")
    {
        CHECK(world.mayBeDeleted());
    }
}
