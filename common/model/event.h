#pragma once
#include "common/model/clock.h"
#include "common/model/ids.h"
#include "common/model/rollout.h"
#include "common/text/json_text.h"

#include <cstdint>
#include <string>

namespace bm::model {

/// Something observed about a node. kind is "area.what": step.started, step.done, step.failed, state.changed,
/// power.on, power.off, dhcp.offer, dhcp.ack, tftp.read, http.script, http.kernel, http.ramdisk,
/// agent.contact, agent.progress, operation.started ... New kinds may be added, none is renamed.
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
