#include "common/platform/files.h"
#include "conductor/operations/running_handlers.h"
#include "tests/support/world.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>

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
    model::Step step;
    world.core->database.write([&](db::Transaction& tx) { // node-2 stands where a crash left it
        const db::OperationRepository operations;
        const std::optional<model::Operation> operation = operations.current(tx, world.node("node-2").id);
        REQUIRE(operation);
        step = operations.steps(tx, operation->id).at(5);
        step.state = model::StepState::Running;
        operations.updateStep(tx, step);
    });
    const bool inside = GENERATE(true, false);
    for (int i = 0; i < (inside ? 3 : 20); ++i) {
        conductor::RunningHandlers handlers(world.handlersFile(), 4); // of the process that ends
        std::optional<conductor::RunningHandlers::Mark> mark;
        if (inside)
            mark.emplace(handlers, step.id);
        world.restart();
    }
    world.runUntilIdle(1s);
    CHECK(world.node("node-2").maintenance == inside);
    CHECK(world.node("node-2").lastErrorCode == (inside ? "quarantined" : ""));
    CHECK((world.stateOf("node-2") == State::DeployFailed) == inside);
}

TEST_CASE("the steps whose handlers run", "[conductor][restart]")
{
    const platform::TemporaryFolder folder;
    const std::filesystem::path file = folder.path() / "running-steps";
    const auto [a, b, c] = std::array{model::StepId::make(), model::StepId::make(), model::StepId::make()};
    using conductor::RunningHandlers;
    {
        RunningHandlers first(file, 2);
        const RunningHandlers::Mark one(first, a);
        {
            const RunningHandlers::Mark ended(first, b);
        }
        const RunningHandlers::Mark two(first, b);
        const RunningHandlers::Mark beyond(first, c); // no slot is left
        RunningHandlers second(file, 2);
        CHECK(second.crashed(a));
        CHECK(second.crashed(b));
        CHECK_FALSE(second.crashed(c));
        const RunningHandlers third(file, 2); // counted once
        CHECK_FALSE(third.crashed(a));
    }
    CHECK(std::filesystem::file_size(file) == 128);
    platform::writeFileAtomically(file, std::string(64, 'x') + "cut" + std::string(100, '\0') + "rest");
    const RunningHandlers strange(file, 2);
    CHECK_FALSE(strange.crashed(a));
    RunningHandlers nowhere(folder.path() / "no" / "folder", 2);
    const RunningHandlers::Mark harmless(nowhere, a);
}

TEST_CASE("the time without bmd does not count against a wait for the agent", "[conductor][restart]")
{
    World world;
    world.nodeIn(State::WaitCallback);
    const auto until = [&] { // the boot's window
        return world.core->database.read([&](db::Transaction& tx) {
            return db::AgentRepository{}.find(tx, world.node("node-1").id)->bootExpectedUntil.value();
        });
    };
    world.runUntilIdle(2s);
    const model::UtcTime before = until();
    const auto patience = before - world.clock.now();
    REQUIRE(patience > 1min);
    for (int i = 0; i < 3; ++i) {
        world.restart(48h);
        world.runUntilIdle(1s);
        CHECK(world.stateOf("node-1") == State::WaitCallback);
    }
    CHECK(std::chrono::abs(until() - before - 3 * 48h) < 10s); // a beat is at most two seconds old
    world.runUntilIdle(patience + 10s);
    CHECK(world.stateOf("node-1") == State::DeployFailed);
}

TEST_CASE("the time without bmd does not count against an order to the BMC", "[conductor][restart]")
{
    World world;
    world.image();
    world.enrol("node-1", R"({"fake_power_delay": "0.2"})");
    conductor::DeployRequest request;
    request.image = "debian";
    world.core->operations.provision("node-1", request, "alice");
    const auto orders = [&] {
        const std::vector<model::Step> steps =
            world.latestOperation("node-1") ? world.steps("node-1") : std::vector<model::Step>{};
        return std::ranges::any_of(steps, [](const model::Step& step) {
            return step.state == model::StepState::Running &&
                   step.result.text.find("ordered_at_ms") != std::string::npos;
        });
    };
    for (int i = 0; i < 400 && !orders(); ++i) {
        world.runOnce();
        world.clock.advance(250ms);
    }
    REQUIRE(orders());
    for (int i = 0; i < 5; ++i) {
        world.restart(86s);
        world.runOnce();
        REQUIRE_FALSE(model::isFailure(world.stateOf("node-1")));
    }
    for (int i = 0; i < 2000 && world.stateOf("node-1") != State::Active; ++i) {
        world.runOnce();
        world.clock.advance(250ms);
        std::this_thread::sleep_for(5ms); // the simulated BMC needs real time
        REQUIRE_FALSE(model::isFailure(world.stateOf("node-1")));
    }
    CHECK(world.stateOf("node-1") == State::Active);
}

TEST_CASE("a jump of the clock does not end a wait", "[conductor][restart][threads]")
{
    World world;
    world.nodeIn(State::WaitCallback);
    const auto until = [&] {
        return world.core->database.read([&](db::Transaction& tx) {
            return db::AgentRepository{}.find(tx, world.node("node-1").id)->bootExpectedUntil.value();
        });
    };
    const model::UtcTime before = until();
    const std::chrono::hours jump = GENERATE(5h, -5h);
    world.core->engine.start();
    std::this_thread::sleep_for(300ms); // the engine has read the clock
    world.clock.advance(jump);
    for (int i = 0; i < 200 && until() == before; ++i) {
        world.core->engine.wake();
        std::this_thread::sleep_for(50ms);
    }
    world.core->engine.stop();
    CHECK(std::chrono::abs(until() - before - jump) < 1min);
    CHECK(world.stateOf("node-1") == State::WaitCallback);
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
