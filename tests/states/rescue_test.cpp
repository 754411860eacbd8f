#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a rescued node", "[conductor][rescue]")
{
    StateWorld world(State::Rescue);
    CHECK(world.node1().power == model::PowerState::On);
    SECTION("takes rescue, delete and unrescue, and no other verb")
    {
        world.checkRefused({StateEvent::Rescue, StateEvent::Delete, StateEvent::Unrescue},
                           ErrorCode::InvalidTransition);
    }
    SECTION("is rescued once more, with the new password")
    {
        CHECK(world.after(StateEvent::Rescue) == State::Rescue);
    }
    SECTION("is active again by unrescue")
    {
        CHECK(world.after(StateEvent::Unrescue) == State::Active);
        CHECK(world.node1().power == model::PowerState::On);
    }
    SECTION("is taken down and cleaned by delete")
    {
        CHECK(world.after(StateEvent::Delete) == State::Available);
    }
    SECTION("starts no deployment")
    {
        const model::Error refusal = test::errorOf([&] { world.afterProvision(); });
        CHECK(refusal.code() == ErrorCode::InvalidTransition);
        CHECK_FALSE(refusal.hint().empty());
    }
    SECTION("stays rescued over a restart")
    {
        CHECK(world.afterRestart() == State::Rescue);
    }
    SECTION("may not be deleted")
    {
        CHECK_FALSE(world.mayBeDeleted());
    }
}
