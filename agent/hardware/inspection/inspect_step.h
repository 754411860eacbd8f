#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// wire::InspectArguments -> wire::InspectResult (common/wire/steps/inspect.h). All NICs are up while it
/// listens for LLDP; "lldp" and "lldp_neighbor" hold the switch's frame.
model::JsonText inspectStep(const StepContext& context);

} // namespace bm::agent
