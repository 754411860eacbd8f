#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// wire::WriteTreeArguments -> wire::WriteTreeResult (common/wire/steps/write_tree.h)
model::JsonText writeTreeStep(const StepContext& context);

} // namespace bm::agent
