// Schedules with the real rollouts, on simulated machines.
#include "conductor/fleet/schedules/calendar.h"
#include "conductor/fleet/schedules/schedule_request.h"
#include "db/repositories/rollout_repository.h"
#include "tests/support/world.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using model::ScheduleRunState;
using test::World;
using namespace std::chrono_literals;

namespace {

struct ScheduledWorld {
    World world{};

    ScheduledWorld()
    {
        set("2026-11-20 12:00");
        world.image("render");
        for (const char* name : {"n1", "n2", "other"})
            world.nodeIn(model::State::Available, name);
        for (const char* name : {"n1", "n2"})
            world.core->nodes.update(
                name, [](model::Node& node) { node.resourceClass = "render"; }, "tester");
    }
    void set(const std::string& time)
    {
        world.clock.advance(conductor::fleet::timeFromText(time, "UTC") - world.clock.now());
    }
    void create(const nlohmann::json& more = nlohmann::json::object())
    {
        nlohmann::json body = {
            {"name", "nightly"},
            {"cron", "30 2 * * *"},
            {"rollout", {{"image", "render"}, {"select", "class=render"}, {"allow_unseen", true}}}};
        body.merge_patch(more);
        world.core->schedules.create(conductor::fleet::scheduleRequestFrom(body.dump()), "alice");
    }
    model::ScheduleRun lastRun()
    {
        const auto runs = world.core->schedules.runs(world.core->schedules.get("nightly"), {}, 1);
        REQUIRE(runs.size() == 1);
        return runs.front();
    }
    /// Runs everything until the last run has ended.
    void runToTheEnd()
    {
        for (int i = 0; i < 400; ++i) {
            world.core->scheduler.runOnce();
            const auto runs = world.core->schedules.runs(world.core->schedules.get("nightly"), {}, 1);
            if (!runs.empty() && runs.front().finishedAt)
                return;
            world.core->rollouts.runOnce();
            while (world.core->engine.runOnce()) {
            }
            world.clock.advance(250ms);
        }
    }
    std::size_t rolloutCount()
    {
        return static_cast<std::size_t>(
            world.core->database.read([](db::Transaction& tx) { return db::RolloutRepository{}.count(tx); }));
    }
};

} // namespace

TEST_CASE("a schedule fires and its nodes are imaged", "[fleet][schedule][rollout]")
{
    ScheduledWorld fleet;
    fleet.create({{"window", "4h"}, {"rollout", {{"if_older_than", "6d"}}}});
    fleet.set("2026-11-21 02:30");
    fleet.runToTheEnd();
    const model::ScheduleRun run = fleet.lastRun();
    INFO(run.reason << " " << run.hint);
    CHECK(run.state == ScheduleRunState::Done);
    CHECK(run.done == 2);
    CHECK(run.imageName == "render");
    CHECK(run.rolloutName == "nightly-20261121T023000Z");
    CHECK(fleet.world.stateOf("n1") == model::State::Active);
    CHECK(fleet.world.stateOf("other") == model::State::Available);
    CHECK(fleet.world.core->rollouts.get(run.rolloutName).scheduleRun == run.id.uuid);

    SECTION("and are skipped the next night, when they were imaged recently")
    {
        fleet.set("2026-11-22 02:30");
        fleet.runToTheEnd();
        CHECK(fleet.lastRun().state == ScheduleRunState::Skipped);
        CHECK(fleet.lastRun().reasonCode == "nothing-to-do");
        CHECK(fleet.rolloutCount() == 1);
    }
}

TEST_CASE("a run and its rollout are stored together, whenever bmd dies", "[fleet][schedule][rollout]")
{
    ScheduledWorld fleet;
    fleet.create({{"missed", "once"}});
    fleet.set("2026-11-21 02:30");
    for (int i = 0; i < 3; ++i) {
        fleet.world.core->scheduler.runOnce();
        fleet.world.restart();
    }
    CHECK(fleet.rolloutCount() == 1);
    fleet.runToTheEnd();
    CHECK(fleet.lastRun().state == ScheduleRunState::Done);
}

TEST_CASE("a moving tag is looked up when the run starts", "[fleet][schedule][rollout]")
{
    ScheduledWorld fleet;
    fleet.world.image("render-2");
    const auto tag = [&](const std::string& image) {
        fleet.world.core->database.write([&](db::Transaction& tx) {
            model::ImageTag moving;
            moving.reference = "render:stable";
            moving.image = db::ImageRepository{}.findByName(tx, image)->id;
            moving.actor = "alice";
            moving.setAt = fleet.world.clock.now();
            db::ImageTagRepository{}.set(tx, moving, image);
        });
    };
    tag("render");
    fleet.create({{"rollout", {{"image", "render:stable"}}}});
    tag("render-2");
    fleet.set("2026-11-21 02:30");
    fleet.runToTheEnd();
    CHECK(fleet.lastRun().image == "render:stable");
    CHECK(fleet.lastRun().imageName == "render-2");
}

TEST_CASE("replace aborts the running rollout", "[fleet][schedule][rollout]")
{
    ScheduledWorld fleet;
    for (const char* name : {"n1", "n2"})
        fleet.world.core->nodes.update(
            name, [](model::Node& node) { node.driverInfo.text = R"({"fake_agent_delay": "never"})"; },
            "tester");
    fleet.create({{"cron", "*/5 * * * *"}, {"overlap", "replace"}});
    fleet.set("2026-11-21 02:30");
    fleet.world.core->scheduler.runOnce(); // earlier due times are missed
    fleet.world.core->rollouts.runOnce();
    fleet.world.runOnce();
    const std::string first = fleet.lastRun().rolloutName;
    REQUIRE_FALSE(first.empty());
    fleet.set("2026-11-21 02:35");
    fleet.world.core->scheduler.runOnce();
    for (int i = 0; i < 100 && fleet.lastRun().rolloutName.empty(); ++i) {
        fleet.world.core->scheduler.runOnce();
        fleet.world.core->rollouts.runOnce();
        while (fleet.world.runOnce(), fleet.world.core->engine.runOnce()) {
        }
        fleet.world.clock.advance(250ms);
    }
    CHECK(fleet.world.core->rollouts.get(first).state == model::RolloutState::Aborted);
    CHECK(fleet.lastRun().rolloutName == "nightly-20261121T023500Z");
}

TEST_CASE("many schedules that are due at once", "[fleet][schedule][rollout]")
{
    ScheduledWorld fleet;
    constexpr int kSchedules = 200;
    for (int i = 0; i < kSchedules; ++i)
        fleet.create({{"name", "s" + std::to_string(i)},
                      {"rollout", {{"select", i == 0 ? "class=render" : "class=nobody"}}}});
    fleet.create();
    fleet.set("2026-11-21 02:30");
    fleet.world.core->scheduler.runOnce();
    CHECK(fleet.rolloutCount() >= 1);
    for (const model::Schedule& schedule : fleet.world.core->schedules.list(1000, "")) {
        const auto runs = fleet.world.core->schedules.runs(schedule, {}, 10);
        REQUIRE(runs.size() == 1);
        CHECK(runs.front().state != ScheduleRunState::Pending);
    }
}
