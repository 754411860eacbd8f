#pragma once
#include "drivers/core/hardware_type.h"

namespace bm::drivers {

/// The hardware type "fake-hardware": machines in memory, one per BmcAccess::key, with configurable delays
/// and faults (fakeProperties()).
HardwareType makeFakeHardware();

} // namespace bm::drivers
