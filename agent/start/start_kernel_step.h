#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// wire::StartKernelArguments -> wire::StartKernelResult (common/wire/steps/start_kernel.h). Loads the
/// deployed kernel; the agent starts it after the server has the report. A kernel that does not load is no
/// error, because the firmware can start the machine.
model::JsonText startKernelStep(const StepContext& context);

} // namespace bm::agent
