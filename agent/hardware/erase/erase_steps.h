#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// All three -> wire::EraseDevicesResult (common/wire/steps/erase_devices.h). A disk that fails fails the
/// step once the others are done.

/// No arguments.
model::JsonText eraseDevicesMetadata(const StepContext& context);
/// No arguments. Several disks at a time.
model::JsonText eraseDevicesExpress(const StepContext& context);
/// wire::EraseDevicesArguments
model::JsonText eraseDevices(const StepContext& context);

} // namespace bm::agent
