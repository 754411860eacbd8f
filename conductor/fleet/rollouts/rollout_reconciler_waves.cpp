// The part of the reconciler that begins, pauses and ends: waves, limits, the failure budget.
#include "common/platform/secrets.h"
#include "common/wire/json/json_reader.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/nodes.h"
#include "conductor/fleet/rollouts/rollout_events.h"
#include "conductor/fleet/rollouts/rollout_reconciler.h"
#include "conductor/images/image_by_url.h"
#include "conductor/images/image_reference.h"
#include "conductor/operations/operations.h"
#include "db/engine/savepoint.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::conductor::fleet {

using model::Error;
using model::ErrorCode;
using model::RolloutNode;
using model::RolloutState;
using State = model::RolloutNodeState;

namespace {

constexpr std::size_t kMostChecked = 5000;   // pending nodes checked for one with room
constexpr std::size_t kMostBegunAtOnce = 64; // in one transaction, so that the writer stays free for others
constexpr std::chrono::seconds kBusyAgain{5};

model::EventKind endEventOf(RolloutState ended)
{
    if (ended == RolloutState::Aborted)
        return model::EventKind::RolloutAborted;
    return ended == RolloutState::Failed ? model::EventKind::RolloutFailed : model::EventKind::RolloutDone;
}

/// The id of the catalogue's image on @p node; "" without one, or when the node's project, whose users write
/// instance_info, may not use it.
std::string imageOn(db::Transaction& tx, const model::Node& node)
{
    if (node.state != model::State::Active)
        return {};
    const std::string name = carriedImage(wire::valueOf(node.instanceInfo));
    const std::optional<model::Image> image =
        db::ImageRepository{}.findByName(tx, name); // no tag: it may have moved
    return image && accessTo(*image, partyOf(node)) != ImageAccess::None ? image->id.uuid : std::string{};
}

bool takesPlace(State state)
{
    return state != State::Retrying && !model::hasEnded(state) && state != State::Pending;
}

} // namespace

bool RolloutReconciler::keepToBudget()
{
    const model::RolloutCounts counts = rows_.counts(tx_, rollout_.id);
    const bool canaries = request_.canary > 0 && rollout_.wave == 0;
    const std::int64_t allowed = canaries ? 0 : request_.maxFail.of(rows_.toWrite(tx_, rollout_.id));
    const std::int64_t fresh = counts.failed - rollout_.acceptedFailures;
    if (rollout_.state != RolloutState::Running)
        return false;
    if (fresh <= allowed || counts.pending + counts.working == 0)
        return true;
    pauseFor(canaries ? fmt::format("a canary failed ({} of {} nodes)", counts.failed, counts.total)
                      : fmt::format("{} nodes failed, {} may", fresh, allowed),
             fmt::format("bm rollout show {0}; then bm rollout retry, resume or abort {0}", rollout_.name));
    return false;
}

void RolloutReconciler::pauseFor(const std::string& reason, const std::string& hint)
{
    rollout_.state = RolloutState::Paused;
    rollout_.reason = reason;
    rollout_.hint = hint;
    rolloutChanged_ = true;
    recordRolloutEvent(tx_, now_, rollout_, model::EventKind::RolloutPaused, reason);
}

void RolloutReconciler::openNextWave()
{
    const std::int32_t last = rows_.lastWave(tx_, rollout_.id);
    while (rollout_.wave < last && rows_.unfinishedUpTo(tx_, rollout_.id, rollout_.wave) == 0) {
        ++rollout_.wave;
        rolloutChanged_ = true;
        recordRolloutEvent(tx_, now_, rollout_, model::EventKind::RolloutWave,
                           fmt::format("wave {} of {} begins", rollout_.wave + 1, last + 1));
    }
}

void RolloutReconciler::skipWaiting()
{
    for (const State waiting : {State::Pending, State::Retrying})
        if (rows_.moveAll(tx_, rollout_.id, waiting, State::Skipped, "deadline-exceeded",
                          "the window ended before the node's deployment began", now_) > 0)
            changed_ = true;
}

/// Pending nodes in their order, retries first.
std::vector<RolloutNode> RolloutReconciler::waitingNodes()
{
    std::vector<RolloutNode> waiting;
    std::ranges::copy_if(atWork_, std::back_inserter(waiting),
                         [](const RolloutNode& node) { return node.state == State::Retrying; });
    std::ranges::move(rows_.pending(tx_, rollout_.id, rollout_.wave, kMostChecked),
                      std::back_inserter(waiting));
    return waiting;
}

void RolloutReconciler::beginPending()
{
    if (windowIsOver())
        return skipWaiting();
    std::map<std::string, std::size_t> perRack;
    std::size_t working = 0;
    for (const RolloutNode& node : atWork_)
        if (takesPlace(node.state)) {
            ++working;
            ++perRack[node.rack];
        }
    const std::size_t most =
        request_.maxParallel > 0 ? request_.maxParallel : context_.settings.maxConcurrentDeploys;
    std::size_t begun = 0;
    std::vector<RolloutNode> waiting = waitingNodes();
    for (RolloutNode& node : waiting) {
        if (working >= most || begun == kMostBegunAtOnce)
            return;
        std::size_t& inRack = perRack[node.rack];
        if (node.runAt > now_ ||
            (request_.maxPerRack > 0 && !node.rack.empty() && inRack >= request_.maxPerRack))
            continue;
        begin(node);
        ++begun;
        if (takesPlace(node.state)) {
            ++working;
            ++inRack;
        }
    }
}

void RolloutReconciler::begin(RolloutNode& node)
{
    const std::optional<model::Node> stored = db::NodeRepository{}.find(tx_, node.node);
    if (!stored)
        return end(node, State::Skipped, {"not-found", "the node was deleted", ""});
    if (stored->isProtected)
        return end(node, State::Skipped,
                   {"node-protected", "the node was protected meanwhile",
                    "bm node set " + node.nodeName + " protected=false"});
    if (request_.drain.set() && !node.drained && stored->state == model::State::Active) {
        node.gateDeadline = now_ + request_.drain.deadline;
        node.runAt = now_;
        node.startedAt = node.startedAt ? node.startedAt : now_;
        return move(node, State::Draining);
    }
    if (node.attempts == 0)
        node.previousImage = imageOn(tx_, *stored);
    try {
        order(node, deployOf(node));
        node.reasonCode.clear();
        node.reason.clear();
        node.hint.clear();
        move(node, State::Working);
    } catch (const Error& error) {
        const Failure failure{std::string(model::toText(error.code())), error.what(), error.hint()};
        if (error.code() == ErrorCode::NodeLocked) { // the node runs another operation, which will end
            node.runAt = now_ + kBusyAgain;
            node.reason = "waits: " + failure.text;
            return rows_.updateNode(tx_, node);
        }
        const bool unwanted = error.code() == ErrorCode::Conflict || error.code() == ErrorCode::NodeProtected;
        end(node, unwanted ? State::Skipped : State::Failed, failure);
    }
}

void RolloutReconciler::order(RolloutNode& node, const DeployRequest& deploy)
{
    const std::string actor = rollout_.actor + " (rollout " + rollout_.name + ")";
    node.operation = db::withSavepoint(tx_, [&] {
        return Operations::provisionWithin(tx_, context_, node.node.uuid, deploy, actor, rollout_.id);
    });
    node.attempts += 1;
    node.startedAt = node.startedAt ? node.startedAt : now_;
}

DeployRequest RolloutReconciler::deployOf(RolloutNode& node) const
{
    DeployRequest deploy = request_.deploy;
    deploy.image = rollout_.image.uuid;
    if (request_.health.kind != HealthKind::PhoneHome)
        return deploy;
    const std::string token = platform::randomHex(24);
    node.phoneHomeHash = platform::sha256Hex(token);
    node.phonedHomeAt.reset();
    const std::string url = context_.settings.baseUrl + "/v1/phone-home/" + token;
    wire::ConfigDriveParts parts = deploy.parts.value_or(wire::ConfigDriveParts{});
    nlohmann::json meta =
        wire::parseObject(parts.metaDataJson.empty() ? "{}" : parts.metaDataJson, "meta_data");
    meta["phone_home_url"] = url;
    parts.metaDataJson = meta.dump();
    if (parts.vendorDataJson.empty()) // cloud-init posts to this URL when it is done
        parts.vendorDataJson = nlohmann::json{{"cloud-init", "#cloud-config\nphone_home:\n  url: " + url +
                                                                 "\n  post: []\n  tries: 10\n"}}
                                   .dump();
    deploy.parts = parts;
    return deploy;
}

void RolloutReconciler::stopAll()
{
    changed_ =
        rows_.moveAll(tx_, rollout_.id, State::Pending, State::Aborted, "aborted", "not begun", now_) > 0 ||
        changed_;
    for (RolloutNode& node : atWork_) {
        if (model::hasEnded(node.state))
            continue;
        const auto found = operations_.find(node.node.uuid);
        const bool working = (node.state == State::Working || node.state == State::Restoring) &&
                             found != operations_.end() && !found->second.finishedAt;
        if (!working)
            end(node, State::Aborted,
                {"aborted", "aborted while " + std::string(model::toText(node.state)), ""});
        else if (!found->second.abortRequested)
            Operations::abortWithin(tx_, context_, node.node,
                                    rollout_.actor + " (rollout " + rollout_.name + ")");
    }
}

void RolloutReconciler::finishIfOver()
{
    const model::RolloutCounts counts = rows_.counts(tx_, rollout_.id);
    if (counts.pending + counts.working > 0)
        return;
    if (rollout_.state == RolloutState::Aborting)
        rollout_.state = RolloutState::Aborted;
    else
        rollout_.state = counts.failed > 0 ? RolloutState::Failed : RolloutState::Done;
    if (rollout_.state == RolloutState::Failed)
        rollout_.reason = fmt::format("{} of {} nodes failed", counts.failed, counts.total);
    rollout_.finishedAt = now_;
    rolloutChanged_ = true;
    recordRolloutEvent(tx_, now_, rollout_, endEventOf(rollout_.state),
                       fmt::format("{} done, {} failed, {} skipped, {} aborted", counts.done, counts.failed,
                                   counts.skipped, counts.aborted));
}

} // namespace bm::conductor::fleet
