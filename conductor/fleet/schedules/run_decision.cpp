#include "conductor/fleet/schedules/run_decision.h"

#include "conductor/fleet/schedules/schedule_request.h"
#include "conductor/fleet/schedules/scheduler.h"
#include "db/repositories/fleet/schedule_repository.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::conductor::fleet {

using model::OverlapRule;
using model::Schedule;
using model::ScheduleRun;
using model::ScheduleRunState;
using model::ScheduleTrigger;
using model::UtcTime;

namespace {

constexpr const char* kWaits = "waits";

std::string nameOf(const Schedule& schedule, const ScheduleRun& run)
{
    return fmt::format("the run of {}{}", toLocalText(run.dueAt, schedule.zone),
                       run.rolloutName.empty() ? "" : fmt::format(" (rollout {})", run.rolloutName));
}

/// The decision by the runs before it that have not ended; nothing: it may start.
std::optional<RunDecision> overlap(db::Transaction& tx, const Schedule& schedule, const ScheduleRun& run)
{
    std::optional<ScheduleRun> running;
    std::optional<ScheduleRun> waiting;
    std::optional<ScheduleRun> newer;
    for (const ScheduleRun& other : db::ScheduleRepository{}.openRuns(tx, schedule.id)) {
        if (other.id == run.id)
            continue;
        if (other.state == ScheduleRunState::Running)
            running = other;
        else if (other.dueAt < run.dueAt)
            waiting = other;
        else
            newer = other;
    }
    if (schedule.overlap == OverlapRule::Replace) {
        if (newer)
            return SkipRun{"overlap", fmt::format("replaced by {}", nameOf(schedule, *newer))};
        if (running)
            return WaitRun{kWaits, fmt::format("{} is being aborted", nameOf(schedule, *running)), running};
        return std::nullopt; // the scheduler skips an older waiting run
    }
    if (!running && !waiting)
        return std::nullopt;
    if (schedule.overlap == OverlapRule::Skip || waiting)
        return SkipRun{"overlap",
                       fmt::format("{} {}", nameOf(schedule, waiting ? *waiting : *running),
                                   running ? "is still going" : "waits already"),
                       "overlap: queue waits for it, replace aborts it"};
    return WaitRun{kWaits, fmt::format("waits for {}", nameOf(schedule, *running))};
}

/// The time after which no node may be begun.
std::optional<UtcTime> endOf(const Schedule& schedule, const Calendar& calendar, const ScheduleRun& run,
                             UtcTime now)
{
    std::optional<UtcTime> end;
    if (schedule.window)
        end = run.dueAt + *schedule.window;
    if (run.trigger == ScheduleTrigger::Manual || (calendar.windows.empty() && calendar.blackout.empty()))
        return end;
    const std::optional<UtcTime> closes = closesAt(calendar, now);
    return end && closes ? std::min(*end, *closes) : (end ? end : closes);
}

} // namespace

RunDecision decideRun(db::Transaction& tx, const Schedule& schedule, const ScheduleRun& run, UtcTime now,
                      UtcTime startedAt)
{
    const bool manual = run.trigger == ScheduleTrigger::Manual;
    if (schedule.paused && !manual)
        return SkipRun{"paused", "the schedule was paused before the run began"};
    if (run.trigger == ScheduleTrigger::Due && run.reasonCode.empty() &&
        startedAt - run.dueAt > kMissedAfter && schedule.missed == model::MissedRule::Skip)
        return SkipRun{"missed", "bmd was not running at this time"};
    const Calendar calendar = calendarOf(schedule);
    const std::optional<UtcTime> end = endOf(schedule, calendar, run, now);
    if (end && *end <= now)
        return SkipRun{"window-over",
                       fmt::format("the window of this run ended at {}", toLocalText(*end, schedule.zone)),
                       "a longer window, or missed: skip"};
    const bool bounded = !calendar.windows.empty() || !calendar.blackout.empty();
    if (!manual && bounded && !isOpen(calendar, now))
        return SkipRun{"closed", fmt::format("{} is outside the maintenance windows or on a blackout date",
                                             toLocalText(now, schedule.zone))};
    if (auto decided = overlap(tx, schedule, run))
        return *decided;
    return StartRun{end};
}

} // namespace bm::conductor::fleet
