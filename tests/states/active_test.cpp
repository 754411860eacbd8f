#include "tests/states/state_world.h"

using namespace bm;
using model::ErrorCode;
using model::State;
using model::StateEvent;
using test::StateWorld;
using namespace std::chrono_literals;

TEST_CASE("an active node", "[conductor][active]")
{
    StateWorld world(State::Active);
    SECTION("takes rebuild, delete, rescue and service, and no other verb")
    {
        world.checkRefused({StateEvent::Rebuild, StateEvent::Delete, StateEvent::Rescue, StateEvent::Service},
                           ErrorCode::InvalidTransition);
    }
    SECTION("is written again by rebuild")
    {
        world.order(StateEvent::Rebuild);
        CHECK(world.state() == State::Deploying);
        CHECK(world.after(5s) == State::Active);
        CHECK(world.latestOperation("node-1")->kind == model::OperationKind::Deploy);
    }
    SECTION("fails a rebuild with the write's error")
    {
        world.setDriverInfo(R"({"fake_write_fault": "disk-failed"})");
        CHECK(world.after(StateEvent::Rebuild) == State::DeployFailed);
        CHECK(world.node1().lastErrorCode == "disk-failed");
    }
    SECTION("is taken down and cleaned by delete")
    {
        CHECK(world.after(StateEvent::Delete) == State::Available);
        CHECK(world.node1().power == model::PowerState::Off);
    }
    SECTION("that is protected is neither deleted nor rebuilt, but serviced")
    {
        world.core->nodes.update(
            "node-1",
            [](model::Node& node) {
                node.isProtected = true;
                node.protectedReason = "billing";
            },
            "alice");
        for (const StateEvent verb : {StateEvent::Delete, StateEvent::Rebuild}) {
            const model::Error refusal = test::errorOf([&] { world.order(verb); });
            CHECK(refusal.code() == ErrorCode::NodeProtected);
            CHECK_THAT(refusal.message(), Catch::Contains("billing"));
            CHECK_THAT(refusal.hint(), Catch::Contains("protected=false"));
        }
        CHECK(world.after(StateEvent::Service) == State::Active);
    }
    SECTION("gives no agent a token")
    {
        CHECK(test::errorOf([&] {
                  world.core->agents.lookup({}, world.node1().id.uuid, std::string(64, '0'), "aa",
                                            "192.0.2.7");
              }).code() == ErrorCode::NotFound);
    }
    SECTION("stays active over a restart")
    {
        CHECK(world.afterRestart() == State::Active);
    }
    SECTION("may not be deleted")
    {
        CHECK_FALSE(world.mayBeDeleted());
    }
}
