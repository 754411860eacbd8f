#include "conductor/steps/step_work.h"

#include "conductor/core/nodes.h"

namespace bm::conductor {

void StepWork::recordEvent(model::EventKind kind, std::string message, std::string detailsJson)
{
    events.push_back(
        makeEvent(context.clock.now(), node.id, kind, std::move(message), std::move(detailsJson)));
    events.back().operation = operation.id;
}

} // namespace bm::conductor
