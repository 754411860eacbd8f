#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a cleaning that waits for its agent", "[conductor][clean-wait]")
{
    StateWorld world(State::CleanWait);
    SECTION("is locked but for abort")
    {
        world.checkLocked({StateEvent::Abort});
    }
    SECTION("is done when the agent has wiped the disks")
    {
        const test::World::Agent agent = world.contact();
        world.finishStep(agent, "erase_devices_metadata");
        CHECK(world.state() == State::Available);
        CHECK(world.node1().power == model::PowerState::Off);
    }
    SECTION("fails with the agent's error")
    {
        world.failStep(world.contact(), "erase_devices_metadata");
        CHECK(world.state() == State::CleanFailed);
        CHECK(world.node1().lastErrorCode == "disk-failed");
        CHECK(world.node1().lastErrorHint == "check the cabling");
    }
    SECTION("fails when no agent calls before the deadline")
    {
        CHECK(world.afterCallbackTimeout() == State::CleanFailed);
        CHECK(world.node1().lastErrorCode == "deadline-exceeded");
        CHECK_THAT(world.node1().lastErrorHint, Catch::Contains("timeline"));
    }
    SECTION("fails by an abort of either kind")
    {
        SECTION("Ironic's")
        {
            CHECK(world.after(StateEvent::Abort) == State::CleanFailed);
        }
        SECTION("bm's")
        {
            CHECK(world.afterAbort() == State::CleanFailed);
        }
        CHECK(world.node1().lastErrorCode == "aborted");
    }
    SECTION("still waits after a restart, and the agent's token is still good")
    {
        const test::World::Agent agent = world.contact();
        world.restart();
        world.finishStep(agent, "erase_devices_metadata");
        CHECK(world.state() == State::Available);
    }
}
