#include "tests/states/state_world.h"

using namespace bm;
using model::State;
using model::StateEvent;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a node being verified", "[conductor][verifying]")
{
    StateWorld world(State::Verifying);
    SECTION("is locked")
    {
        world.checkLocked();
    }
    SECTION("becomes manageable once its BMC has answered")
    {
        CHECK(world.after(5s) == State::Manageable);
        CHECK(world.node1().power == model::PowerState::Unknown); // nobody has switched it
        CHECK(world.node1().lastError.empty());
    }
    SECTION("goes back to enroll by an abort")
    {
        CHECK(world.afterAbort() == State::Enroll);
        CHECK(world.node1().lastErrorCode == "aborted");
        CHECK(world.after(StateEvent::Manage) == State::Manageable);
    }
    SECTION("continues after a restart")
    {
        CHECK(world.afterRestart() == State::Manageable);
    }
}

TEST_CASE("a node whose verification fails", "[conductor][verifying]")
{
    StateWorld world(State::Enroll);
    SECTION("goes back to enroll with the BMC's refusal")
    {
        world.setDriverInfo(R"({"fake_power_fault": "bmc-auth-failed"})");
        CHECK(world.after(StateEvent::Manage) == State::Enroll);
        CHECK(world.node1().lastErrorCode == "bmc-auth-failed");
    }
    SECTION("is tried again while its BMC is unreachable, until the verification's timeout")
    {
        world.setDriverInfo(R"({"fake_power_fault": "bmc-unreachable"})");
        CHECK(world.after(StateEvent::Manage) == State::Verifying);
        CHECK(world.hasEvent("node-1", "bmc.retry"));
        CHECK(world.after(world.core->context.settings.verifyTimeout) == State::Enroll);
        CHECK(world.node1().lastErrorCode == "bmc-unreachable");
    }
}
