#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// inspect {lldp_seconds: 0} -> {inventory} in the shape of Ironic's agent
/// (agent/hardware/inspection/inspection.h); with lldp_seconds every NIC is taken up and listened to so long,
/// and "lldp" and "lldp_neighbor" are what its switch said.
model::JsonText inspectStep(const StepContext& context);

} // namespace bm::agent
