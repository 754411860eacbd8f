#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <string>

namespace bm::model {

using PortGroupId = Id<struct PortGroupTag>;

/// A bond of a node's NICs (LACP ...).
struct PortGroup {
    PortGroupId id;
    NodeId node;
    std::string name;    ///< unique in the fleet; "": none
    std::string address; ///< MAC, unique in the fleet; "": none
    std::string mode = "active-backup";
    JsonText properties{}; ///< of the bond, with Linux's names
    JsonText extra{};
    std::string physicalNetwork;
    std::string category;
    bool standalonePorts = true; ///< its ports may boot by themselves
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model
