#include "conductor/fleet/rollouts/rollout_progress.h"

#include "db/repositories/rollout_repository.h"

#include <algorithm>

namespace bm::conductor::fleet {

namespace {

constexpr std::size_t kHistory = 200;

std::optional<std::int64_t> secondsLeft(db::Transaction& tx, const Context& context,
                                        const model::Rollout& rollout, const RolloutRequest& request)
{
    if (rollout.finishedAt)
        return 0;
    std::optional<std::int64_t> median = medianMillis(tx, rollout.image, kHistory);
    if (!median)
        median = medianMillis(tx, {}, kHistory);
    if (!median)
        return std::nullopt;
    const auto most = static_cast<std::int64_t>(
        request.maxParallel > 0 ? request.maxParallel : context.settings.maxConcurrentDeploys);
    std::int64_t rounds = 0;
    for (const auto& [wave, nodes] : db::RolloutRepository{}.unfinishedByWave(tx, rollout.id))
        rounds += (nodes + most - 1) / std::max<std::int64_t>(most, 1);
    return (rounds * *median + 999) / 1000;
}

/// Bytes sent to one node so far, from the share of its disk that is written.
std::uint64_t bytesOf(const db::RolloutRepository::RunningStep& step, std::uint64_t perNode)
{
    if (step.bytesTotal <= 0)
        return 0;
    return static_cast<std::uint64_t>(
        static_cast<double>(perNode) *
        std::min(1.0, static_cast<double>(step.bytesDone) / static_cast<double>(step.bytesTotal)));
}

} // namespace

std::optional<std::int64_t> medianMillis(db::Transaction& tx, const model::ImageId& image, std::size_t most)
{
    std::vector<std::int64_t> durations = db::DeployHistory{}.durations(tx, image, most);
    if (durations.empty())
        return std::nullopt;
    const auto middle = durations.begin() + static_cast<std::ptrdiff_t>(durations.size() / 2);
    std::nth_element(durations.begin(), middle, durations.end());
    return *middle;
}

RolloutProgress progressOf(db::Transaction& tx, const Context& context, const model::Rollout& rollout,
                           const RolloutRequest& request)
{
    const db::RolloutRepository rollouts;
    RolloutProgress progress;
    progress.counts = rollouts.counts(tx, rollout.id);
    const std::optional<model::Image> image = db::ImageRepository{}.find(tx, rollout.image);
    const std::uint64_t perNode = image ? image->storedBytes : 0;
    const auto writes = static_cast<std::uint64_t>(rollouts.toWrite(tx, rollout.id));
    progress.bytesTotal = perNode * writes;
    progress.bytesDone = perNode * static_cast<std::uint64_t>(progress.counts.done);
    for (const auto& [node, step] : rollouts.runningSteps(tx, rollout.id))
        progress.bytesDone += bytesOf(step, perNode);
    progress.bytesDone = std::min(progress.bytesDone, progress.bytesTotal);
    progress.secondsLeft = secondsLeft(tx, context, rollout, request);
    return progress;
}

std::vector<RolloutNodeView> viewsOf(db::Transaction& tx, model::UtcTime now, const model::Rollout& rollout)
{
    const db::RolloutRepository rollouts;
    const auto steps = rollouts.runningSteps(tx, rollout.id);
    std::vector<RolloutNodeView> views;
    for (model::RolloutNode& node : rollouts.nodes(tx, rollout.id)) {
        RolloutNodeView& view = views.emplace_back();
        const auto found = steps.find(node.node.uuid);
        view.node = std::move(node);
        if (found == steps.end() || model::hasEnded(view.node.state))
            continue;
        view.step = found->second.name;
        view.bytesDone = found->second.bytesDone;
        view.bytesTotal = found->second.bytesTotal;
        if (view.bytesDone > 0 && view.bytesTotal >= view.bytesDone && found->second.startedAt) {
            const std::int64_t spent = (now - *found->second.startedAt).count();
            view.secondsLeft = spent * (view.bytesTotal - view.bytesDone) / view.bytesDone / 1000;
        }
    }
    return views;
}

} // namespace bm::conductor::fleet
