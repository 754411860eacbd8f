#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <string>

namespace bm::model {

using VolumeConnectorId = Id<struct VolumeConnectorTag>;

/// A node's name in a storage network: an initiator's IQN, a WWN.
struct VolumeConnector {
    VolumeConnectorId id;
    NodeId node;
    std::string type; ///< "iqn", "ip", "mac", "wwnn", "wwpn", "port", "portgroup"
    std::string connectorId;
    JsonText extra{};
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

using VolumeTargetId = Id<struct VolumeTargetTag>;

/// A remote volume that a node uses.
struct VolumeTarget {
    VolumeTargetId id;
    NodeId node;
    std::string volumeType; ///< "iscsi", "fibre_channel"
    std::string volumeId;
    std::int64_t bootIndex = 0; ///< 0: the node boots from it
    JsonText properties{};
    JsonText extra{};
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model
