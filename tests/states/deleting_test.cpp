#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a node being undeployed", "[conductor][deleting]")
{
    StateWorld world(State::Deleting);
    SECTION("is locked")
    {
        world.checkLocked();
    }
    SECTION("forgets its instance, is cleaned and becomes available")
    {
        CHECK(world.node1().instanceInfo.text != "{}");
        CHECK(world.after(5s) == State::Available);
        CHECK(world.node1().instanceInfo.text == "{}");
        CHECK(world.node1().power == model::PowerState::Off);
    }
    SECTION("is in error by an abort")
    {
        CHECK(world.afterAbort() == State::Error);
        CHECK(world.node1().lastErrorCode == "aborted");
    }
    SECTION("continues after a restart")
    {
        CHECK(world.afterRestart() == State::Available);
    }
}
