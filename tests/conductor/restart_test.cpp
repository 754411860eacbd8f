#include "tests/support/world.h"

#include <catch2/catch.hpp>

using namespace bm;
using model::State;
using test::World;
using namespace std::chrono_literals;

TEST_CASE("bmd may be killed after every pass over an operation", "[conductor][restart]")
{
    World world;
    world.image();
    world.enrol("node-1", R"({"fake_write_delay": "3", "fake_agent_delay": "1"})");
    conductor::DeployRequest request;
    request.image = "debian";
    world.core->operations.provision("node-1", request, "alice");
    for (int i = 0; i < 200 && world.stateOf("node-1") != State::Active; ++i) {
        world.runOnce();
        world.restart();
        world.clock.advance(250ms);
        REQUIRE_FALSE(model::isFailure(world.stateOf("node-1")));
    }
    CHECK(world.stateOf("node-1") == State::Active);
}

TEST_CASE("a step that crashes bmd three times fails, and its node is quarantined", "[conductor][restart]")
{
    World world;
    world.nodeIn(State::WaitCallback, "node-2");
    world.core->database.write([&](db::Transaction& tx) { // node-2 stands where a crash left it
        const db::OperationRepository operations;
        const std::optional<model::Operation> operation = operations.current(tx, world.node("node-2").id);
        REQUIRE(operation);
        model::Step step = operations.steps(tx, operation->id).at(5);
        step.state = model::StepState::Running;
        operations.updateStep(tx, step);
    });
    for (int i = 0; i < 3; ++i)
        world.restart();
    world.runUntilIdle(1s);
    CHECK(world.stateOf("node-2") == State::DeployFailed);
    CHECK(world.node("node-2").maintenance);
    CHECK(world.node("node-2").lastErrorCode == "quarantined");
}

TEST_CASE("an upload that a crash cut off has failed with a hint", "[conductor][restart][images]")
{
    World world;
    model::Image image = world.image("half");
    image.state = model::ImageState::Importing;
    world.core->database.write([&](db::Transaction& tx) { db::ImageRepository{}.update(tx, image); });
    world.restart();
    world.core->catalogue.recover();
    world.core->catalogue.start();
    world.core->catalogue.stop();
    const model::Image after = world.core->catalogue.get("half", {});
    CHECK(after.state == model::ImageState::Failed);
    CHECK(after.errorHint == "the upload was cut off: add it again");
}
