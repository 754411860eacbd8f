#pragma once
#include "drivers/core/hardware_type.h"

#include <vector>

namespace bm::drivers {

/// Ironic's ipmi_* keys of driver_info.
std::vector<Property> ipmiProperties();
/// The BMC access of @p node, whose driver_info is valid by ipmiProperties().
BmcAccess ipmiAccess(const NodeAccess& node);
/// Checks the address, the port, names and passwords of @p bmc. No network.
/// @throws Error InvalidInput naming the driver_info key
void requireReachable(const BmcAccess& bmc);

} // namespace bm::drivers
