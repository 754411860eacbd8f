#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// wire::StartRescueArguments -> wire::StartRescueResult (common/wire/steps/start_rescue.h). dropbear lets
/// root in by these alone; the agent goes on.
model::JsonText startRescueStep(const StepContext& context);

} // namespace bm::agent
