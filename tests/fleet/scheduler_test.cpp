#include "tests/fleet/schedule_world.h"

#include <catch2/catch.hpp>

using namespace bm;
using Catch::Matchers::Contains;
using model::RolloutState;
using model::ScheduleRunState;
using test::ScheduleWorld;
using Lines = std::vector<std::string>;
using namespace std::chrono_literals;

TEST_CASE("a schedule fires when it is due, once", "[fleet][schedule]")
{
    ScheduleWorld world;
    nlohmann::json body = ScheduleWorld::body();
    body["zone"] = "Europe/Berlin";
    body["window"] = "4h";
    body["rollout"]["if_older_than"] = "6d";
    const model::Schedule schedule = world.create(body).schedule;
    CHECK(schedule.nextDueAt == conductor::fleet::timeFromText("2026-11-21 02:30", "Europe/Berlin"));

    SECTION("not before")
    {
        world.set("2026-11-21 02:29", "Europe/Berlin");
        CHECK_FALSE(world.scheduler->runOnce());
        CHECK(world.runs().empty());
    }
    SECTION("with its rollout and its window")
    {
        world.set("2026-11-21 02:30", "Europe/Berlin");
        CHECK(world.scheduler->runOnce());
        CHECK_FALSE(world.scheduler->runOnce());
        REQUIRE(world.rollouts.started.size() == 1);
        const auto& started = world.rollouts.started.front();
        CHECK(started.actor == "schedule:nightly");
        CHECK(started.body.at("name") == "nightly-20261121T013000Z");
        CHECK(started.body.at("image") == "render");
        CHECK(started.body.at("select") == "class=render");
        CHECK(started.body.at("if_older_than") == "6d");
        CHECK(model::fromMillis(started.body.at("start_before_ms").get<std::int64_t>()) ==
              conductor::fleet::timeFromText("2026-11-21 06:30", "Europe/Berlin"));
        const model::ScheduleRun run = world.runs().at(0);
        CHECK(run.id == started.run);
        CHECK(run.state == ScheduleRunState::Running);
        CHECK(run.imageName == "render-2026-11");
        CHECK(run.trigger == model::ScheduleTrigger::Due);
        CHECK(world.schedules->get("nightly").nextDueAt ==
              conductor::fleet::timeFromText("2026-11-22 02:30", "Europe/Berlin"));
    }
    SECTION("and again the next night")
    {
        world.set("2026-11-21 02:30", "Europe/Berlin");
        world.scheduler->runOnce();
        world.rollouts.endLast(RolloutState::Done, 3);
        world.set("2026-11-22 02:30", "Europe/Berlin");
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"running", "done"});
        CHECK(world.runs().at(1).done == 3);
    }
}

TEST_CASE("a run's outcome is its rollout's", "[fleet][schedule]")
{
    ScheduleWorld world;
    world.create();
    world.set("2026-11-21 02:30");
    SECTION("all done")
    {
        world.scheduler->runOnce();
        world.rollouts.endLast(RolloutState::Done, 0);
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"done"});
        CHECK(world.runs().at(0).finishedAt);
    }
    SECTION("some failed")
    {
        world.scheduler->runOnce();
        world.rollouts.endLast(RolloutState::Failed, 7, 2);
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"partly"});
        CHECK(world.runs().at(0).failed == 2);
        CHECK(world.runs().at(0).total == 9);
    }
    SECTION("all failed")
    {
        world.scheduler->runOnce();
        world.rollouts.endLast(RolloutState::Failed, 0, 2);
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"failed"});
    }
    SECTION("aborted by somebody")
    {
        world.scheduler->runOnce();
        world.rollouts.endLast(RolloutState::Aborted, 1);
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"aborted"});
    }
    SECTION("a refused rollout fails the run with its reason, and does not delay the next run")
    {
        world.rollouts.refusal =
            model::Error(model::ErrorCode::NotFound, "there is no image render:stable", "tag one");
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"failed: not-found"});
        CHECK(world.runs().at(0).hint == "tag one");
        world.set("2026-11-22 02:30");
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"running", "failed: not-found"});
    }
    SECTION("nothing to do is no failure")
    {
        world.rollouts.nothingToDo = true;
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"skipped: nothing-to-do"});
    }
    SECTION("a rollout that was deleted")
    {
        world.scheduler->runOnce();
        world.rollouts.started.clear();
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"failed: not-found"});
    }
}

TEST_CASE("due times while bmd was down", "[fleet][schedule][missed]")
{
    ScheduleWorld world;
    nlohmann::json body = ScheduleWorld::body();
    SECTION("are skipped, with one row of history")
    {
        world.create(body);
        world.set("2026-11-24 09:00");
        world.restart();
        for (int i = 0; i < 3; ++i)
            world.scheduler->runOnce();
        CHECK(world.rollouts.started.empty());
        CHECK(world.history() == Lines{"skipped: missed"});
        CHECK(world.runs().at(0).dueAt == conductor::fleet::timeFromText("2026-11-24 02:30", "UTC"));
        CHECK_THAT(world.runs().at(0).reason, Contains("2026-11-21 02:30"));
        CHECK(world.schedules->get("nightly").nextDueAt ==
              conductor::fleet::timeFromText("2026-11-25 02:30", "UTC"));
    }
    SECTION("are caught up by one run")
    {
        body["missed"] = "once";
        world.create(body);
        world.set("2026-11-24 09:00");
        for (int i = 0; i < 3; ++i) {
            world.restart();
            world.scheduler->runOnce();
        }
        CHECK(world.rollouts.started.size() == 1);
        REQUIRE(world.runs().size() == 1);
        CHECK(world.runs().at(0).trigger == model::ScheduleTrigger::Missed);
    }
    SECTION("are not caught up after the window of the run")
    {
        body["missed"] = "once";
        body["window"] = "4h";
        world.create(body);
        world.set("2026-11-24 09:00");
        world.restart();
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"skipped: window-over"});
    }
    SECTION("are not caught up outside the maintenance windows")
    {
        body["missed"] = "once";
        body["maintenance"] = {"01:00-06:00"};
        world.create(body);
        world.set("2026-11-24 09:00");
        world.restart();
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"skipped: closed"});
    }
    SECTION("a delay of a few minutes is not a missed run")
    {
        world.create(body);
        world.set("2026-11-21 02:34");
        world.restart();
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"running"});
    }
    SECTION("a rule of every ten minutes continues with the latest due time")
    {
        body["cron"] = "*/10 * * * *";
        world.create(body);
        world.set("2026-11-21 02:31");
        world.restart();
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"running", "skipped: missed"});
        CHECK(world.runs().at(0).dueAt == conductor::fleet::timeFromText("2026-11-21 02:30", "UTC"));
    }
    SECTION("a one-shot, too")
    {
        body.erase("cron");
        body["at"] = "2026-11-21 02:30";
        world.create(body);
        world.set("2026-11-24 09:00");
        world.restart();
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"skipped: missed"});
        CHECK_FALSE(world.schedules->get("nightly").nextDueAt);
    }
}

TEST_CASE("bmd may die between taking a due time and starting it", "[fleet][schedule][missed]")
{
    ScheduleWorld world;
    nlohmann::json body = ScheduleWorld::body();
    body["overlap"] = "queue";
    world.create(body);
    world.set("2026-11-21 02:30");
    world.scheduler->runOnce(); // the first runs for days
    world.set("2026-11-22 02:30");
    world.scheduler->runOnce(); // the second waits
    CHECK(world.history() == Lines{"pending: waits", "running"});
    world.restart();
    world.scheduler->runOnce();
    CHECK(world.history() == Lines{"pending: waits", "running"});
    world.rollouts.endLast(RolloutState::Done);
    world.restart();
    world.scheduler->runOnce();
    CHECK(world.history() == Lines{"running", "done"});
    CHECK(world.rollouts.started.size() == 2);
}

TEST_CASE("a run that is due while the one before goes on", "[fleet][schedule][overlap]")
{
    ScheduleWorld world;
    nlohmann::json body = ScheduleWorld::body();
    const auto begin = [&](const std::string& rule) {
        body["overlap"] = rule;
        world.create(body);
        world.set("2026-11-21 02:30");
        world.scheduler->runOnce();
        world.set("2026-11-22 02:30");
        world.scheduler->runOnce();
    };
    SECTION("is skipped")
    {
        begin("skip");
        CHECK(world.history() == Lines{"skipped: overlap", "running"});
        CHECK_THAT(world.runs().at(0).reason, Contains("nightly-20261121T023000Z"));
    }
    SECTION("waits for it; one waits at most")
    {
        begin("queue");
        world.set("2026-11-23 02:30");
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"skipped: overlap", "pending: waits", "running"});
        world.rollouts.endLast(RolloutState::Done);
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"skipped: overlap", "running", "done"});
    }
    SECTION("waits no longer than its window")
    {
        body["window"] = "4h";
        begin("queue");
        world.set("2026-11-22 06:30");
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"skipped: window-over", "running"});
    }
    SECTION("aborts it, and starts when it has ended")
    {
        begin("replace");
        CHECK(world.rollouts.started.size() == 1);
        CHECK(world.rollouts.started.front().abortAsked);
        CHECK(world.history() == Lines{"pending: waits", "running: replaced"});
        world.rollouts.endLast(RolloutState::Aborted, 0);
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"running", "aborted: replaced"});
        CHECK(world.rollouts.started.size() == 2);
    }
}

TEST_CASE("operators' calls on schedules", "[fleet][schedule]")
{
    ScheduleWorld world;
    world.create();
    SECTION("a paused schedule does not fire, and resume runs no missed due time")
    {
        world.schedules->pause("nightly", "bob");
        world.set("2026-11-24 09:00");
        world.scheduler->runOnce();
        CHECK(world.runs().empty());
        world.schedules->resume("nightly", "bob");
        world.scheduler->runOnce();
        CHECK(world.runs().empty());
        CHECK(world.schedules->get("nightly").nextDueAt ==
              conductor::fleet::timeFromText("2026-11-25 02:30", "UTC"));
    }
    SECTION("run now starts one at once, even paused")
    {
        world.schedules->pause("nightly", "bob");
        world.schedules->runNow("nightly", "bob");
        world.scheduler->runOnce();
        CHECK(world.history() == Lines{"running"});
        CHECK(world.runs().at(0).trigger == model::ScheduleTrigger::Manual);
        CHECK(world.runs().at(0).actor == "bob");
        CHECK_THROWS_AS(world.schedules->runNow("nightly", "bob"), model::Error);
    }
    SECTION("the next due times")
    {
        const auto next = world.schedules->next(world.schedules->get("nightly"), 10);
        REQUIRE(next.size() == 10);
        CHECK(next.back() == conductor::fleet::timeFromText("2026-11-30 02:30", "UTC"));
    }
    SECTION("a change moves the next due time only when the times are changed")
    {
        const model::Schedule before = world.schedules->get("nightly");
        world.schedules->change("nightly", R"({"rollout": {"max_parallel": 8, "select": null, "all": true}})",
                                "bob");
        model::Schedule after = world.schedules->get("nightly");
        CHECK(after.nextDueAt == before.nextDueAt);
        CHECK(after.rollout.text == R"({"all":true,"image":"render","max_parallel":8})");
        after = world.schedules->change("nightly", R"({"cron": "0 5 * * *", "zone": "Asia/Tokyo"})", "bob")
                    .schedule;
        CHECK(after.nextDueAt == conductor::fleet::timeFromText("2026-11-21 05:00", "Asia/Tokyo"));
        after = world.schedules->change("nightly", R"({"at": "2026-12-24 02:30"})", "bob").schedule;
        CHECK(after.cron.empty());
        CHECK(after.nextDueAt == conductor::fleet::timeFromText("2026-12-24 02:30", "Asia/Tokyo"));
    }
    SECTION("deleted with its history")
    {
        world.schedules->remove("nightly", "bob");
        CHECK_THROWS_AS(world.schedules->get("nightly"), model::Error);
        world.set("2026-11-21 02:30");
        CHECK_FALSE(world.scheduler->runOnce());
    }
    SECTION("secrets of its deployments are sealed")
    {
        nlohmann::json body = ScheduleWorld::body("secret");
        body["rollout"]["deploy"] = {{"user_data", "#cloud-config\npassword: hunter2\n"}};
        const model::Schedule schedule = world.create(body).schedule;
        CHECK(schedule.rollout.text.find("hunter2") == std::string::npos);
        CHECK_THAT(schedule.deploySealed.text, Catch::StartsWith("sealed:"));
        world.set("2026-11-21 02:30");
        world.scheduler->runOnce();
        const auto& started = world.rollouts.started; // another schedule's run is due at the same time
        CHECK(std::any_of(started.begin(), started.end(), [](const auto& rollout) {
            return rollout.body.contains("deploy") &&
                   rollout.body.at("deploy").dump().find("hunter2") != std::string::npos;
        }));
    }
}

TEST_CASE("invalid schedules are refused", "[fleet][schedule]")
{
    ScheduleWorld world;
    const auto refusal = [&](const std::string& patch) {
        nlohmann::json body = ScheduleWorld::body();
        body.merge_patch(nlohmann::json::parse(patch));
        try {
            world.create(body);
        } catch (const model::Error& error) {
            return std::string(model::toText(error.code())) + ": " + error.what();
        }
        return std::string("taken");
    };
    const std::pair<const char*, const char*> wrong[] = {
        {R"({"name": ""})", "invalid-input: name"},
        {R"({"name": "a b"})", "invalid-input: name"},
        {R"({"cron": "30 2 31 2 *"})", "never fires"},
        {R"({"cron": "61 2 * * *"})", "minute"},
        {R"({"cron": null})", "give either cron or at"},
        {R"({"at": "2026-12-24 02:30"})", "give either cron or at"},
        {R"({"cron": null, "at": "2026-11-20 11:59"})", "has passed"},
        {R"({"zone": "Europe/Berlim"})", "there is no time zone"},
        {R"({"window": "4"})", "window: \"4\" is not a duration"},
        {R"({"window": "30s"})", "shorter than a minute"},
        {R"({"maintenance": ["12:00-13:00"]})", "would never fire"},
        {R"({"maintenance": ["noon"]})", "maintenance window \"noon\""},
        {R"({"blackout": ["tomorrow"]})", "blackout \"tomorrow\""},
        {R"({"missed": "twice"})", "missed: \"twice\""},
        {R"({"overlap": "kill"})", "overlap: \"kill\""},
        {R"({"paused": "perhaps"})", "paused"},
        {R"({"color": "red"})", "color"},
        {R"({"rollout": null})", "rollout: expected"},
        {R"({"rollout": {"image": null}})", "rollout: image"},
        {R"({"rollout": {"image": "ghost"}})", "not-found: rollout.image"},
        {R"({"rollout": {"image": "render:gone"}})", "not-found"},
        {R"({"rollout": {"select": null}})", "no nodes are selected"},
        {R"({"rollout": {"select": "colour=red"}})", "rollout"},
        {R"({"rollout": {"select": "name=n*"}})", "matches the whole fleet"},
        {R"({"rollout": {"nodes": ["ghost"]}})", "not-found"},
        {R"({"rollout": {"name": "x"}})", "the schedule itself sets it"},
        {R"({"rollout": {"start_before_ms": 1}})", "the schedule itself sets it"},
        {R"({"rollout": {"if_older_than": "6"}})", "if_older_than"},
    };
    for (const auto& [patch, said] : wrong) {
        INFO(patch);
        CHECK_THAT(refusal(patch), Contains(said));
    }
    CHECK(refusal("{}") == "taken");
    CHECK_THAT(refusal("{}"), Contains("conflict: a schedule named nightly already exists"));
}

TEST_CASE("a window shorter than deployments were is refused; without history there is a warning",
          "[fleet][schedule]")
{
    ScheduleWorld world;
    nlohmann::json body = ScheduleWorld::body();
    body["window"] = "5m";
    CHECK(world.create(body).warnings.size() == 1);
    body["name"] = "other";
    body["window"] = "4h";
    CHECK(world.create(body).warnings.empty());
}

TEST_CASE("a selection that matches no node gives a warning", "[fleet][schedule]")
{
    ScheduleWorld world;
    nlohmann::json body = ScheduleWorld::body();
    body["rollout"]["select"] = "class=gpu";
    const auto stored = world.create(body);
    REQUIRE(stored.warnings.size() == 1);
    CHECK_THAT(stored.warnings.front(), Contains("no node matches"));
}

TEST_CASE("more schedules than a batch that are due in the same minute", "[fleet][schedule]")
{
    constexpr int kSchedules = 1100; // three batches; the bench takes ten thousand
    ScheduleWorld world;
    world.world.core->database.write([&](db::Transaction&) {
        for (int i = 0; i < kSchedules; ++i)
            world.create(ScheduleWorld::body("s" + std::to_string(i)));
    });
    world.set("2026-11-21 02:30");
    world.scheduler->runOnce();
    CHECK(world.rollouts.started.size() == kSchedules);
    CHECK_FALSE(world.scheduler->runOnce());
}
