#pragma once
#include "conductor/fleet/rollouts.h"

namespace bm::conductor::fleet {

/// Counts, bytes and the time left, from what its operations say now and from earlier deployments' times.
RolloutProgress progressOf(db::Transaction& tx, const Context& context, const model::Rollout& rollout,
                           const RolloutRequest& request);
/// Its nodes with the step that each is at.
std::vector<RolloutNodeView> viewsOf(db::Transaction& tx, model::UtcTime now, const model::Rollout& rollout);

} // namespace bm::conductor::fleet
