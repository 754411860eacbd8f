#pragma once
#include "common/model/rollout.h"
#include "conductor/core/context.h"
#include "conductor/fleet/selection/rollout_request.h"

#include <string>
#include <vector>

namespace bm::conductor::fleet {

/// What a rollout would do to each selected node. Nothing is stored.
struct Plan {
    model::Image image;
    std::vector<model::RolloutNode> nodes; ///< in their order; those to be written have their wave
    std::string fingerprint;               ///< of image, nodes and verdicts
};

/// Part of the caller's transaction, so that it can be stored with what it read. @p own: the plan's own
/// rollout, whose nodes are not taken by another.
/// @throws Error NotFound (image, a named node), Conflict (image not ready, too few for count), InvalidInput
/// (nothing or everything matches)
Plan makePlan(db::Transaction& tx, const Context& context, const RolloutRequest& request);

} // namespace bm::conductor::fleet
