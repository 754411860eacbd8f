#pragma once
#include "drivers/core/hardware_type.h"
#include "drivers/fake/fake_machines.h"

#include <memory>

namespace bm::drivers {

/// The interfaces of simulated machines except power: the slots of Ironic's "fake" interfaces.
Slots fakeManagement(const std::shared_ptr<FakeMachines>& machines);
Slots fakeBios(const std::shared_ptr<FakeMachines>& machines);
Slots fakeFirmware();
Slots fakeConsole(const std::shared_ptr<FakeMachines>& machines);
Slots fakeVendor();

} // namespace bm::drivers
