#include "tests/db/fixture.h"

#include "db/repositories/fleet/schedule_repository.h"

using namespace bm;
using namespace bm::db;
using model::ErrorCode;
using model::Schedule;
using model::ScheduleRun;
using model::ScheduleRunState;

namespace {

Schedule makeSchedule(const std::string& name, std::optional<std::int64_t> due = {})
{
    Schedule schedule;
    schedule.id = model::ScheduleId::make();
    schedule.name = name;
    schedule.cron = "30 2 * * 1-5";
    schedule.zone = "Europe/Berlin";
    schedule.image = "render:stable";
    schedule.rollout.text = R"({"image":"render:stable","select":"class=render"})";
    schedule.window = std::chrono::hours{4};
    schedule.missed = model::MissedRule::Once;
    schedule.overlap = model::OverlapRule::Queue;
    schedule.actor = "alice";
    if (due)
        schedule.nextDueAt = at(*due);
    return schedule;
}

ScheduleRun makeRun(const Schedule& schedule, std::int64_t due,
                    ScheduleRunState state = ScheduleRunState::Pending)
{
    ScheduleRun run;
    run.id = model::ScheduleRunId::make();
    run.schedule = schedule.id;
    run.dueAt = at(due);
    run.state = state;
    return run;
}

struct SchedulesWorld {
    TestStore store{};
    Database database = store.open();
    ScheduleRepository schedules{};
    Schedule schedule = makeSchedule("nightly", 1000);

    SchedulesWorld() { put(schedule); }
    void put(const Schedule& item)
    {
        database.write([&](Transaction& tx) { schedules.insert(tx, item); });
    }
    bool put(const ScheduleRun& run)
    {
        return database.write([&](Transaction& tx) { return schedules.insertRun(tx, run); });
    }
    std::vector<std::string> dueAt(std::int64_t now, std::size_t limit = 100)
    {
        return database.read([&](Transaction& tx) {
            std::vector<std::string> names;
            for (const Schedule& item : schedules.due(tx, at(now), limit))
                names.push_back(item.name);
            return names;
        });
    }
};

} // namespace

TEST_CASE("a schedule is stored with every member", "[db][schedule]")
{
    SchedulesWorld world;
    const auto found =
        world.database.read([&](Transaction& tx) { return world.schedules.findByName(tx, "nightly"); });
    REQUIRE(found);
    CHECK(found->id == world.schedule.id);
    CHECK(found->cron == "30 2 * * 1-5");
    CHECK(found->zone == "Europe/Berlin");
    CHECK(found->window == std::chrono::hours{4});
    CHECK(found->missed == model::MissedRule::Once);
    CHECK(found->overlap == model::OverlapRule::Queue);
    CHECK(found->nextDueAt == at(1000));
    CHECK_FALSE(found->at);
    CHECK_FALSE(found->paused);

    SECTION("under a unique name")
    {
        CHECK(errorOf([&] { world.put(makeSchedule("nightly")); }).code() == ErrorCode::Conflict);
    }
    SECTION("and a stale copy is refused")
    {
        Schedule changed = *found;
        changed.paused = true;
        changed = world.database.write([&](Transaction& tx) { return world.schedules.update(tx, changed); });
        CHECK(changed.version == 1);
        CHECK(errorOf([&] {
                  world.database.write([&](Transaction& tx) { world.schedules.update(tx, *found); });
              }).code() == ErrorCode::Conflict);
    }
    SECTION("and is listed by name, a page at a time")
    {
        world.put(makeSchedule("a"));
        world.put(makeSchedule("z"));
        const auto page =
            world.database.read([&](Transaction& tx) { return world.schedules.list(tx, 2, "a"); });
        REQUIRE(page.size() == 2);
        CHECK(page[0].name == "nightly");
        CHECK(page[1].name == "z");
        CHECK(world.database.read([&](Transaction& tx) { return world.schedules.count(tx); }) == 3);
    }
}

TEST_CASE("due schedules are sorted by time", "[db][schedule]")
{
    SchedulesWorld world;
    world.put(makeSchedule("earlier", 500));
    world.put(makeSchedule("never"));
    Schedule paused = makeSchedule("paused", 400);
    paused.paused = true;
    world.put(paused);
    CHECK(world.dueAt(499).empty());
    CHECK(world.dueAt(1000) == std::vector<std::string>{"earlier", "nightly"});
    CHECK(world.dueAt(1000, 1) == std::vector<std::string>{"earlier"});
    const auto next = [&] {
        return world.database.read([&](Transaction& tx) { return world.schedules.nextDueAt(tx); });
    };
    CHECK(next() == at(500));
    world.database.write([&](Transaction& tx) {
        world.schedules.setNextDue(tx, world.schedules.findByName(tx, "earlier")->id, at(2000));
        world.schedules.setNextDue(tx, world.schedule.id, std::nullopt);
    });
    CHECK(next() == at(2000));
    CHECK(world.dueAt(1000).empty());
}

TEST_CASE("a due time of a schedule has one run", "[db][schedule]")
{
    SchedulesWorld world;
    const Schedule other = makeSchedule("other");
    world.put(other);
    ScheduleRun run = makeRun(world.schedule, 1000);
    CHECK(world.put(run));
    CHECK_FALSE(world.put(makeRun(world.schedule, 1000)));
    CHECK(world.put(makeRun(other, 1000)));
    CHECK(world.put(makeRun(world.schedule, 2000)));

    SECTION("and its run is stored with its result")
    {
        run.state = ScheduleRunState::Partly;
        run.rollout = model::RolloutId::make();
        run.imageName = "render-2026-11";
        run.failed = 2;
        run.finishedAt = at(5000);
        world.database.write([&](Transaction& tx) { world.schedules.updateRun(tx, run); });
        const auto found =
            world.database.read([&](Transaction& tx) { return world.schedules.findRun(tx, run.id); });
        REQUIRE(found);
        CHECK(found->state == ScheduleRunState::Partly);
        CHECK(found->rollout == run.rollout);
        CHECK(found->imageName == "render-2026-11");
        CHECK(found->failed == 2);
        CHECK(found->finishedAt == at(5000));
    }
    SECTION("and history lists the newest first")
    {
        const auto all = world.database.read(
            [&](Transaction& tx) { return world.schedules.runs(tx, world.schedule.id, {}, 10); });
        REQUIRE(all.size() == 2);
        CHECK(all[0].dueAt == at(2000));
        const auto older = world.database.read(
            [&](Transaction& tx) { return world.schedules.runs(tx, world.schedule.id, at(2000), 10); });
        REQUIRE(older.size() == 1);
        CHECK(older[0].id == run.id);
    }
    SECTION("and open runs are listed in pages")
    {
        world.put(makeRun(world.schedule, 3000, ScheduleRunState::Running));
        world.put(makeRun(world.schedule, 4000, ScheduleRunState::Skipped));
        world.database.read([&](Transaction& tx) {
            CHECK(world.schedules.openRuns(tx, world.schedule.id).size() == 3);
            std::optional<ScheduleRun> last;
            int seen = 0;
            while (true) {
                const auto page = world.schedules.runsIn(tx, ScheduleRunState::Pending, last, 1);
                if (page.empty())
                    break;
                last = page.front();
                ++seen;
            }
            CHECK(seen == 3);
        });
    }
    SECTION("and is deleted with its schedule, or when it is old and ended")
    {
        world.put(makeRun(world.schedule, 10, ScheduleRunState::Done));
        CHECK(world.database.write(
                  [&](Transaction& tx) { return world.schedules.forgetRuns(tx, at(5000)); }) == 1);
        world.database.write([&](Transaction& tx) { world.schedules.remove(tx, world.schedule.id); });
        CHECK_FALSE(
            world.database.read([&](Transaction& tx) { return world.schedules.findRun(tx, run.id); }));
    }
}
