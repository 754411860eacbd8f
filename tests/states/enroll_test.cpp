#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("a node in enroll", "[conductor][enroll]")
{
    StateWorld world(State::Enroll);
    SECTION("takes manage, and no other verb")
    {
        world.checkRefused({StateEvent::Manage}, ErrorCode::InvalidTransition);
        CHECK(world.after(StateEvent::Manage) == State::Manageable);
    }
    SECTION("goes the whole way to active by one provision")
    {
        CHECK(world.afterProvision() == State::Active);
    }
    SECTION("becomes available by provide, verified and cleaned")
    {
        REQUIRE(world.core->operations.provide("node-1", "alice"));
        CHECK(world.after(5s) == State::Available);
        CHECK(world.latestOperation("node-1")->kind == model::OperationKind::Clean);
    }
    SECTION("has no operation to abort")
    {
        const model::Error refusal = test::errorOf([&] { world.core->operations.abort("node-1", "alice"); });
        CHECK(refusal.code() == ErrorCode::Conflict);
        CHECK_FALSE(refusal.hint().empty());
    }
    SECTION("stays in enroll over a restart")
    {
        CHECK(world.afterRestart() == State::Enroll);
    }
    SECTION("may be deleted")
    {
        CHECK(world.mayBeDeleted());
    }
}
