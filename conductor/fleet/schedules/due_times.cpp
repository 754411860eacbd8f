#include "conductor/fleet/schedules/due_times.h"

#include "conductor/core/nodes.h"
#include "conductor/fleet/schedules/schedule_request.h"
#include "conductor/fleet/schedules/scheduler.h"
#include "db/repositories/fleet/schedule_repository.h"

#include <fmt/format.h>

namespace bm::conductor::fleet {

using model::Schedule;
using model::ScheduleRun;
using model::ScheduleRunState;
using model::UtcTime;

namespace {

ScheduleRun runAt(const Schedule& schedule, UtcTime due, model::ScheduleTrigger trigger)
{
    ScheduleRun run;
    run.id = model::ScheduleRunId::make();
    run.schedule = schedule.id;
    run.dueAt = due;
    run.trigger = trigger;
    run.image = schedule.image;
    return run;
}

void recordMissed(db::Transaction& tx, const Schedule& schedule, UtcTime first, UtcTime latest, UtcTime now)
{
    ScheduleRun run = runAt(schedule, latest, model::ScheduleTrigger::Missed);
    run.state = ScheduleRunState::Skipped;
    run.reasonCode = "missed";
    run.reason = first == latest
                     ? "bmd was not running at this time"
                     : fmt::format("bmd was not running from {} on", toLocalText(first, schedule.zone));
    run.hint = "bm schedule run starts it now; with missed: once, bm runs the latest missed time by itself";
    run.finishedAt = now;
    if (db::ScheduleRepository{}.insertRun(tx, run))
        recordEvent(tx, now, {}, model::EventKind::ScheduleSkipped,
                    fmt::format("{}: {}", schedule.name, run.reason));
}

} // namespace

void takeDueTimes(db::Transaction& tx, const Schedule& schedule, UtcTime now)
{
    const db::ScheduleRepository schedules;
    const UtcTime first = *schedule.nextDueAt;
    if (now - first <= kMissedAfter) {
        schedules.insertRun(tx, runAt(schedule, first, model::ScheduleTrigger::Due));
        schedules.setNextDue(tx, schedule.id, nextDueOf(schedule, first));
        return;
    }
    const UtcTime latest = latestDueOf(schedule, first, now);
    if (now - latest <= kMissedAfter) {
        if (first != latest)
            recordMissed(tx, schedule, first, first, now);
        schedules.insertRun(tx, runAt(schedule, latest, model::ScheduleTrigger::Due));
    } else if (schedule.missed == model::MissedRule::Once) {
        schedules.insertRun(tx, runAt(schedule, latest, model::ScheduleTrigger::Missed));
    } else {
        recordMissed(tx, schedule, first, latest, now);
    }
    schedules.setNextDue(tx, schedule.id, nextDueOf(schedule, now));
}

} // namespace bm::conductor::fleet
