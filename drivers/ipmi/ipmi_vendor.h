#pragma once
#include "drivers/core/vendor_methods.h"
#include "drivers/ipmi/ipmitool_client.h"

#include <memory>

namespace bm::drivers {

/// Ironic's vendor methods of ipmitool: bmc_reset, send_raw.
std::shared_ptr<VendorMethods> makeIpmiVendor(std::shared_ptr<IpmitoolClient> client);

} // namespace bm::drivers
