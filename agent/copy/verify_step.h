#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// wire::VerifyDiskArguments -> wire::VerifyDiskResult (common/wire/steps/verify_disk.h). The disk is only
/// read.
model::JsonText verifyDiskStep(const StepContext& context);

} // namespace bm::agent
