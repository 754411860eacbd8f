#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using model::StateEvent;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a node being cleaned", "[conductor][cleaning]")
{
    StateWorld world(State::Cleaning);
    SECTION("is locked")
    {
        world.checkLocked();
    }
    SECTION("is available when its disks are wiped")
    {
        CHECK(world.node1().target == State::Available);
        CHECK(world.after(5s) == State::Available);
        CHECK(world.node1().power == model::PowerState::Off);
        CHECK(world.node1().cleanStep.text == "{}");
    }
    SECTION("fails by an abort")
    {
        CHECK(world.afterAbort() == State::CleanFailed);
        CHECK(world.node1().lastErrorCode == "aborted");
    }
    SECTION("continues after a restart")
    {
        CHECK(world.afterRestart() == State::Available);
    }
}

TEST_CASE("a cleaning in trouble", "[conductor][cleaning]")
{
    StateWorld world(State::Manageable);
    SECTION("fails when its BMC refuses")
    {
        world.setDriverInfo(R"({"fake_power_fault": "bmc-auth-failed"})");
        CHECK(world.after(StateEvent::Provide) == State::CleanFailed);
        CHECK(world.node1().lastErrorCode == "bmc-auth-failed");
    }
    SECTION("queues beyond the limit of cleanings, and follows then")
    {
        conductor::Settings settings;
        settings.maxConcurrentCleans = 1;
        test::World two(settings);
        two.nodeIn(State::CleanWait, "node-2");
        two.nodeIn(State::Manageable);
        two.verb("node-1", StateEvent::Provide);
        two.runUntilIdle(2s);
        CHECK(two.stateOf("node-1") == State::Cleaning);
        CHECK_THAT(two.node("node-1").cleanStep.text, Catch::Contains("queued"));
        two.core->operations.abort("node-2", "alice");
        two.runUntilIdle(5s);
        CHECK(two.stateOf("node-1") == State::Available);
    }
}
