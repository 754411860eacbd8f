#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a node whose deployment failed", "[conductor][deploy-failed]")
{
    StateWorld world(State::DeployFailed);
    CHECK(world.node1().lastErrorCode == "disk-failed");
    CHECK_FALSE(world.node1().lastErrorHint.empty());
    SECTION("takes deploy, rebuild and delete, and no other verb")
    {
        world.checkRefused({StateEvent::Deploy, StateEvent::Rebuild, StateEvent::Delete},
                           ErrorCode::InvalidTransition);
    }
    SECTION("is deployed once the fault is gone, and forgets the error")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Deploy) == State::Active);
        CHECK(world.node1().lastError.empty());
        CHECK(world.node1().lastErrorCode.empty());
    }
    SECTION("is deployed by rebuild, too")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Rebuild) == State::Active);
    }
    SECTION("is deployed by provision, too")
    {
        world.setDriverInfo("{}");
        CHECK(world.afterProvision() == State::Active);
    }
    SECTION("fails again while the fault is there")
    {
        CHECK(world.after(StateEvent::Deploy) == State::DeployFailed);
    }
    SECTION("is taken down and cleaned by delete")
    {
        CHECK(world.after(StateEvent::Delete) == State::Available);
    }
    SECTION("is still failed after a restart, with its error")
    {
        CHECK(world.afterRestart() == State::DeployFailed);
        CHECK(world.node1().lastErrorCode == "disk-failed");
    }
    SECTION("may be deleted")
    {
        CHECK(world.mayBeDeleted());
    }
}
