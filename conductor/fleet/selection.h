#pragma once
#include "conductor/fleet/rollout_request.h"

#include <map>
#include <string>
#include <vector>

namespace bm::conductor::fleet {

/// A selected node with what the plan judges by.
struct Selected {
    model::Node node;
    std::optional<model::UtcTime> lastDeployed;
};

/// The nodes that @p request means, unordered.
/// @throws Error NotFound (a named node), InvalidInput (the conditions match nothing, or the whole fleet
/// without `all`)
std::vector<Selected> selectNodes(db::Transaction& tx, model::UtcTime now, const RolloutRequest& request);

} // namespace bm::conductor::fleet
