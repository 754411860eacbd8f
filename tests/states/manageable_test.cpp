#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a manageable node", "[conductor][manageable]")
{
    StateWorld world(State::Manageable);
    SECTION("takes provide, clean, inspect and adopt, and no other verb")
    {
        world.checkRefused({StateEvent::Provide, StateEvent::Clean, StateEvent::Inspect, StateEvent::Adopt},
                           ErrorCode::InvalidTransition);
    }
    SECTION("is cleaned and becomes available by provide")
    {
        CHECK(world.after(StateEvent::Provide) == State::Available);
        CHECK(world.hasEvent("node-1", "agent.contact"));
    }
    SECTION("is manageable again after a manual cleaning")
    {
        CHECK(world.after(StateEvent::Clean) == State::Manageable);
    }
    SECTION("becomes available without an agent where automated_clean is off")
    {
        world.core->nodes.update(
            "node-1", [](model::Node& node) { node.automatedClean = false; }, "alice");
        CHECK(world.after(StateEvent::Provide) == State::Available);
        CHECK_FALSE(world.hasEvent("node-1", "agent.contact"));
    }
    SECTION("is cleaned and deployed by provision")
    {
        CHECK(world.afterProvision() == State::Active);
    }
    SECTION("in maintenance takes no verb that begins an operation")
    {
        world.core->nodes.setMaintenance("node-1", true, "new disks", "alice");
        const model::Error refusal = test::errorOf([&] { world.order(StateEvent::Provide); });
        CHECK(refusal.code() == ErrorCode::Conflict);
        CHECK_THAT(refusal.message(), Catch::Contains("new disks"));
        CHECK_THAT(refusal.hint(), Catch::Contains("--no-maintenance"));
    }
    SECTION("stays manageable over a restart")
    {
        CHECK(world.afterRestart() == State::Manageable);
    }
    SECTION("may be deleted")
    {
        CHECK(world.mayBeDeleted());
    }
}
