#pragma once
#include "drivers/core/hardware_type.h"
#include "drivers/fake/fake_machines.h"

#include <memory>

namespace bm::drivers {

/// Interfaces of simulated machines beside power, as slots of the interfaces that Ironic calls "fake".
Slots fakeManagement(const std::shared_ptr<FakeMachines>& machines);
Slots fakeBios(const std::shared_ptr<FakeMachines>& machines);
Slots fakeFirmware();
Slots fakeConsole(const std::shared_ptr<FakeMachines>& machines);
Slots fakeVendor();

} // namespace bm::drivers
