#pragma once
#include "conductor/steps/step_work.h"

#include <string>

namespace bm::conductor {

/// The handler of @p name. @throws Error Internal when there is none (a newer bmd's step)
StepHandler handlerOf(const std::string& name);
/// Steps that the agent does: their Waiting rows are handed out by AgentDesk.
bool isAgentStep(const std::string& name);

} // namespace bm::conductor
