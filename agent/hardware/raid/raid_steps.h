#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// wire::RaidCreateArguments -> wire::RaidCreateResult (common/wire/steps/raid.h)
model::JsonText raidCreateConfiguration(const StepContext& context);
/// No arguments -> wire::RaidDeleteResult
model::JsonText raidDeleteConfiguration(const StepContext& context);

} // namespace bm::agent
