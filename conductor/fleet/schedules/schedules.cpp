#include "conductor/fleet/schedules/schedules.h"

#include "common/model/duration.h"
#include "common/model/error.h"
#include "conductor/core/nodes.h"
#include "conductor/core/seal_places.h"
#include "conductor/core/size_limits.h"
#include "conductor/fleet/rollouts/rollout_progress.h"
#include "conductor/fleet/selection/rollout_request.h"
#include "conductor/fleet/selection/selection.h"
#include "conductor/images/image_reference.h"
#include "db/repositories/fleet/schedule_repository.h"
#include "db/repositories/rollout_repository.h"

#include <fmt/format.h>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;
using model::Schedule;
using model::UtcTime;

namespace {

constexpr std::chrono::milliseconds kUsualDeployment = std::chrono::minutes{10};

Schedule found(db::Transaction& tx, const std::string& ident)
{
    const db::ScheduleRepository schedules;
    std::optional<Schedule> schedule =
        model::isUuid(ident) ? schedules.find(tx, {ident}) : schedules.findByName(tx, ident);
    if (!schedule)
        throw Error(ErrorCode::NotFound, fmt::format("there is no schedule {}", ident.substr(0, 120)),
                    "bm schedule list");
    return *schedule;
}

/// The image that a reference means now.
model::ImageId requireImage(db::Transaction& tx, const std::string& reference)
{
    try {
        return findImage(tx, reference, {}).id; // schedules are the system's
    } catch (const Error& error) {
        throw error.during("rollout.image");
    }
}

/// The median duration of the last deployments.
std::optional<std::chrono::milliseconds> usualDuration(db::Transaction& tx, const model::ImageId& image)
{
    constexpr std::size_t kSampled = 50;
    const std::optional<std::int64_t> median = medianMillis(tx, image, kSampled);
    return median ? std::optional(std::chrono::milliseconds{*median}) : std::nullopt;
}

std::string seconds(std::chrono::milliseconds span)
{
    return model::toText(std::chrono::milliseconds{std::chrono::ceil<std::chrono::seconds>(span)});
}

/// The shortest time in which a run may begin nodes; nothing: no limit.
std::optional<std::chrono::milliseconds> shortestWindow(const Schedule& schedule)
{
    std::optional<std::chrono::milliseconds> shortest = schedule.window;
    for (const MaintenanceWindow& window : calendarOf(schedule).windows) {
        std::chrono::milliseconds length = window.to - window.from;
        if (length <= std::chrono::milliseconds{0})
            length += std::chrono::hours{24};
        shortest = std::min(shortest.value_or(length), length);
    }
    return shortest;
}

void checkWindow(db::Transaction& tx, const Schedule& schedule, const model::ImageId& image,
                 std::vector<std::string>& warnings)
{
    const std::optional<std::chrono::milliseconds> window = shortestWindow(schedule);
    if (!window)
        return;
    const std::optional<std::chrono::milliseconds> usual = usualDuration(tx, image);
    if (usual && *window < *usual)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("window: {} is shorter than a deployment, which takes about {} here",
                                model::toText(*window), seconds(*usual)),
                    "give a longer window; nodes that began in it finish after it");
    if (!usual && *window < kUsualDeployment)
        warnings.push_back(
            fmt::format("the window of {} may be shorter than a deployment: there is no history yet",
                        model::toText(*window)));
}

/// Warns of a selection that matches no node, since nodes may be enrolled later.
/// @throws Error InvalidInput when it matches the whole fleet without saying so; NotFound (a named node)
void checkSelection(db::Transaction& tx, const Schedule& schedule, UtcTime now,
                    std::vector<std::string>& warnings)
{
    RolloutRequest request = rolloutRequestFrom(schedule.rollout.text);
    const bool all = std::exchange(request.all, true);
    try {
        selectNodes(tx, now, request);
    } catch (const Error& error) {
        if (error.code() != ErrorCode::InvalidInput)
            throw;
        warnings.push_back(
            fmt::format("rollout.{}{}{}", error.message(), error.hint().empty() ? "" : "; ", error.hint()));
        return;
    }
    request.all = all;
    selectNodes(tx, now, request);
}

/// The first due time after @p now. @throws Error InvalidInput when there is none
UtcTime requireNext(const Schedule& schedule, UtcTime now)
{
    if (schedule.at && *schedule.at <= now)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("at: {} has passed", toLocalText(*schedule.at, schedule.zone)),
                    fmt::format("it is {} there now", toLocalText(now, schedule.zone)));
    const std::optional<UtcTime> next = nextDueOf(schedule, now);
    if (!next || (schedule.at && !isOpen(calendarOf(schedule), *next)))
        throw Error(
            ErrorCode::InvalidInput,
            "it would never fire: its times are all outside its maintenance windows or on blackout dates",
            "bm schedule next shows when a schedule fires");
    return *next;
}

void checkRollout(const model::JsonText& rollout)
try {
    checkNewRollout(rolloutRequestFrom(rollout.text));
} catch (const Error& error) {
    throw error.during("rollout");
}

std::string details(const Schedule& schedule)
{
    return fmt::format(R"({{"schedule":"{}"}})", schedule.name);
}

} // namespace

Schedule Schedules::filled(const ScheduleRequest& request, Schedule schedule) const
{
    schedule.name = request.name;
    schedule.cron = request.cron;
    schedule.at = request.at;
    schedule.zone = request.zone;
    schedule.image = request.image;
    schedule.rollout = request.rollout;
    if (schedule.id.empty())
        schedule.id = model::ScheduleId::make();
    schedule.deploySealed = {};
    if (!request.deploy.empty())
        schedule.deploySealed = context_.secrets.seal(scheduleDeployPlace(schedule.id), request.deploy);
    schedule.window = request.window;
    schedule.maintenance = request.maintenance;
    schedule.blackout = request.blackout;
    schedule.missed = request.missed;
    schedule.overlap = request.overlap;
    schedule.paused = request.paused;
    schedule.updatedAt = context_.clock.now();
    return schedule;
}

StoredSchedule Schedules::create(const ScheduleRequest& request, const std::string& actor)
{
    checkRollout(request.rollout);
    Schedule schedule = filled(request, {});
    schedule.actor = actor;
    schedule.createdAt = schedule.updatedAt;
    refuseOversize<Schedule>(schedule, nullptr);
    schedule.nextDueAt = requireNext(schedule, schedule.createdAt);
    return context_.database.write([&](db::Transaction& tx) {
        StoredSchedule stored{schedule, {}};
        checkWindow(tx, schedule, requireImage(tx, schedule.image), stored.warnings);
        checkSelection(tx, schedule, schedule.createdAt, stored.warnings);
        db::ScheduleRepository{}.insert(tx, schedule);
        recordEvent(tx, schedule.createdAt, {}, model::EventKind::ScheduleCreated,
                    fmt::format("{} by {}", schedule.name, actor), details(schedule));
        return stored;
    });
}

StoredSchedule Schedules::change(const std::string& ident, const std::string& patch, const std::string& actor)
{
    return context_.database.write([&](db::Transaction& tx) {
        const db::ScheduleRepository schedules;
        const Schedule before = found(tx, ident);
        const std::string deploy =
            before.deploySealed.empty()
                ? ""
                : context_.secrets.open(scheduleDeployPlace(before.id), before.deploySealed);
        Schedule after = filled(scheduleRequestFrom(patchedBody(before, deploy, patch)), before);
        refuseOversize(after, &before);
        if (after.rollout != before.rollout)
            checkRollout(after.rollout);
        const bool otherTimes = after.cron != before.cron || after.at != before.at ||
                                after.zone != before.zone || after.maintenance != before.maintenance ||
                                after.blackout != before.blackout || (before.paused && !after.paused);
        if (otherTimes)
            after.nextDueAt = requireNext(after, after.updatedAt);
        if (after.name != before.name && schedules.findByName(tx, after.name))
            throw Error(ErrorCode::Conflict, "a schedule named " + after.name + " already exists");
        StoredSchedule stored{after, {}};
        checkWindow(tx, after, requireImage(tx, after.image), stored.warnings);
        checkSelection(tx, after, after.updatedAt, stored.warnings);
        stored.schedule = schedules.update(tx, after);
        recordEvent(tx, after.updatedAt, {}, model::EventKind::ScheduleChanged,
                    fmt::format("{} by {}", after.name, actor), details(after));
        return stored;
    });
}

Schedule Schedules::get(const std::string& ident) const
{
    return context_.database.read([&](db::Transaction& tx) { return found(tx, ident); });
}

std::vector<Schedule> Schedules::list(std::size_t limit, const std::string& marker) const
{
    return context_.database.read(
        [&](db::Transaction& tx) { return db::ScheduleRepository{}.list(tx, limit, marker); });
}

void Schedules::remove(const std::string& ident, const std::string& actor)
{
    context_.database.write([&](db::Transaction& tx) {
        const Schedule schedule = found(tx, ident);
        db::ScheduleRepository{}.remove(tx, schedule.id);
        recordEvent(tx, context_.clock.now(), {}, model::EventKind::ScheduleDeleted,
                    fmt::format("{} by {}", schedule.name, actor), details(schedule));
    });
}

Schedule Schedules::pause(const std::string& ident, const std::string& actor)
{
    return context_.database.write([&](db::Transaction& tx) {
        Schedule schedule = found(tx, ident);
        if (schedule.paused)
            return schedule;
        schedule.paused = true;
        schedule.updatedAt = context_.clock.now();
        recordEvent(tx, schedule.updatedAt, {}, model::EventKind::SchedulePaused,
                    fmt::format("{} by {}", schedule.name, actor), details(schedule));
        return db::ScheduleRepository{}.update(tx, schedule);
    });
}

Schedule Schedules::resume(const std::string& ident, const std::string& actor)
{
    return context_.database.write([&](db::Transaction& tx) {
        Schedule schedule = found(tx, ident);
        if (!schedule.paused)
            return schedule;
        schedule.paused = false;
        schedule.updatedAt = context_.clock.now();
        schedule.nextDueAt = nextDueOf(schedule, schedule.updatedAt);
        if (!schedule.nextDueAt)
            throw Error(ErrorCode::Conflict, fmt::format("the time of {} has passed", schedule.name),
                        "bm schedule set NAME --at gives it another; bm schedule run starts it now");
        recordEvent(tx, schedule.updatedAt, {}, model::EventKind::ScheduleResumed,
                    fmt::format("{} by {}", schedule.name, actor), details(schedule));
        return db::ScheduleRepository{}.update(tx, schedule);
    });
}

model::ScheduleRun Schedules::runNow(const std::string& ident, const std::string& actor)
{
    return context_.database.write([&](db::Transaction& tx) {
        const db::ScheduleRepository schedules;
        const Schedule schedule = found(tx, ident);
        const auto open = schedules.openRuns(tx, schedule.id);
        if (!open.empty() && schedule.overlap == model::OverlapRule::Skip)
            throw Error(ErrorCode::Conflict,
                        fmt::format("a run of {} is going: {}", schedule.name,
                                    open.front().rolloutName.empty() ? "it is about to start"
                                                                     : open.front().rolloutName),
                        "wait for it, abort its rollout, or set overlap to queue or replace");
        model::ScheduleRun run;
        run.id = model::ScheduleRunId::make();
        run.schedule = schedule.id;
        run.dueAt = context_.clock.now();
        run.trigger = model::ScheduleTrigger::Manual;
        run.image = schedule.image;
        run.actor = actor;
        if (!schedules.insertRun(tx, run))
            throw Error(ErrorCode::Conflict, "a run with this due time exists already",
                        "bm schedule history shows it");
        tx.afterCommit(wakeScheduler_);
        return run;
    });
}

std::vector<UtcTime> Schedules::next(const Schedule& schedule, std::size_t count) const
{
    std::vector<UtcTime> times;
    std::optional<UtcTime> due = nextDueOf(schedule, context_.clock.now());
    while (due && times.size() < count) {
        times.push_back(*due);
        due = nextDueOf(schedule, *due);
    }
    return times;
}

std::vector<model::ScheduleRun> Schedules::runs(const Schedule& schedule, std::optional<UtcTime> before,
                                                std::size_t limit) const
{
    return context_.database.read(
        [&](db::Transaction& tx) { return db::ScheduleRepository{}.runs(tx, schedule.id, before, limit); });
}

} // namespace bm::conductor::fleet
