#pragma once
#include "conductor/fleet/rollouts/rollouts.h"

namespace bm::conductor::fleet {

/// How long the middle one of the last @p most deployments took, in milliseconds: of @p image or, where that
/// is empty, of any; nothing when there was none.
std::optional<std::int64_t> medianMillis(db::Transaction& tx, const model::ImageId& image, std::size_t most);

/// Counts, bytes and the time left, from what its operations say now and from earlier deployments' times.
RolloutProgress progressOf(db::Transaction& tx, const Context& context, const model::Rollout& rollout,
                           const RolloutRequest& request);
/// Its nodes with the step that each is at.
std::vector<RolloutNodeView> viewsOf(db::Transaction& tx, model::UtcTime now, const model::Rollout& rollout);

} // namespace bm::conductor::fleet
