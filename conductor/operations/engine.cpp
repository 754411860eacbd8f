#include "conductor/operations/engine.h"

#include "common/platform/guarded.h"
#include "common/platform/log.h"
#include "common/platform/loop.h"
#include "common/platform/work_queue.h"
#include "conductor/core/due_operations.h"
#include "conductor/core/nodes.h"
#include "conductor/operations/running_handlers.h"
#include "conductor/operations/step_runner.h"
#include "db/repositories/conductor_repository.h"

#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace bm::conductor {

using model::OperationId;
using model::OperationKind;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kBatch = 500;
constexpr std::size_t kMostHandlers = 1024; ///< the limit of conductor.step_threads
constexpr std::chrono::milliseconds kLongestSleep{1000};
constexpr std::chrono::milliseconds kBeatEvery{2000};
constexpr std::chrono::milliseconds kClockJump{2000}; ///< smaller differences are the pace of NTP

} // namespace

struct Engine::State {
    State(Context given, std::string boot)
        : context(std::move(given)), bootId(std::move(boot)),
          handlers(context.settings.handlersFile, kMostHandlers),
          runner(context, bootId, context.clock.now(), handlers)
    {}

    Context context;
    std::string bootId;
    RunningHandlers handlers;
    StepRunner runner;
    platform::Guarded<std::set<OperationId>> inFlight; ///< queued, or with a worker
    platform::WorkQueue<OperationId> queue;
    std::vector<std::jthread> workers;
    platform::Loop scheduler{"conductor", [this](const std::stop_token&) {
                                 noticeClock();
                                 beat();
                                 dispatch(findDue());
                                 return platform::Loop::Pause::upTo(untilNext());
                             }};

    std::vector<OperationId> findDue();
    void dispatch(const std::vector<OperationId>& due);
    void work(const std::stop_token& stop);
    std::size_t roomFor(db::Transaction& tx, OperationKind kind) const;
    std::chrono::milliseconds untilNext();
    void advance(const OperationId& id, const std::stop_token& stop);
    void putOff(const OperationId& id);
    void resume(db::Transaction& tx, const model::Operation& operation);
    void beat();
    void noticeClock();
    void skipDowntime(db::Transaction& tx);

    model::UtcTime lastBeat{};  ///< the scheduler's
    model::UtcTime lastClock{}; ///< the scheduler's, at lastSteady
    std::chrono::steady_clock::time_point lastSteady{};
};

/// Records that this conductor lives: an earlier process of it uses the latest one at its next start.
void Engine::State::beat()
{
    const model::UtcTime now = context.clock.now();
    if (now >= lastBeat && now - lastBeat < kBeatEvery)
        return;
    context.database.write([&](db::Transaction& tx) {
        db::ConductorRepository{}.beat(tx, context.settings.conductorName, bootId, now);
    });
    lastBeat = now;
}

/// The waits of operations do not count a jump of the system's clock, nor a suspension of the machine.
void Engine::State::noticeClock()
{
    const model::UtcTime now = context.clock.now();
    const auto steady = std::chrono::steady_clock::now();
    const model::UtcTime before = std::exchange(lastClock, now);
    const auto passed =
        std::chrono::ceil<std::chrono::milliseconds>(steady - std::exchange(lastSteady, steady));
    if (before == model::UtcTime{})
        return;
    const std::chrono::milliseconds jump = now - before - passed;
    if (jump > -kClockJump && jump < kClockJump)
        return;
    platform::logWarning("conductor", "the system's clock jumped by {} s: the waits of operations go with it",
                         jump.count() / 1000);
    runner.clockJumped(now);
    context.database.write([&](db::Transaction& tx) {
        db::ConductorRepository{}.shiftWaits(
            tx, {context.settings.conductorName, jump, now - passed - kClockJump, now});
    });
}

/// The waits of operations do not count the time since this conductor's latest beat.
void Engine::State::skipDowntime(db::Transaction& tx)
{
    const model::UtcTime now = context.clock.now();
    const std::string& name = context.settings.conductorName;
    if (const std::optional<model::UtcTime> alive = db::ConductorRepository{}.aliveAt(tx, name);
        alive && *alive != now)
        db::ConductorRepository{}.shiftWaits(tx, {name, now - *alive});
    db::ConductorRepository{}.beat(tx, name, bootId, now); // the next start counts from here
}

/// How many more operations of @p kind may begin.
std::size_t Engine::State::roomFor(db::Transaction& tx, OperationKind kind) const
{
    if (kind != OperationKind::Deploy && kind != OperationKind::Clean)
        return kBatch;
    const std::size_t limit = kind == OperationKind::Deploy ? context.settings.maxConcurrentDeploys
                                                            : context.settings.maxConcurrentCleans;
    const auto running = static_cast<std::size_t>(db::OperationRepository{}.countRunning(tx, kind));
    return limit > running ? std::min(kBatch, limit - running) : 0;
}

std::vector<OperationId> Engine::State::findDue()
{
    return context.database.read([&](db::Transaction& tx) {
        const db::OperationRepository operations;
        std::vector<OperationId> due = operations.due(tx, context.clock.now(), kBatch);
        for (std::size_t i = 0; i < model::kOperationKindCount; ++i) {
            const auto kind = static_cast<OperationKind>(i);
            if (const std::size_t room = roomFor(tx, kind); room > 0)
                for (const OperationId& id : operations.queued(tx, kind, room))
                    due.push_back(id);
        }
        return due;
    });
}

void Engine::State::dispatch(const std::vector<OperationId>& due)
{
    for (const OperationId& id : due)
        if (inFlight.lock()->insert(id).second)
            queue.push(id);
}

void Engine::State::advance(const OperationId& id, const std::stop_token& stop)
{
    try {
        constexpr int kStepsInARow = 64;
        for (int i = 0; i < kStepsInARow && !stop.stop_requested() && runner.advance(id, stop); ++i) {
        }
    } catch (const std::exception& failure) {
        platform::logError("conductor", "operation {}: {}", id.uuid, failure.what());
        putOff(id);
    }
}

/// Retry a failed operation after 10 s instead of busy-looping.
void Engine::State::putOff(const OperationId& id)
{
    try {
        context.database.write([&](db::Transaction& tx) {
            std::optional<model::Operation> operation = db::OperationRepository{}.find(tx, id);
            if (!operation || operation->finishedAt)
                return;
            operation->runAt = context.clock.now() + 10s;
            db::OperationRepository{}.update(tx, *operation);
        });
    } catch (const std::exception& failure) {
        platform::logError("conductor", "operation {}: cannot be postponed: {}", id.uuid, failure.what());
    }
}

void Engine::State::work(const std::stop_token& stop)
{
    while (const std::optional<OperationId> id = queue.take(stop)) {
        advance(*id, stop);
        inFlight.lock()->erase(*id);
        scheduler.wake();
    }
}

std::chrono::milliseconds Engine::State::untilNext()
{
    const std::optional<model::UtcTime> nextAt =
        context.database.read([&](db::Transaction& tx) { return db::OperationRepository{}.nextRunAt(tx); });
    if (!nextAt)
        return kLongestSleep;
    return std::clamp(std::chrono::milliseconds{*nextAt - context.clock.now()}, 20ms, kLongestSleep);
}

Engine::Engine(Context context, std::string bootId)
    : state_(std::make_unique<State>(std::move(context), std::move(bootId)))
{}

Engine::~Engine()
{
    stop();
}

/// Continues an operation that was running when bmd ended, from its stored step.
void Engine::State::resume(db::Transaction& tx, const model::Operation& operation)
{
    const db::OperationRepository operations;
    const model::UtcTime now = context.clock.now();
    db::LeaseRepository{}.take(tx, operation.node, context.settings.conductorName, bootId,
                               std::string(model::toText(operation.kind)), now);
    for (model::Step& step : operations.steps(tx, operation.id)) {
        if (step.state != model::StepState::Running || !handlers.crashed(step.id))
            continue;
        step.crashes += 1;
        operations.updateStep(tx, step);
    }
    makeDueNow(tx, context, operation.id);
    recordEvent(tx, now, operation.node, model::EventKind::OperationResumed,
                "bmd started again; it continues from the stored step", "{}", operation.id);
}

void Engine::recover()
{
    state_->context.database.write([&](db::Transaction& tx) {
        state_->skipDowntime(tx);
        for (const model::Operation& operation : db::OperationRepository{}.unfinished(tx))
            if (operation.state == model::OperationState::Running)
                state_->resume(tx, operation);
    });
}

void Engine::start()
{
    for (int i = 0; i < state_->context.settings.stepThreads; ++i)
        state_->workers.emplace_back([this](const std::stop_token& stop) { state_->work(stop); });
    state_->scheduler.start();
}

void Engine::stop()
{
    state_->scheduler.stop();
    for (std::jthread& worker : state_->workers)
        worker.request_stop();
    state_->workers.clear();
}

bool Engine::runOnce()
{
    const std::vector<OperationId> due = state_->findDue();
    for (const OperationId& id : due)
        state_->advance(id, {});
    return !due.empty();
}

void Engine::beat()
{
    state_->beat();
}

void Engine::wake()
{
    state_->scheduler.wake();
}

} // namespace bm::conductor
