#pragma once
#include "drivers/core/hardware_type.h"

namespace bm::test {

/// The hardware type "http-power": a BMC that knows power and the boot device alone, over HTTP with JSON.
/// It shows how much a second driver takes: nothing outside this folder knows it.
drivers::HardwareType makeHttpPower();

} // namespace bm::test
