#pragma once
#include "common/model/fleet/rollout.h"
#include "conductor/core/context.h"
#include "conductor/fleet/selection/rollout_request.h"

#include <string>
#include <vector>

namespace bm::conductor::fleet {

/// The plan of a rollout: the verdict on each selected node. Stores nothing.
struct Plan {
    model::Image image;
    std::vector<model::RolloutNode> nodes; ///< in their order; those to be written have their wave
    std::string fingerprint;               ///< of image, nodes and verdicts
};

/// Part of the caller's transaction.
/// @param own  the rollout of the plan; its nodes do not count as taken
/// @throws Error NotFound (image, a named node), Conflict (image not ready, too few for count), InvalidInput
/// (nothing or everything matches)
Plan makePlan(db::Transaction& tx, const Context& context, const RolloutRequest& request);

} // namespace bm::conductor::fleet
