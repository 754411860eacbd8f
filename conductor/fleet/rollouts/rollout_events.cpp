#include "conductor/fleet/rollouts/rollout_events.h"

#include "conductor/core/nodes.h"

namespace bm::conductor::fleet {

void recordRolloutEvent(db::Transaction& tx, model::UtcTime at, const model::Rollout& rollout,
                        model::EventKind kind, const std::string& message, const std::string& detailsJson,
                        const model::NodeId& node)
{
    model::NodeEvent event = makeEvent(at, node, kind, message, detailsJson);
    event.rollout = rollout.id;
    db::EventRepository{}.append(tx, event);
}

} // namespace bm::conductor::fleet
