#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// wire::InspectArguments -> wire::InspectResult (common/wire/steps/inspect.h). While it listens for LLDP
/// every NIC is up; "lldp" and "lldp_neighbor" are what its switch sent.
model::JsonText inspectStep(const StepContext& context);

} // namespace bm::agent
