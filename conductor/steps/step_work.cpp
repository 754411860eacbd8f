#include "conductor/steps/step_work.h"

namespace bm::conductor {

void StepWork::recordEvent(model::EventKind kind, std::string message, std::string detailsJson)
{
    model::NodeEvent event;
    event.node = node.id;
    event.at = context.clock.now();
    event.kind = model::toText(kind);
    event.message = std::move(message);
    event.details.text = std::move(detailsJson);
    event.operation = operation.id;
    events.push_back(std::move(event));
}

} // namespace bm::conductor
