#pragma once
#include "drivers/core/hardware_type.h"

#include <string_view>
#include <vector>

namespace bm::drivers {

/// A cipher suite that a login may use.
struct CipherSuite {
    int id;
    std::string_view weakness; ///< for people; "": none
};
const CipherSuite* findCipherSuite(int id); ///< null: bmd does not use it
/// Ironic's ipmi_* keys of driver_info.
std::vector<Property> ipmiProperties();
/// The BMC access of @p node, whose driver_info is valid by ipmiProperties().
BmcAccess ipmiAccess(const NodeAccess& node);
/// Checks the address, the port, names and passwords of @p bmc. No network.
/// @throws Error InvalidInput naming the driver_info key
void requireReachable(const BmcAccess& bmc);

} // namespace bm::drivers
