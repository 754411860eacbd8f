#include "conductor/fleet/rollouts/rollout_controller.h"

#include "common/platform/guarded.h"
#include "common/platform/log.h"
#include "common/platform/loop.h"
#include "common/platform/work_queue.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/seal_places.h"
#include "conductor/fleet/rollouts/gates.h"
#include "conductor/fleet/rollouts/rollout_events.h"
#include "conductor/fleet/rollouts/rollout_progress.h"
#include "conductor/fleet/rollouts/rollout_reconciler.h"
#include "db/repositories/rollout_repository.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <thread>

namespace bm::conductor::fleet {

using model::Rollout;

RolloutRequest storedRequest(const Context& context, const Rollout& rollout)
{
    nlohmann::json body = wire::valueOf(rollout.request);
    const std::string sealed = wire::textMember(body, "deploy_sealed");
    body.erase("deploy_sealed");
    if (!sealed.empty())
        body["deploy"] =
            nlohmann::json::parse(context.secrets.open(rolloutDeployPlace(rollout.id), {sealed}));
    return rolloutRequestFrom(body.dump());
}

struct RolloutController::State {
    State(Context given, platform::Exec& program, RolloutSettings wanted)
        : context(std::move(given)), exec(program), settings(std::move(wanted))
    {}

    Context context;
    platform::Exec& exec;
    RolloutSettings settings;
    platform::WorkQueue<GateQuestion> questions;
    platform::Guarded<std::set<std::string>> callsInProgress; ///< rows with a gate call in progress
    std::map<std::string, std::pair<std::string, RolloutRequest>>
        requests; ///< by rollout uuid, with the stored text
    std::map<std::string, model::UtcTime> progressRecorded;
    std::vector<std::jthread> gateWorkers;
    platform::Loop poller{"rollout", [this](const std::stop_token&) { return poll(); }};

    platform::Reach reachOf(const GateQuestion& question) const
    {
        return {settings.outgoing, question.asker};
    }
    const RolloutRequest& requestOf(const Rollout& rollout);
    bool reconcile(const Rollout& rollout, std::vector<GateQuestion>& due);
    void recordProgress(const Rollout& rollout);
    void answer(const GateQuestion& question, const GateAnswer& answer);
    void enqueue(std::vector<GateQuestion> due);
    platform::Loop::Pause poll();
    void ask(const std::stop_token& stop);
    bool runOnce(std::vector<GateQuestion>& due);
};

namespace {

struct Reconciled {
    bool changed = false;
    std::vector<GateQuestion> questions{};
};

} // namespace

const RolloutRequest& RolloutController::State::requestOf(const Rollout& rollout)
{
    auto& entry = requests[rollout.id.uuid];
    if (entry.first != rollout.request.text)
        entry = {rollout.request.text, storedRequest(context, rollout)};
    return entry.second;
}

bool RolloutController::State::reconcile(const Rollout& rollout, std::vector<GateQuestion>& due)
{
    const RolloutRequest& request = requestOf(rollout);
    Reconciled done = context.database.write([&](db::Transaction& tx) -> Reconciled {
        const std::optional<Rollout> stored = db::RolloutRepository{}.find(tx, rollout.id);
        if (!stored || !model::isOpen(stored->state))
            return {};
        RolloutReconciler tick(tx, context, request, *stored);
        const bool moved = tick.run();
        return {moved, std::move(tick.questions)};
    });
    std::ranges::move(done.questions, std::back_inserter(due));
    recordProgress(rollout);
    return done.changed;
}

void RolloutController::State::recordProgress(const Rollout& rollout)
{
    const model::UtcTime now = context.clock.now();
    model::UtcTime& recordedAt = progressRecorded[rollout.id.uuid];
    if (now - recordedAt < settings.progressEvery)
        return;
    recordedAt = now;
    const RolloutRequest& request = requestOf(rollout);
    context.database.write([&](db::Transaction& tx) {
        const std::optional<Rollout> stored = db::RolloutRepository{}.find(tx, rollout.id);
        if (!stored || stored->state != model::RolloutState::Running)
            return;
        const RolloutProgress progress = progressOf(tx, context, *stored, request);
        const model::RolloutCounts& counts = progress.counts;
        nlohmann::json details = {{"total", counts.total},
                                  {"pending", counts.pending},
                                  {"working", counts.working},
                                  {"done", counts.done},
                                  {"failed", counts.failed},
                                  {"skipped", counts.skipped},
                                  {"bytes_done", progress.bytesDone},
                                  {"bytes_total", progress.bytesTotal}};
        if (progress.secondsLeft)
            details["seconds_left"] = *progress.secondsLeft;
        recordRolloutEvent(tx, now, *stored, model::EventKind::RolloutProgress,
                           std::to_string(counts.done) + " of " + std::to_string(counts.total) + " done",
                           details.dump());
    });
}

void RolloutController::State::answer(const GateQuestion& question, const GateAnswer& answer)
{
    context.database.write([&](db::Transaction& tx) {
        const db::RolloutRepository rollouts;
        const std::optional<model::RolloutNode> row = rollouts.findNode(tx, question.rowUuid);
        const std::optional<Rollout> rollout = row ? rollouts.find(tx, row->rollout) : std::nullopt;
        if (!rollout || !model::isOpen(rollout->state))
            return;
        const RolloutRequest request = storedRequest(context, *rollout);
        RolloutReconciler(tx, context, request, *rollout).answerGate(question, answer);
    });
}

bool RolloutController::State::runOnce(std::vector<GateQuestion>& due)
{
    bool changed = false;
    const std::vector<Rollout> open =
        context.database.read([](db::Transaction& tx) { return db::RolloutRepository{}.open(tx); });
    for (const Rollout& rollout : open) {
        try {
            changed = reconcile(rollout, due) || changed;
        } catch (const std::exception& failure) {
            platform::logError("rollout", "{}: {}", rollout.name, failure.what());
        }
    }
    if (open.empty()) {
        requests.clear();
        progressRecorded.clear();
    }
    return changed;
}

void RolloutController::State::enqueue(std::vector<GateQuestion> due)
{
    for (GateQuestion& question : due)
        if (callsInProgress.lock()->insert(question.rowUuid).second)
            questions.push(std::move(question));
}

platform::Loop::Pause RolloutController::State::poll()
{
    std::vector<GateQuestion> due;
    const bool changed = runOnce(due);
    enqueue(std::move(due));
    return platform::Loop::Pause::upTo(changed ? settings.pollInterval / 5 : settings.pollInterval);
}

void RolloutController::State::ask(const std::stop_token& stop)
{
    while (const std::optional<GateQuestion> question = questions.take(stop)) {
        try {
            answer(*question, askGate(*question, reachOf(*question), exec, settings.gatesFolder, stop));
        } catch (const std::exception& failure) {
            platform::logError("rollout", "gate of {}: {}", question->node, failure.what());
        }
        callsInProgress.lock()->erase(question->rowUuid);
        poller.wake();
    }
}

RolloutController::RolloutController(Context context, platform::Exec& exec, RolloutSettings settings)
    : state_(std::make_unique<State>(std::move(context), exec, std::move(settings)))
{}

RolloutController::~RolloutController()
{
    stop();
}

void RolloutController::start()
{
    for (int i = 0; i < state_->settings.gateThreads; ++i)
        state_->gateWorkers.emplace_back([this](const std::stop_token& stop) { state_->ask(stop); });
    state_->poller.start();
}

void RolloutController::stop()
{
    state_->poller.stop();
    for (std::jthread& worker : state_->gateWorkers)
        worker.request_stop();
    state_->gateWorkers.clear();
}

bool RolloutController::runOnce()
{
    std::vector<GateQuestion> due;
    bool changed = state_->runOnce(due);
    for (const GateQuestion& question : due) {
        state_->answer(question, askGate(question, state_->reachOf(question), state_->exec,
                                         state_->settings.gatesFolder, {}));
        changed = true;
    }
    return changed;
}

void RolloutController::wake()
{
    state_->poller.wake();
}

} // namespace bm::conductor::fleet
