#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// All three -> wire::EraseDevicesResult (common/wire/steps/erase_devices.h). When a disk fails, the step
/// fails after the other disks are done.

/// No arguments.
model::JsonText eraseDevicesMetadata(const StepContext& context);
/// No arguments. Several disks at a time.
model::JsonText eraseDevicesExpress(const StepContext& context);
/// wire::EraseDevicesArguments
model::JsonText eraseDevices(const StepContext& context);

} // namespace bm::agent
