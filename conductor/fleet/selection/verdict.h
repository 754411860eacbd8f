#pragma once
#include "common/model/fleet/rollout.h"
#include "conductor/core/context.h"
#include "conductor/fleet/selection/selection.h"

#include <map>
#include <string>

namespace bm::conductor::fleet {

/// The criteria of a plan, the same for all its nodes.
struct PlanCriteria {
    const RolloutRequest& request;
    const model::Image& image;
    const std::map<std::string, std::string>& taken; ///< node uuid to the open rollout that has it
    model::UtcTime now;
};

/// Fills verdict, reasonCode, reason and hint of @p row: write, skip (the node has the image) or refuse.
void judge(db::Transaction& tx, const Context& context, const PlanCriteria& by, const Selected& selected,
           model::RolloutNode& row);

} // namespace bm::conductor::fleet
