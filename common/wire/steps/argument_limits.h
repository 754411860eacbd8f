#pragma once
#include "common/wire/steps/burnin.h"
#include "common/wire/steps/erase_devices.h"

/// The limits of the arguments that requests may give to the agent's steps. bmd checks them when it takes a
/// request, the agent before it works. @throws Error InvalidInput: "shred_passes is 0; it must be 1 to 32"
namespace bm::wire {

void checkLimits(const EraseDevicesArguments& arguments);
void checkLimits(const BurnInCpuArguments& arguments);
void checkLimits(const BurnInMemoryArguments& arguments);
void checkLimits(const BurnInDiskArguments& arguments);

} // namespace bm::wire
