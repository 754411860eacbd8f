#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/model/mac_address.h"
#include "common/model/resources/port_group.h"
#include "common/text/json_text.h"

#include <string>

namespace bm::model {

/// A NIC of a node. The MAC is unique in the fleet.
struct Port {
    PortId id;
    NodeId node;
    PortGroupId portGroup{}; ///< empty: none
    MacAddress mac;
    std::string name;
    bool pxeEnabled = true;
    JsonText extra{};
    JsonText localLinkConnection{};
    std::string physicalNetwork;
    std::string description;
    std::string vendor;   ///< of the NIC
    std::string category; ///< the operator's: "hypernet"
    bool isSmartNic = false;
    bool mayBeGrouped = true; ///< for clients that make portgroups by traits; bm makes none
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model
