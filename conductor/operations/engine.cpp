#include "conductor/operations/engine.h"

#include "common/platform/guarded.h"
#include "common/platform/log.h"
#include "common/platform/loop.h"
#include "common/platform/work_queue.h"
#include "conductor/core/due_operations.h"
#include "conductor/core/nodes.h"
#include "conductor/operations/step_runner.h"

#include <set>
#include <thread>
#include <vector>

namespace bm::conductor {

using model::OperationId;
using model::OperationKind;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kBatch = 500;
constexpr std::chrono::milliseconds kLongestSleep{1000};

} // namespace

struct Engine::State {
    State(Context given, std::string boot)
        : context(std::move(given)), bootId(std::move(boot)), runner(context, bootId, context.clock.now())
    {}

    Context context;
    std::string bootId;
    StepRunner runner;
    platform::Guarded<std::set<OperationId>> inFlight; ///< queued, or with a worker
    platform::WorkQueue<OperationId> queue;
    std::vector<std::jthread> workers;
    platform::Loop scheduler{"conductor", [this](const std::stop_token&) {
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
};

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
        if (step.state != model::StepState::Running)
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

void Engine::wake()
{
    state_->scheduler.wake();
}

} // namespace bm::conductor
