#include "conductor/fleet/rollouts/rollout_events.h"

namespace bm::conductor::fleet {

void recordRolloutEvent(db::Transaction& tx, model::UtcTime at, const model::Rollout& rollout,
                        model::EventKind kind, const std::string& message, const std::string& detailsJson,
                        const model::NodeId& node)
{
    model::NodeEvent event;
    event.node = node;
    event.at = at;
    event.kind = model::toText(kind);
    event.message = message;
    event.details.text = detailsJson;
    event.rollout = rollout.id;
    db::EventRepository{}.append(tx, event);
}

} // namespace bm::conductor::fleet
