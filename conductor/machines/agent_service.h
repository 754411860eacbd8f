#pragma once
#include "common/wire/agent/agent_exchange.h"
#include "conductor/core/context.h"
#include "conductor/machines/relay_coordinator.h"

#include <string>
#include <vector>

namespace bm::conductor {

/// The answer to a lookup.
struct AgentGrant {
    model::Node node;
    std::string token;
    std::chrono::seconds heartbeatTimeout{300};
};

/// The agent's side of the service: lookup, heartbeat, exchange, config drive.
class AgentService {
public:
    /// @p relay outlives it.
    AgentService(Context context, RelayCoordinator& relay);
    /// Trades the boot secret for a token bound to @p nonce. @throws Error NotFound (no such node, or it
    /// expects no agent), Forbidden (wrong secret or another nonce; becomes an event)
    AgentGrant lookup(const std::vector<std::string>& macs, const std::string& nodeUuid,
                      const std::string& secret, const std::string& nonce, const std::string& peerAddress);
    void heartbeat(const std::string& nodeUuid, const std::string& token, const std::string& agentVersion,
                   const std::string& peerAddress);
    /// Stores the agent's report and answers with its next step. @throws Error Unauthorized
    wire::AgentExchangeAnswer exchange(const std::string& nodeUuid, const std::string& token,
                                       const wire::AgentExchangeRequest& exchange,
                                       const std::string& peerAddress);
    /// Ironic's callback of an inspection RAM disk that is not bm's: its inventory is the result of the
    /// node's step "inspect", if that waits and the agent of this boot asks from the same address. @return
    /// the node's uuid
    /// @throws Error NotFound (no such machine, nothing to inspect), InvalidInput
    std::string continueInspection(const std::vector<std::string>& macs, const std::string& nodeUuid,
                                   const std::string& inventoryJson, const std::string& peerAddress);
    /// The ISO or VFAT image for the node's disk; only for an agent whose machine matches the node, and with
    /// the proof of Settings::configDriveLevel. @throws Error Unauthorized, Forbidden, NotFound
    std::string configDrive(const std::string& nodeUuid, const std::string& token,
                            const std::string& peerAddress);
    /// @throws Error Unauthorized
    void authorize(const std::string& nodeUuid, const std::string& token) const;
    /// @p token may be that of any node. @throws Error Unauthorized
    void authorizeAny(const std::string& token) const;
    /// For an image's manifest and blocks: a step of the operation on the token's node copies or compares the
    /// content. @throws Error Unauthorized, NotFound (no content id, or another one)
    void authorizeContent(const std::string& token, const std::string& contentId) const;

private:
    Context context_;
    RelayCoordinator& relay_;
};

} // namespace bm::conductor
