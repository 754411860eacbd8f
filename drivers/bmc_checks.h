#pragma once
#include "drivers/bmc_access.h"

namespace bm::drivers {

/// Whether IPMI can be spoken with @p bmc at all: an address, a port, names and passwords that fit. No
/// network.
/// @throws Error InvalidInput naming the driver_info key
void requireReachable(const BmcAccess& bmc);

} // namespace bm::drivers
