#pragma once
#include "common/model/event_kinds.h"
#include "common/model/fleet/rollout.h"
#include "conductor/core/context.h"

#include <string>

namespace bm::conductor::fleet {

/// Appends an event of @p rollout, of one of its nodes where @p node is not empty.
void recordRolloutEvent(db::Transaction& tx, model::UtcTime at, const model::Rollout& rollout,
                        model::EventKind kind, const std::string& message,
                        const std::string& detailsJson = "{}", const model::NodeId& node = {});

} // namespace bm::conductor::fleet
