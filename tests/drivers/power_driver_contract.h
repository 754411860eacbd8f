#pragma once
#include "drivers/core/power_driver.h"

namespace bm::test {

/// Waits until the driver reads @p state; at most 30 s. The driver paces the reading itself.
bool powerBecomes(drivers::PowerDriver& driver, const drivers::BmcAccess& bmc, model::PowerState state);

/// The contract of every PowerDriver, as checks. Call it in a TEST_CASE.
/// @param bmc an answering BMC; the checks switch its machine on and off
void powerDriverContract(drivers::PowerDriver& driver, const drivers::BmcAccess& bmc);

} // namespace bm::test
