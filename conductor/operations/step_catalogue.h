#pragma once
#include "common/model/node.h"
#include "common/model/step_kinds.h"
#include "conductor/core/context.h"

#include <nlohmann/json_fwd.hpp>

namespace bm::conductor {

/// Checks that @p node can do @p steps ([{"interface", "step", "args"}]) in @p use; with @p ramdisk false it
/// refuses in-band ones.
/// @throws Error InvalidInput naming the step, in Ironic's words, with the supported steps
void checkSteps(const Context& context, const model::Node& node, const nlohmann::json& steps,
                model::StepUse use, bool ramdisk = true);

} // namespace bm::conductor
