#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <string>

namespace bm::model {

using AllocationId = Id<struct AllocationTag>;

/// A request for a node of a resource class, and the node that bm chose. Ironic's states: "allocating",
/// "active", "error".
struct Allocation {
    AllocationId id;
    std::string name; ///< unique unless empty
    NodeId node;      ///< empty: none (yet)
    std::string resourceClass;
    JsonText candidateNodes{"[]"}; ///< uuids; empty: every node
    JsonText traits{"[]"};         ///< required of the node
    std::string owner;
    std::string state = "allocating";
    std::string lastError;
    JsonText extra{};
    UtcTime createdAt{};
    UtcTime updatedAt{};
};

} // namespace bm::model
