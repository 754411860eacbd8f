#pragma once
#include "conductor/steps/step_work.h"

#include <string>

namespace bm::conductor {

/// The handler of the row @p name. A step of the agent without a handler of its own waits for its report.
/// @throws Error Internal when there is none (a newer bmd's step)
StepHandler handlerOf(const std::string& name);

} // namespace bm::conductor
