#include "db/repositories/fleet/schedule_repository.h"

#include "common/model/error.h"
#include "db/engine/table.h"

#include <cstdint>

namespace bm::db {
namespace {

using model::Error;
using model::ErrorCode;
using model::Schedule;
using model::ScheduleRun;

// clang-format off
const Table<Schedule>& schedules()
{
    static const Table<Schedule> table("schedules", {
        column<&Schedule::id>("uuid"),
        column<&Schedule::name>("name"),
        column<&Schedule::cron>("cron"),
        column<&Schedule::at>("at"),
        column<&Schedule::zone>("zone"),
        column<&Schedule::image>("image"),
        column<&Schedule::rollout>("rollout"),
        column<&Schedule::deploySealed>("deploy_sealed"),
        column<&Schedule::window>("window_ms"),
        column<&Schedule::maintenance>("maintenance"),
        column<&Schedule::blackout>("blackout"),
        column<&Schedule::missed>("missed"),
        column<&Schedule::overlap>("overlap"),
        column<&Schedule::paused>("paused"),
        column<&Schedule::nextDueAt>("next_due_at"),
        column<&Schedule::actor>("actor"),
        column<&Schedule::createdAt>("created_at"),
        column<&Schedule::updatedAt>("updated_at"),
        column<&Schedule::version>("version"),
    });
    return table;
}

const Table<ScheduleRun>& runTable()
{
    static const Table<ScheduleRun> table("schedule_runs", {
        column<&ScheduleRun::id>("uuid"),
        column<&ScheduleRun::schedule>("schedule_uuid"),
        column<&ScheduleRun::dueAt>("due_at"),
        column<&ScheduleRun::trigger>("caused_by"),
        column<&ScheduleRun::state>("state"),
        column<&ScheduleRun::rollout>("rollout_uuid"),
        column<&ScheduleRun::rolloutName>("rollout_name"),
        column<&ScheduleRun::image>("image"),
        column<&ScheduleRun::imageName>("image_name"),
        column<&ScheduleRun::imageId>("image_uuid"),
        column<&ScheduleRun::reasonCode>("reason_code"),
        column<&ScheduleRun::reason>("reason"),
        column<&ScheduleRun::hint>("hint"),
        column<&ScheduleRun::actor>("actor"),
        column<&ScheduleRun::startedAt>("started_at"),
        column<&ScheduleRun::finishedAt>("finished_at"),
        column<&ScheduleRun::total>("total"),
        column<&ScheduleRun::done>("done"),
        column<&ScheduleRun::failed>("failed"),
        column<&ScheduleRun::skipped>("skipped"),
    });
    return table;
}
// clang-format on

} // namespace

std::optional<Schedule> ScheduleRepository::find(Transaction& tx, const model::ScheduleId& id) const
{
    return schedules().byKey(tx, id.uuid);
}

std::optional<Schedule> ScheduleRepository::findByName(Transaction& tx, const std::string& name) const
{
    return schedules().first(tx, "where name = $1", {name});
}

std::vector<Schedule> ScheduleRepository::list(Transaction& tx, std::size_t limit,
                                               const std::string& marker) const
{
    return schedules().find(tx, "where name > $1 order by name limit $2", {marker, store(limit)});
}

void ScheduleRepository::insert(Transaction& tx, const Schedule& schedule) const
{
    if (findByName(tx, schedule.name))
        throw Error(ErrorCode::Conflict, "a schedule named " + schedule.name + " already exists",
                    "bm schedule set " + schedule.name + " changes it");
    schedules().insert(tx, schedule);
}

Schedule ScheduleRepository::update(Transaction& tx, Schedule schedule) const
{
    const std::int64_t expected = schedule.version++;
    if (schedules().updateIf(tx, schedule, "version", expected) == 0)
        throw Error(ErrorCode::Conflict, "another request has changed schedule " + schedule.name,
                    "read it and repeat the change: bm schedule show " + schedule.name);
    return schedule;
}

void ScheduleRepository::remove(Transaction& tx, const model::ScheduleId& id) const
{
    schedules().remove(tx, id.uuid);
}

std::int64_t ScheduleRepository::count(Transaction& tx) const
{
    return integerOf(tx.query("select count(*) from schedules", {}).at(0).at(0));
}

std::vector<Schedule> ScheduleRepository::due(Transaction& tx, model::UtcTime now, std::size_t limit) const
{
    return schedules().find(tx,
                            "where next_due_at is not null and paused = 0 and next_due_at <= $1 "
                            "order by next_due_at, uuid limit $2",
                            {store(now), store(limit)});
}

std::optional<model::UtcTime> ScheduleRepository::nextDueAt(Transaction& tx) const
{
    std::optional<model::UtcTime> next;
    auto rows =
        tx.query("select min(next_due_at) from schedules where next_due_at is not null and paused = 0", {});
    load(rows.at(0).at(0), next);
    return next;
}

void ScheduleRepository::setNextDue(Transaction& tx, const model::ScheduleId& id,
                                    std::optional<model::UtcTime> at) const
{
    tx.execute("update schedules set next_due_at = $2 where uuid = $1", {id.uuid, store(at)});
}

bool ScheduleRepository::insertRun(Transaction& tx, const ScheduleRun& run) const
{
    const auto taken = tx.query("select 1 from schedule_runs where schedule_uuid = $1 and due_at = $2",
                                {run.schedule.uuid, store(run.dueAt)});
    if (!taken.empty())
        return false;
    runTable().insert(tx, run);
    return true;
}

void ScheduleRepository::updateRun(Transaction& tx, const ScheduleRun& run) const
{
    runTable().update(tx, run); // no effect when its schedule was deleted
}

std::optional<ScheduleRun> ScheduleRepository::findRun(Transaction& tx, const model::ScheduleRunId& id) const
{
    return runTable().byKey(tx, id.uuid);
}

std::vector<ScheduleRun> ScheduleRepository::runs(Transaction& tx, const model::ScheduleId& schedule,
                                                  std::optional<model::UtcTime> before,
                                                  std::size_t limit) const
{
    const model::UtcTime end = before.value_or(model::fromMillis(INT64_MAX));
    return runTable().find(tx, "where schedule_uuid = $1 and due_at < $2 order by due_at desc limit $3",
                           {schedule.uuid, store(end), store(limit)});
}

std::vector<ScheduleRun> ScheduleRepository::openRuns(Transaction& tx,
                                                      const model::ScheduleId& schedule) const
{
    return runTable().find(tx, "where schedule_uuid = $1 and state in ('pending', 'running') order by due_at",
                           {schedule.uuid});
}

std::vector<ScheduleRun> ScheduleRepository::runsIn(Transaction& tx, model::ScheduleRunState state,
                                                    const std::optional<ScheduleRun>& after,
                                                    std::size_t limit) const
{
    const std::int64_t due = after ? model::toMillis(after->dueAt) : INT64_MIN;
    const std::string uuid = after ? after->id.uuid : "";
    return runTable().find(
        tx,
        "where state = $1 and state in ('pending', 'running') and (due_at, uuid) > ($2, $3) "
        "order by due_at, uuid limit $4",
        {store(state), due, uuid, store(limit)});
}

std::int64_t ScheduleRepository::forgetRuns(Transaction& tx, model::UtcTime before) const
{
    return tx.execute("delete from schedule_runs where due_at < $1 and state not in ('pending', 'running')",
                      {store(before)});
}

} // namespace bm::db
