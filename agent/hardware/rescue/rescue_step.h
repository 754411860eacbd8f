#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// wire::StartRescueArguments -> wire::StartRescueResult (common/wire/steps/start_rescue.h). dropbear accepts
/// these credentials only; the agent continues.
model::JsonText startRescueStep(const StepContext& context);

} // namespace bm::agent
