#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;

TEST_CASE("a node whose service failed, and its return, too", "[conductor][service-failed]")
{
    StateWorld world(State::ServiceFailed);
    CHECK(world.node1().lastErrorCode == "bmc-auth-failed");
    SECTION("takes service, rescue, delete and abort, and no other verb")
    {
        world.checkRefused({StateEvent::Service, StateEvent::Rescue, StateEvent::Delete, StateEvent::Abort},
                           ErrorCode::InvalidTransition);
    }
    SECTION("is serviced once its BMC answers")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Service) == State::Active);
        CHECK(world.node1().lastError.empty());
    }
    SECTION("is rescued")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Rescue) == State::Rescue);
    }
    SECTION("is taken down and cleaned by delete")
    {
        world.setDriverInfo("{}");
        CHECK(world.after(StateEvent::Delete) == State::Available);
    }
    SECTION("is active at once by abort, without an operation")
    {
        world.order(StateEvent::Abort);
        CHECK(world.state() == State::Active);
    }
    SECTION("stays failed over a restart")
    {
        CHECK(world.afterRestart() == State::ServiceFailed);
    }
    SECTION("may not be deleted")
    {
        CHECK_FALSE(world.mayBeDeleted());
    }
}
