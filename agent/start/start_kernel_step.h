#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// start_kernel {root_device, root_device_policy, remembered} -> {loaded, why, kernel, initrds, arguments}.
/// Loads the deployed kernel; once the server knows, the agent leaves for it. What keeps it from that is in
/// "why": the machine can always be started by its firmware.
model::JsonText startKernelStep(const StepContext& context);

} // namespace bm::agent
