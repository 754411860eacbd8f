#pragma once
#include "drivers/core/hardware_type.h"

namespace bm::drivers {

/// The hardware type "fake-hardware": machines kept in memory per BmcAccess::key, with delays and faults as
/// settings (fakeProperties()).
HardwareType makeFakeHardware();

} // namespace bm::drivers
