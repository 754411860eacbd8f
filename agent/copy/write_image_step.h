#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// wire::WriteImageArguments -> wire::WriteImageResult (common/wire/steps/write_image.h)
model::JsonText writeImageStep(const StepContext& context);

} // namespace bm::agent
