#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("an available node", "[conductor][available]")
{
    StateWorld world(State::Available);
    SECTION("takes deploy and manage, and no other verb")
    {
        world.checkRefused({StateEvent::Deploy, StateEvent::Manage}, ErrorCode::InvalidTransition);
    }
    SECTION("becomes active by deploy")
    {
        CHECK(world.after(StateEvent::Deploy) == State::Active);
        CHECK(world.node1().power == model::PowerState::On);
    }
    SECTION("is manageable at once by manage, without an operation")
    {
        const std::optional<model::Operation> before = world.latestOperation("node-1");
        world.order(StateEvent::Manage);
        CHECK(world.state() == State::Manageable);
        CHECK(world.latestOperation("node-1")->id == before->id);
    }
    SECTION("needs no second provide")
    {
        CHECK_FALSE(world.core->operations.provide("node-1", "alice"));
        CHECK(world.state() == State::Available);
    }
    SECTION("stays available over a restart")
    {
        CHECK(world.afterRestart() == State::Available);
    }
    SECTION("may be deleted")
    {
        CHECK(world.mayBeDeleted());
    }
}
