#include "common/model/error.h"
#include "tests/fleet/fleet_world.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using namespace bm::test;
using namespace std::chrono_literals;

namespace {

const std::string kFails = R"({"fake_write_fault": "disk-failed"})";
const std::string kSlow = R"({"fake_write_delay": "5"})";

void mend(FleetWorld& world, const std::string& node)
{
    world.core->nodes.update(
        node, [](model::Node& n) { n.driverInfo.text = "{}"; }, "tester");
}

std::size_t deploymentsOf(FleetWorld& world, const std::string& name)
{
    const std::vector<model::NodeEvent> events = world.events(name);
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(), [](const model::NodeEvent& e) {
            return e.kind == "operation.queued" && e.message == "deploy";
        }));
}

std::vector<std::string> kindsOf(FleetWorld& world, const model::RolloutId& rollout)
{
    std::vector<std::string> kinds;
    world.core->database.read([&](db::Transaction& tx) {
        for (const model::NodeEvent& event : db::EventRepository{}.since(tx, 0, 100'000))
            if (event.rollout == rollout)
                kinds.push_back(event.kind);
    });
    return kinds;
}

} // namespace

TEST_CASE("A canary that fails pauses the rollout; retried, it completes")
{
    FleetWorld world;
    world.image("web-1");
    world.web("web-1", "r1", kFails);
    for (const char* name : {"web-2", "web-3", "web-4"})
        world.web(name);
    const model::Rollout rollout =
        world.roll(R"("image": "web-1", "name": "r", "all": true, "canary": 1, "attempts": 1)");
    REQUIRE(world.reaches("r", "paused"));
    CHECK(world.nodesOf("r") == "web-1 failed, web-2 pending, web-3 pending, web-4 pending");
    CHECK(world.core->rollouts.get("r").reason == "a canary failed (1 of 4 nodes)");
    CHECK(world.nodeOf("r", "web-1").node.reasonCode == "disk-failed");
    world.runUntilIdle(60s);
    CHECK(world.stateOfRollout("r") == "paused"); // nothing begins by itself

    mend(world, "web-1");
    world.core->rollouts.retry("r", {}, "anna");
    REQUIRE(world.reaches("r", "done"));
    CHECK(world.nodesOf("r") == "web-1 done, web-2 done, web-3 done, web-4 done");
    CHECK(world.stateOf("web-4") == model::State::Active);

    const std::vector<std::string> kinds = kindsOf(world, rollout.id);
    for (const char* kind : {"rollout.started", "rollout.paused", "rollout.retried", "rollout.wave",
                             "rollout.done", "rollout.node.failed", "step.done", "state.changed"})
        CHECK(std::find(kinds.begin(), kinds.end(), kind) != kinds.end());
}

TEST_CASE("Waves, and limits per rollout and rack")
{
    FleetWorld world;
    world.image("web-1");
    for (int i = 1; i <= 9; ++i)
        world.web("web-" + std::to_string(i), i <= 5 ? "r1" : "r2", kSlow);
    world.roll(
        R"("image": "web-1", "name": "r", "all": true, "canary": 1, "wave_growth": 3, "max_parallel": 3,
        "max_per_rack": 2, "order": "rack")");
    std::size_t most = 0;
    std::size_t mostInRack = 0;
    for (int i = 0; i < 2000 && world.stateOfRollout("r") == "running"; ++i) {
        world.runUntilIdle(250ms);
        std::map<std::string, std::size_t> racks;
        std::size_t working = 0;
        std::int32_t lowest = 99;
        std::int32_t highest = 0;
        for (const auto& view : world.core->rollouts.nodes(world.core->rollouts.get("r"))) {
            if (!model::hasEnded(view.node.state))
                lowest = std::min(lowest, view.node.wave);
            if (view.node.state != model::RolloutNodeState::Working)
                continue;
            ++working;
            mostInRack = std::max(mostInRack, ++racks[view.node.rack]);
            highest = std::max(highest, view.node.wave);
        }
        most = std::max(most, working);
        if (working > 0)
            REQUIRE(highest <= lowest); // no node of a later wave before all of the earlier have ended
    }
    CHECK(world.stateOfRollout("r") == "done");
    CHECK(most == 3);
    CHECK(mostInRack == 2);
    CHECK(world.nodeOf("r", "web-1").node.wave == 0);
    CHECK(world.nodeOf("r", "web-4").node.wave == 1);
    CHECK(world.nodeOf("r", "web-5").node.wave == 2);
}

TEST_CASE("The failure budget")
{
    FleetWorld world;
    world.image("web-1");
    for (int i = 1; i <= 8; ++i)
        world.web("web-" + std::to_string(i), "r1", i <= 3 ? kFails : "{}");
    SECTION("pauses when the budget is exceeded; resume accepts the failures")
    {
        world.roll(
            R"("image": "web-1", "name": "r", "all": true, "max_parallel": 1, "max_fail": 1, "attempts": 1)");
        REQUIRE(world.reaches("r", "paused"));
        CHECK(world.core->rollouts.progress(world.core->rollouts.get("r")).counts.failed == 2);
        world.core->rollouts.resume("r", "anna");
        REQUIRE(world.reaches("r", "failed"));
        const auto counts = world.core->rollouts.progress(world.core->rollouts.get("r")).counts;
        CHECK(counts.failed == 3);
        CHECK(counts.done == 5);
    }
    SECTION("as a share of the nodes")
    {
        world.roll(
            R"("image": "web-1", "name": "r", "all": true, "max_parallel": 1, "max_fail": "50%", "attempts": 1)");
        REQUIRE(world.reaches("r", "failed"));
        CHECK(world.core->rollouts.get("r").reason == "3 of 8 nodes failed");
    }
}

TEST_CASE("A node that fails is tried again after a while, longer each time")
{
    FleetWorld world;
    world.image("web-1");
    world.web("web-1", "r1", kFails);
    world.roll(R"("image": "web-1", "name": "r", "nodes": ["web-1"], "attempts": 3, "retry_delay": "10s")");
    for (int i = 0; i < 100 && world.nodesOf("r") != "web-1 retrying"; ++i)
        world.runUntilIdle(250ms);
    REQUIRE(world.nodesOf("r") == "web-1 retrying");
    const auto first = world.nodeOf("r", "web-1").node;
    CHECK(first.attempts == 1);
    CHECK(first.runAt - world.clock.now() <= 10s);
    SECTION("and succeeds")
    {
        mend(world, "web-1");
        REQUIRE(world.reaches("r", "done"));
        CHECK(world.nodeOf("r", "web-1").node.attempts == 2);
    }
    SECTION("and fails permanently after its last attempt")
    {
        REQUIRE(world.reaches("r", "failed"));
        CHECK(world.nodeOf("r", "web-1").node.attempts == 3);
        CHECK(deploymentsOf(world, "web-1") == 3);
    }
}

TEST_CASE("Pause, resume, abort")
{
    FleetWorld world;
    world.image("web-1");
    for (const char* name : {"web-1", "web-2", "web-3"})
        world.web(name, "r1", kSlow);
    world.roll(R"("image": "web-1", "name": "r", "all": true, "max_parallel": 1)");
    world.runUntilIdle(1s);
    SECTION("paused: operations at work continue, no other begins")
    {
        world.core->rollouts.pause("r", "lunch", "anna");
        world.core->rollouts.pause("r", "lunch", "anna"); // again: the same
        world.runUntilIdle(60s);
        CHECK(world.nodesOf("r") == "web-1 done, web-2 pending, web-3 pending");
        CHECK(world.core->rollouts.get("r").reason == "paused by anna: lunch");
        world.core->rollouts.resume("r", "anna");
        CHECK(world.reaches("r", "done"));
    }
    SECTION("aborted: operations at work stop")
    {
        world.core->rollouts.abort("r", "", "anna");
        REQUIRE(world.reaches("r", "aborted"));
        CHECK(world.nodesOf("r") == "web-1 aborted, web-2 aborted, web-3 aborted");
        CHECK(world.stateOf("web-1") == model::State::DeployFailed);
        CHECK(world.stateOf("web-2") == model::State::Available);
        CHECK_THROWS_AS(world.core->rollouts.resume("r", "anna"), model::Error);
        world.core->rollouts.retry("r", {"web-2"}, "anna");
        CHECK(world.reaches("r", "done"));
        CHECK(world.nodesOf("r") == "web-1 aborted, web-2 done, web-3 aborted");
    }
}

TEST_CASE("Nodes that change before their wave")
{
    FleetWorld world;
    world.image("web-1");
    for (const char* name : {"web-1", "web-2", "web-3", "web-4"})
        world.web(name, "r1", kSlow);
    world.roll(R"("image": "web-1", "name": "r", "all": true, "max_parallel": 1)");
    world.runUntilIdle(500ms);
    world.core->nodes.setMaintenance("web-2", true, "fan", "tester");
    world.core->nodes.update(
        "web-3", [](model::Node& n) { n.isProtected = true; }, "tester");
    world.core->nodes.remove("web-4", "tester");
    REQUIRE(world.reaches("r", "done"));
    CHECK(world.nodeOf("r", "web-2").node.state == model::RolloutNodeState::Skipped);
    CHECK(world.nodeOf("r", "web-2").node.reason.find("maintenance") != std::string::npos);
    CHECK(world.nodeOf("r", "web-3").node.state == model::RolloutNodeState::Skipped);
    CHECK(world.nodeOf("r", "web-3").node.reasonCode == "node-protected");
    CHECK(world.stateOf("web-3") == model::State::Available);
    CHECK(world.nodeOf("r", "web-4").node.reason == "the node was deleted");
}

TEST_CASE("A node in two rollouts is refused by the second")
{
    FleetWorld world;
    world.image("web-1");
    world.web("web-1", "r1", kSlow);
    world.web("web-2");
    world.roll(R"("image": "web-1", "name": "first", "nodes": ["web-1"])");
    world.roll(R"("image": "web-1", "name": "second", "nodes": ["web-1", "web-2"])");
    CHECK(world.nodeOf("second", "web-1").node.reason == "in rollout first");
    CHECK(world.reaches("second", "done"));
    CHECK(world.reaches("first", "done"));
    CHECK(deploymentsOf(world, "web-1") == 1);
}

TEST_CASE("After the window no node begins, and nodes at work end")
{
    FleetWorld world;
    world.image("web-1");
    for (const char* name : {"web-1", "web-2"})
        world.web(name, "r1", kSlow);
    const std::int64_t until = model::toMillis(world.clock.now() + 3s);
    world.roll(R"("image": "web-1", "name": "r", "all": true, "max_parallel": 1, "start_before_ms": )" +
               std::to_string(until));
    REQUIRE(world.reaches("r", "done"));
    CHECK(world.nodesOf("r") == "web-1 done, web-2 skipped");
    CHECK(world.nodeOf("r", "web-2").node.reason == "the window ended before the node's deployment began");
}

TEST_CASE("bmd is killed after every pass: the rollout completes, and each node is written once")
{
    FleetWorld world({}, true);
    world.image("web-1");
    for (int i = 1; i <= 4; ++i)
        world.web("web-" + std::to_string(i), "r1", kSlow);
    world.roll(R"("image": "web-1", "name": "r", "all": true, "canary": 1, "max_parallel": 2)");
    int deaths = 0;
    for (; deaths < 200 && world.stateOfRollout("r") == "running"; ++deaths) {
        world.core->engine.runOnce();
        world.core->rollouts.runOnce();
        world.clock.advance(700ms);
        world.restart();
    }
    CHECK(deaths > 10);
    CHECK(world.stateOfRollout("r") == "done");
    for (int i = 1; i <= 4; ++i)
        CHECK(deploymentsOf(world, "web-" + std::to_string(i)) == 1);
}

TEST_CASE("A rollout's progress")
{
    FleetWorld world;
    world.image("web-1");
    world.core->catalogue.change("web-1", {}, [](model::Image& image) { image.storedBytes = 1000; });
    for (const char* name : {"web-1", "web-2"})
        world.web(name, "r1", kSlow);
    world.roll(R"("image": "web-1", "name": "r", "all": true, "max_parallel": 1)");
    const auto progress = [&] { return world.core->rollouts.progress(world.core->rollouts.get("r")); };
    CHECK(progress().bytesTotal == 2000);
    CHECK_FALSE(progress().secondsLeft); // nothing was ever deployed here
    for (int i = 0; i < 200 && progress().counts.done == 0; ++i)
        world.runUntilIdle(250ms);
    CHECK(progress().bytesDone >= 1000);
    CHECK(progress().secondsLeft.value_or(0) >= 5);
    REQUIRE(world.reaches("r", "done"));
    CHECK(progress().bytesDone == 2000);
    CHECK(progress().secondsLeft == 0);
}

TEST_CASE("The stored request of a rollout holds no secret")
{
    FleetWorld world;
    world.image("web-1");
    world.web("web-1");
    world.roll(R"("image": "web-1", "name": "r", "nodes": ["web-1"], "plan": true,
        "deploy": {"user_data": "#cloud-config\npassword: hunter2\n"})");
    CHECK(world.core->rollouts.get("r").request.text.find("hunter2") == std::string::npos);
    world.core->rollouts.start("r", "anna");
    CHECK(world.reaches("r", "done"));
}
