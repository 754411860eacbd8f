#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a node being rescued", "[conductor][rescuing]")
{
    StateWorld world(State::Rescuing);
    SECTION("is locked")
    {
        world.checkLocked();
    }
    SECTION("shuts its system down before the RAM disk starts")
    {
        CHECK(world.after(5s) == State::Rescue);
        CHECK(world.steps("node-1").at(0).name == "shut_down");
        CHECK(world.node1().power == model::PowerState::On);
    }
    SECTION("fails by an abort")
    {
        CHECK(world.afterAbort() == State::RescueFailed);
        CHECK(world.node1().lastErrorCode == "aborted");
    }
    SECTION("continues after a restart")
    {
        CHECK(world.afterRestart() == State::Rescue);
    }
}
