#pragma once
#include "agent/base/agent_log.h"
#include "agent/hardware/inspection/lldp_frame.h"
#include "common/model/deadline.h"

#include <map>
#include <string>
#include <vector>

namespace bm::agent {

/// Listens on @p interfaces at once until each got a frame or @p deadline (switches send every 30 s). Needs
/// CAP_NET_RAW; an interface that cannot be listened on is noted. What this machine sends itself does not
/// count.
/// @return by interface the last frame heard
/// @throws Error Aborted
std::map<std::string, LldpFrame> listenForLldp(const std::vector<std::string>& interfaces, AgentLog& log,
                                               const model::Deadline& deadline);

} // namespace bm::agent
