#pragma once
#include "common/model/clock.h"
#include "common/wire/agent/agent_exchange.h"
#include "common/wire/agent/relay_json.h"
#include "conductor/core/relay_settings.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// A node that begins to copy.
struct RelayNode {
    std::string uuid;
    std::string name;
    std::string rack;
    std::string address;   ///< as the provisioning listener sees it
    std::string copyGroup; ///< empty: all that copy this content; a rollout with settings of its own has one
    RelaySettings settings;
};

struct RelayCopyView {
    std::string contentId;
    std::vector<wire::RelayChain> chains;
};

/// Arranges the nodes that copy the same content in chains: each node copies from the one before it. The
/// chains are in memory: after a restart the nodes, which call every few seconds, join again, and their
/// connections stay open. Thread-safe.
class RelayCoordinator {
public:
    /// @param pace  a member silent for three times as long, at least 6 s, is no source any more
    RelayCoordinator(const model::Clock& clock, std::chrono::milliseconds pace);
    ~RelayCoordinator();
    RelayCoordinator(const RelayCoordinator&) = delete;
    RelayCoordinator& operator=(const RelayCoordinator&) = delete;

    bool knows(const std::string& nodeUuid, const std::string& contentId) const;
    /// Adds @p node, which copies @p contentId, to a chain: the first ones by the settings' order, later ones
    /// at the tail.
    wire::AgentRelayPlan join(const RelayNode& node, const std::string& contentId);
    /// Takes a member's report and returns its plan; nothing for a node in no chain.
    std::optional<wire::AgentRelayPlan> exchange(const std::string& nodeUuid, const std::string& address,
                                                 const wire::AgentRelayReport& news);
    void ended(const std::string& nodeUuid, bool well);
    /// The copies of @p contentId at work, and those that ended in the last ten minutes.
    /// @p copyGroup: of a rollout with settings of its own; those without one are shown as well.
    std::vector<RelayCopyView> show(const std::string& contentId, const std::string& copyGroup) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor
