#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <string>

namespace bm::model {

/// Something observed about a node, an image, a rollout or a schedule. kind is the text of an EventKind; a
/// row of an older bmd may hold one that this bmd does not know.
struct NodeEvent {
    std::int64_t sequence = 0; ///< given by the database, rising
    NodeId node;               ///< empty: no known node (an unknown machine asked for DHCP)
    UtcTime at{};
    std::string kind;
    std::string message;     ///< one line for people
    JsonText details{};      ///< values for programs
    OperationId operation{}; ///< may be empty
    RolloutId rollout{};     ///< may be empty; where an operation is named or at work, filled by the database
};

} // namespace bm::model
