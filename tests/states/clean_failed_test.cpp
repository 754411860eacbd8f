#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a node whose cleaning failed", "[conductor][clean-failed]")
{
    StateWorld world(State::CleanFailed);
    CHECK(world.node1().lastErrorCode == "disk-failed");
    SECTION("takes manage, and no other verb")
    {
        world.checkRefused({StateEvent::Manage}, ErrorCode::InvalidTransition);
        CHECK(world.after(StateEvent::Manage) == State::Manageable);
        CHECK_FALSE(world.node1().target);
    }
    SECTION("is cleaned again by provide, once the fault is gone")
    {
        world.setDriverInfo("{}");
        REQUIRE(world.core->operations.provide("node-1", "alice"));
        CHECK(world.after(5s) == State::Available);
    }
    SECTION("is cleaned and deployed by provision")
    {
        world.setDriverInfo("{}");
        CHECK(world.afterProvision() == State::Active);
    }
    SECTION("deploys nothing while the cleaning fails")
    {
        CHECK(world.afterProvision() == State::CleanFailed);
        CHECK(world.node1().lastErrorCode == "disk-failed");
    }
    SECTION("stays failed over a restart")
    {
        CHECK(world.afterRestart() == State::CleanFailed);
    }
    SECTION("may be deleted")
    {
        CHECK(world.mayBeDeleted());
    }
}
