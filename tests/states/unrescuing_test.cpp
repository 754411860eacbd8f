#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a node being unrescued", "[conductor][unrescuing]")
{
    StateWorld world(State::Unrescuing);
    SECTION("is locked")
    {
        world.checkLocked();
    }
    SECTION("starts its own system and is active")
    {
        CHECK(world.after(5s) == State::Active);
        CHECK(world.node1().power == model::PowerState::On);
        CHECK(world.steps("node-1").at(1).name == "power_off_written");
    }
    SECTION("fails by an abort")
    {
        CHECK(world.afterAbort() == State::UnrescueFailed);
        CHECK(world.node1().lastErrorCode == "aborted");
    }
    SECTION("continues after a restart")
    {
        CHECK(world.afterRestart() == State::Active);
    }
}
