#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/model/mac_address.h"
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
    std::string category; ///< as operators sort them: "hypernet"
    bool isSmartNic = false;
    bool mayBeGrouped = true; ///< by whoever makes portgroups by traits; bm makes none by itself
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model
