#pragma once
#include "common/model/rollout.h"
#include "conductor/core/context.h"
#include "conductor/fleet/selection/selection.h"

#include <map>
#include <string>

namespace bm::conductor::fleet {

/// What all nodes of a plan are judged by.
struct PlanCriteria {
    const RolloutRequest& request;
    const model::Image& image;
    const std::map<std::string, std::string>& taken; ///< node uuid to the open rollout that has it
    model::UtcTime now;
};

/// Fills verdict, reasonCode, reason and hint of @p row: write, skip (it is as wanted) or refuse.
void judge(db::Transaction& tx, const Context& context, const PlanCriteria& by, const Selected& selected,
           model::RolloutNode& row);

} // namespace bm::conductor::fleet
