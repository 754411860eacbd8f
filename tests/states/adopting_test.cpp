#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a node being adopted", "[conductor][adopting]")
{
    StateWorld world(State::Adopting);
    SECTION("is locked")
    {
        world.checkLocked();
    }
    SECTION("is active, its disk not written and its power not changed")
    {
        const model::PowerState before = world.node1().power;
        CHECK(world.after(5s) == State::Active);
        CHECK(world.node1().power == before);
        CHECK(world.hasEvent("node-1", "node.adopted"));
        CHECK_FALSE(world.hasEvent("node-1", "image.written"));
    }
    SECTION("fails by an abort")
    {
        CHECK(world.afterAbort() == State::AdoptFailed);
        CHECK(world.node1().lastErrorCode == "aborted");
    }
    SECTION("continues after a restart")
    {
        CHECK(world.afterRestart() == State::Active);
    }
}
