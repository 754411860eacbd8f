#pragma once
#include "conductor/fleet/rollouts/rollouts.h"

namespace bm::conductor::fleet {

/// The median duration of the last @p most deployments in milliseconds: of @p image or, when it is empty, of
/// any image; nothing without deployments.
std::optional<std::int64_t> medianMillis(db::Transaction& tx, const model::ImageId& image, std::size_t most);

/// Counts, bytes and remaining time, from the progress of its operations and the durations of earlier
/// deployments.
RolloutProgress progressOf(db::Transaction& tx, const Context& context, const model::Rollout& rollout,
                           const RolloutRequest& request);
/// Its nodes, each with its current step.
std::vector<RolloutNodeView> viewsOf(db::Transaction& tx, model::UtcTime now, const model::Rollout& rollout);

} // namespace bm::conductor::fleet
