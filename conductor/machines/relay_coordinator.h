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

/// Who copies what from whom just now: nodes that want the same content form chains, each taking from the one
/// before it. Kept in memory: after a restart the nodes, which call every few seconds, join again, while
/// their connections go on. Thread-safe.
class RelayCoordinator {
public:
    /// @param pace  a member silent for three times as long, at least 6 s, is no source any more
    RelayCoordinator(const model::Clock& clock, std::chrono::milliseconds pace);
    ~RelayCoordinator();
    RelayCoordinator(const RelayCoordinator&) = delete;
    RelayCoordinator& operator=(const RelayCoordinator&) = delete;

    bool knows(const std::string& nodeUuid, const std::string& contentId) const;
    /// @p node copies @p contentId: it joins, late ones at the tail, the first by the settings' order.
    wire::AgentRelayPlan join(const RelayNode& node, const std::string& contentId);
    /// A member's news and what it is told. @return nothing when it is no member
    std::optional<wire::AgentRelayPlan> exchange(const std::string& nodeUuid, const std::string& address,
                                                 const wire::AgentRelayReport& news);
    void ended(const std::string& nodeUuid, bool well);
    /// What is going on with @p contentId, and, for ten minutes, what went on.
    /// @p copyGroup: of a rollout with settings of its own; those without one are shown as well.
    std::vector<RelayCopyView> show(const std::string& contentId, const std::string& copyGroup) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor
