#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a node being inspected", "[conductor][inspecting]")
{
    StateWorld world(State::Inspecting);
    SECTION("is locked")
    {
        world.checkLocked();
    }
    SECTION("is manageable with its inventory stored")
    {
        CHECK(world.after(5s) == State::Manageable);
        CHECK_THAT(world.node1().properties.text, Catch::Contains(R"("memory_mb":16384)"));
        CHECK(world.node1().inspectionFinishedAt);
        CHECK(world.hasEvent("node-1", "node.inspected"));
    }
    SECTION("fails by an abort")
    {
        CHECK(world.afterAbort() == State::InspectFailed);
        CHECK(world.node1().lastErrorCode == "aborted");
        CHECK_FALSE(world.node1().inspectionFinishedAt);
    }
    SECTION("continues after a restart")
    {
        CHECK(world.afterRestart() == State::Manageable);
    }
}
