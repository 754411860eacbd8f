#pragma once
#include "agent/base/agent_log.h"
#include "agent/hardware/inspection/lldp_frame.h"
#include "common/model/deadline.h"

#include <map>
#include <string>
#include <vector>

namespace bm::agent {

/// Listens on all @p interfaces at once until each has received a frame, or until @p deadline (switches send
/// every 30 s). Needs CAP_NET_RAW; logs an interface that fails. Ignores this machine's own frames.
/// @return the last frame received, by interface
/// @throws Error Aborted
std::map<std::string, LldpFrame> listenForLldp(const std::vector<std::string>& interfaces, AgentLog& log,
                                               const model::Deadline& deadline);

} // namespace bm::agent
