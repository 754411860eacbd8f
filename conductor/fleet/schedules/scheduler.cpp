#include "conductor/fleet/schedules/scheduler.h"

#include "common/model/error.h"
#include "common/platform/log.h"
#include "common/platform/loop.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "conductor/core/seal_places.h"
#include "conductor/fleet/schedules/due_times.h"
#include "conductor/fleet/schedules/run_decision.h"
#include "conductor/fleet/schedules/schedule_request.h"
#include "db/repositories/fleet/schedule_repository.h"

#include <algorithm>
#include <date/date.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::conductor::fleet {

using model::Error;
using model::Schedule;
using model::ScheduleRun;
using model::ScheduleRunState;
using model::UtcTime;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

namespace {

constexpr std::size_t kBatch = 500;            // due times per transaction
constexpr std::chrono::milliseconds kHold{50}; // of starts: the writer serves others, too
constexpr std::chrono::milliseconds kLongestSleep{1s};
constexpr std::chrono::hours kKeptHistory{400 * 24};
constexpr std::chrono::hours kTidyEvery{1};

/// The name of a run's rollout: "nightly-20261121T013000Z".
std::string rolloutName(const Schedule& schedule, const ScheduleRun& run)
{
    const bool manual = run.trigger == model::ScheduleTrigger::Manual;
    const std::string time =
        date::format("%Y%m%dT%H%M%S", std::chrono::floor<std::chrono::seconds>(run.dueAt));
    return fmt::format("{}-{}{}Z", schedule.name, time,
                       manual ? fmt::format(".{:03}", run.dueAt.time_since_epoch().count() % 1000) : "");
}

void end(db::Transaction& tx, const Schedule& schedule, ScheduleRun& run, ScheduleRunState state, UtcTime now)
{
    run.state = state;
    run.finishedAt = now;
    db::ScheduleRepository{}.updateRun(tx, run);
    recordEvent(tx, now, {},
                state == ScheduleRunState::Skipped ? model::EventKind::ScheduleSkipped
                                                   : model::EventKind::ScheduleEnded,
                fmt::format("{}: {}{}{}", schedule.name, model::toText(state), run.reason.empty() ? "" : ", ",
                            run.reason));
}

/// The run's state when its rollout has ended so.
ScheduleRunState stateOf(const RolloutOutcome& outcome)
{
    switch (outcome.state) {
    case model::RolloutState::Done:
        return ScheduleRunState::Done;
    case model::RolloutState::Aborted:
        return ScheduleRunState::Aborted;
    case model::RolloutState::Failed:
        return outcome.counts.done > 0 ? ScheduleRunState::Partly : ScheduleRunState::Failed;
    case model::RolloutState::Planned:
    case model::RolloutState::Running:
    case model::RolloutState::Paused:
    case model::RolloutState::Aborting:
        return ScheduleRunState::Running;
    }
    return ScheduleRunState::Running;
}

/// The result of one transaction on the pending runs.
struct StartedRuns {
    std::optional<ScheduleRun> last{}; ///< the next transaction begins after it
    bool any = false;                  ///< a run went on
    bool more = false;                 ///< there may be further runs
};

} // namespace

struct Scheduler::State {
    State(BaseContext given, RolloutStarter& rollouts)
        : context(given), starter(rollouts), startedAt(context.clock.now())
    {}

    bool takeDue();
    bool startPending();
    StartedRuns startSome(db::Transaction& tx, const std::optional<ScheduleRun>& after);
    bool followRunning();
    bool endFinished(const std::vector<ScheduleRun>& running);
    void tidy();
    bool pass(bool follow);
    platform::Loop::Pause run();

    void take(db::Transaction& tx, const Schedule& schedule, UtcTime now) const;
    bool decide(db::Transaction& tx, ScheduleRun run);
    void begin(db::Transaction& tx, const Schedule& schedule, ScheduleRun& run, const StartRun& decision);
    bool endWithRollout(db::Transaction& tx, ScheduleRun run);
    std::chrono::milliseconds sleepTime() const;

    BaseContext context;
    RolloutStarter& starter;
    UtcTime startedAt;
    std::optional<UtcTime> tidiedAt;
    Steady::time_point followAt{};
    platform::Loop loop{"schedule", [this](const std::stop_token&) { return run(); }};
};

/// A schedule that cannot be computed (its zone is gone from tzdata) must not hold up the others.
void Scheduler::State::take(db::Transaction& tx, const Schedule& schedule, UtcTime now) const
{
    try {
        takeDueTimes(tx, schedule, now);
    } catch (const Error& error) {
        platform::logError("schedule", "{}: {}", schedule.name, error.what());
        ScheduleRun run;
        run.id = model::ScheduleRunId::make();
        run.schedule = schedule.id;
        run.dueAt = *schedule.nextDueAt;
        run.reasonCode = model::toText(error.code());
        run.reason = error.message();
        run.hint = error.hint();
        run.state = ScheduleRunState::Failed;
        run.finishedAt = now;
        db::ScheduleRepository{}.insertRun(tx, run);
        db::ScheduleRepository{}.setNextDue(tx, schedule.id, std::nullopt);
    }
}

bool Scheduler::State::takeDue()
{
    bool any = false;
    for (std::size_t taken = kBatch; taken == kBatch;) {
        taken = context.database.write([&](db::Transaction& tx) {
            const UtcTime now = context.clock.now();
            const std::vector<Schedule> due = db::ScheduleRepository{}.due(tx, now, kBatch);
            for (const Schedule& schedule : due)
                take(tx, schedule, now);
            return due.size();
        });
        any = any || taken > 0;
    }
    return any;
}

void Scheduler::State::begin(db::Transaction& tx, const Schedule& schedule, ScheduleRun& run,
                             const StartRun& decision)
{
    nlohmann::json body = wire::valueOf(schedule.rollout);
    body["name"] = rolloutName(schedule, run);
    if (!schedule.deploySealed.empty())
        body["deploy"] = nlohmann::json::parse(
            context.secrets.open(scheduleDeployPlace(schedule.id), schedule.deploySealed));
    if (decision.startBefore)
        body["start_before_ms"] = model::toMillis(*decision.startBefore);
    const UtcTime now = context.clock.now();
    run.image = schedule.image;
    try {
        const auto started = starter.start(body.dump(), "schedule:" + schedule.name, run.id);
        if (const auto* nothing = std::get_if<NothingToDo>(&started)) {
            run.reasonCode = "nothing-to-do";
            run.reason = nothing->reason;
            run.hint = nothing->hint;
            return end(tx, schedule, run, ScheduleRunState::Skipped, now);
        }
        const model::Rollout& rollout = std::get<model::Rollout>(started);
        run.rollout = rollout.id;
        run.rolloutName = rollout.name;
        run.imageId = rollout.image;
        run.imageName = rollout.imageName;
        run.state = ScheduleRunState::Running;
        run.reasonCode = run.reason = run.hint = "";
        run.startedAt = now;
        db::ScheduleRepository{}.updateRun(tx, run);
        recordEvent(tx, now, {}, model::EventKind::ScheduleStarted,
                    fmt::format("{}: rollout {}", schedule.name, rollout.name));
    } catch (const Error& error) {
        run.reasonCode = model::toText(error.code());
        run.reason = error.message();
        run.hint = error.hint();
        end(tx, schedule, run, ScheduleRunState::Failed, now);
    } catch (const std::exception& failure) { // a bug of bm: do not retry for ever
        platform::logError("schedule", "{}: {}", schedule.name, failure.what());
        run.reasonCode = model::toText(model::ErrorCode::Internal);
        run.reason = failure.what();
        end(tx, schedule, run, ScheduleRunState::Failed, now);
    }
}

/// @return true if the run went on
bool Scheduler::State::decide(db::Transaction& tx, ScheduleRun run)
{
    const db::ScheduleRepository schedules;
    const std::optional<Schedule> schedule = schedules.find(tx, run.schedule);
    if (!schedule)
        return false;
    const UtcTime now = context.clock.now();
    const RunDecision decision = decideRun(tx, *schedule, run, now, startedAt);
    if (const auto* skip = std::get_if<SkipRun>(&decision)) {
        run.reasonCode = skip->code;
        run.reason = skip->reason;
        run.hint = skip->hint;
        end(tx, *schedule, run, ScheduleRunState::Skipped, now);
        return true;
    }
    if (const auto* wait = std::get_if<WaitRun>(&decision)) {
        if (wait->replaces && wait->replaces->reasonCode != "replaced") {
            ScheduleRun replaced = *wait->replaces;
            starter.abort(replaced.rollout, "replaced by the next run of its schedule",
                          "schedule:" + schedule->name);
            replaced.reasonCode = "replaced";
            schedules.updateRun(tx, replaced);
        }
        const bool news = run.reason != wait->reason;
        run.reasonCode = wait->code;
        run.reason = wait->reason;
        if (news)
            schedules.updateRun(tx, run);
        return news;
    }
    begin(tx, *schedule, run, std::get<StartRun>(decision));
    return true;
}

/// Starts a few runs per transaction, so that other writers do not wait long.
bool Scheduler::State::startPending()
{
    bool any = false;
    StartedRuns some;
    do {
        some = context.database.write([&](db::Transaction& tx) { return startSome(tx, some.last); });
        any = any || some.any;
    } while (some.more);
    starter.forgetFleet();
    return any;
}

/// Those that follow @p after.
StartedRuns Scheduler::State::startSome(db::Transaction& tx, const std::optional<ScheduleRun>& after)
{
    starter.forgetFleet();
    StartedRuns some;
    std::optional<Steady::time_point> until;
    const auto pending = db::ScheduleRepository{}.runsIn(tx, ScheduleRunState::Pending, after, kBatch);
    some.more = pending.size() == kBatch;
    for (const ScheduleRun& run : pending) {
        some.last = run;
        some.any = decide(tx, run) || some.any;
        if (until && Steady::now() > *until) {
            some.more = true;
            break;
        }
        if (!until) // the view of the fleet is read once
            until = Steady::now() + kHold;
    }
    return some;
}

bool Scheduler::State::endWithRollout(db::Transaction& tx, ScheduleRun run)
{
    const db::ScheduleRepository schedules;
    const std::optional<Schedule> schedule = schedules.find(tx, run.schedule);
    const std::optional<RolloutOutcome> outcome = starter.outcomeOf(tx, run.rollout);
    if (!schedule || (outcome && stateOf(*outcome) == ScheduleRunState::Running))
        return false;
    if (!outcome) {
        run.reasonCode = "not-found";
        run.reason = "its rollout was deleted";
        end(tx, *schedule, run, ScheduleRunState::Failed, context.clock.now());
        return true;
    }
    run.total = outcome->counts.total;
    run.done = outcome->counts.done;
    run.failed = outcome->counts.failed + outcome->counts.aborted;
    run.skipped = outcome->counts.skipped;
    run.reason = outcome->reason;
    run.hint = outcome->hint;
    end(tx, *schedule, run, stateOf(*outcome), context.clock.now());
    return true;
}

bool Scheduler::State::followRunning()
{
    bool any = false;
    std::vector<ScheduleRun> running;
    do {
        std::optional<ScheduleRun> last;
        if (!running.empty())
            last = running.back();
        running = context.database.read([&](db::Transaction& tx) {
            return db::ScheduleRepository{}.runsIn(tx, ScheduleRunState::Running, last, kBatch);
        });
        any = endFinished(running) || any;
    } while (running.size() == kBatch);
    return any;
}

/// Writes only when one of @p running has ended.
bool Scheduler::State::endFinished(const std::vector<ScheduleRun>& running)
{
    std::vector<ScheduleRun> ended;
    context.database.read([&](db::Transaction& tx) {
        std::ranges::copy_if(running, std::back_inserter(ended), [&](const ScheduleRun& run) {
            const std::optional<RolloutOutcome> outcome = starter.outcomeOf(tx, run.rollout);
            return !outcome || stateOf(*outcome) != ScheduleRunState::Running;
        });
    });
    if (ended.empty())
        return false;
    return context.database.write([&](db::Transaction& tx) {
        bool any = false;
        for (const ScheduleRun& run : ended)
            any = endWithRollout(tx, run) || any;
        return any;
    });
}

void Scheduler::State::tidy()
{
    const UtcTime now = context.clock.now();
    if (tidiedAt && now - *tidiedAt < kTidyEvery)
        return;
    tidiedAt = now;
    context.database.write(
        [&](db::Transaction& tx) { db::ScheduleRepository{}.forgetRuns(tx, now - kKeptHistory); });
}

bool Scheduler::State::pass(bool follow)
{
    bool any = takeDue();
    if (follow)
        any = followRunning() || any; // first: ended runs let waiting ones start
    any = startPending() || any;
    tidy();
    return any;
}

std::chrono::milliseconds Scheduler::State::sleepTime() const
{
    const std::optional<UtcTime> next =
        context.database.read([&](db::Transaction& tx) { return db::ScheduleRepository{}.nextDueAt(tx); });
    if (!next)
        return kLongestSleep;
    return std::clamp(std::chrono::milliseconds{*next - context.clock.now()}, std::chrono::milliseconds{20},
                      kLongestSleep);
}

platform::Loop::Pause Scheduler::State::run()
{
    const Steady::time_point began = Steady::now();
    const bool follow = began >= followAt;
    pass(follow);
    if (follow) // following thousands of runs takes a tenth of the time at most
        followAt = Steady::now() + std::max<Steady::duration>(1s, 10 * (Steady::now() - began));
    return platform::Loop::Pause::upTo(sleepTime());
}

Scheduler::Scheduler(BaseContext context, RolloutStarter& starter)
    : state_(std::make_unique<State>(context, starter))
{}

Scheduler::~Scheduler()
{
    stop();
}

void Scheduler::start()
{
    state_->loop.start();
}

void Scheduler::stop()
{
    state_->loop.stop();
}

bool Scheduler::runOnce()
{
    return state_->pass(true);
}

void Scheduler::wake()
{
    state_->loop.wake();
}

} // namespace bm::conductor::fleet
