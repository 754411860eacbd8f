#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// wire::CaptureDiskArguments -> wire::CaptureDiskResult (common/wire/steps/capture_disk.h). The disk is only
/// read.
model::JsonText captureDiskStep(const StepContext& context);

} // namespace bm::agent
