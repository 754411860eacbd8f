#pragma once
#include "common/model/clock.h"
#include "common/model/mac_address.h"

#include <cstdint>
#include <string>

namespace bm::model {

/// A machine on the provisioning network whose MAC address is no port's.
struct UnknownMachine {
    MacAddress mac;
    UtcTime firstSeenAt{};
    UtcTime lastSeenAt{};
    std::int64_t requests = 0; ///< DHCP messages and boot scripts
    std::string vendorClass{}; ///< the last one of its DHCP messages, printable; "": none yet
    std::string lastAddress{}; ///< its IP address; "": none yet
};

} // namespace bm::model
