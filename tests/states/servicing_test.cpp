#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a node being serviced", "[conductor][servicing]")
{
    StateWorld world(State::Servicing);
    SECTION("is locked")
    {
        world.checkLocked();
    }
    SECTION("is active with its own system when the steps are done")
    {
        CHECK(world.after(5s) == State::Active);
        CHECK(world.node1().power == model::PowerState::On);
        CHECK(world.node1().serviceStep.text == "{}");
        CHECK(world.node1().lastError.empty());
    }
    SECTION("fails by an abort before its machine was shut down")
    {
        CHECK(world.afterAbort() == State::ServiceFailed);
        CHECK(world.node1().lastErrorCode == "aborted");
    }
    SECTION("continues after a restart")
    {
        CHECK(world.afterRestart() == State::Active);
    }
}
