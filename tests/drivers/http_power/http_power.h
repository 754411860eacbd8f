#pragma once
#include "drivers/core/hardware_type.h"

namespace bm::test {

/// The hardware type "http-power": a BMC with power and boot device only, over HTTP with JSON. It shows the
/// effort of a second driver: apart from its tests (http_power_test.cpp) nothing includes it.
drivers::HardwareType makeHttpPower();

} // namespace bm::test
