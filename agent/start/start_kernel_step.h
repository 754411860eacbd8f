#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// wire::StartKernelArguments -> wire::StartKernelResult (common/wire/steps/start_kernel.h). Loads the
/// deployed kernel; once the server has the report, the agent leaves for it. A kernel that does not load is
/// no error: the firmware can start the machine.
model::JsonText startKernelStep(const StepContext& context);

} // namespace bm::agent
