#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// Their arguments and results: common/wire/steps/burnin.h.

/// wire::BurnInCpuArguments -> wire::BurnInCpuResult
model::JsonText burnInCpuStep(const StepContext& context);
/// wire::BurnInMemoryArguments -> wire::BurnInMemoryResult
model::JsonText burnInMemoryStep(const StepContext& context);
/// wire::BurnInDiskArguments -> wire::BurnInDiskResult
model::JsonText burnInDiskStep(const StepContext& context);

} // namespace bm::agent
