#pragma once
#include "common/model/clock.h"
#include "conductor/core/relay_settings.h"

#include <chrono>
#include <cstdint>
#include <map>
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

/// What a node says of its copy.
struct RelayNews {
    std::uint16_t port = 0;
    std::string source; ///< "10.77.0.101:6387" or "server"
    bool slow = false;
    std::uint64_t bytesPerSecond = 0;
    std::map<std::string, std::uint64_t> bytesFrom{}; ///< stored bytes by source
    std::uint64_t bytesServed = 0;
    std::uint32_t children = 0;
    struct Left {
        std::string source;
        std::string reason; ///< dead, slow, lying, refused, busy, gone
    };
    std::vector<Left> left{};
};

/// A node's place, as it is told.
struct RelayPlace {
    std::string token;
    std::vector<std::string> sources; ///< the best first; after them the server
    std::uint64_t bytesPerSecond = 0; ///< what the others get; 0: unknown
    std::uint16_t port = 0;
    std::uint64_t cacheBytes = 0;
};

struct RelayMemberView {
    std::string node;
    std::string address;
    std::string state; ///< copying, done, failed, lost
    bool slow = false;
    std::string source; ///< a node's name, or "server"
    std::map<std::string, std::uint64_t> bytesFrom{};
    std::uint64_t bytesServed = 0;
    std::uint64_t bytesPerSecond = 0;
    std::uint32_t children = 0;
};
struct RelayCopyView {
    std::string contentId;
    std::vector<std::vector<RelayMemberView>> chains;
};

/// Who copies what from whom just now: nodes that want the same content form chains, each taking from the one
/// before it. Kept in memory: after a restart the nodes, which call every few seconds, join again, while
/// their connections go on. Thread-safe.
class RelayDesk {
public:
    /// @param pace  a member silent for three times as long, at least 6 s, is no source any more
    RelayDesk(const model::Clock& clock, std::chrono::milliseconds pace);
    ~RelayDesk();
    RelayDesk(const RelayDesk&) = delete;
    RelayDesk& operator=(const RelayDesk&) = delete;

    bool knows(const std::string& nodeUuid, const std::string& contentId) const;
    /// @p node copies @p contentId: it joins, late ones at the tail, the first by the settings' order.
    RelayPlace join(const RelayNode& node, const std::string& contentId);
    /// A member's news and what it is told. @return nothing when it is no member
    std::optional<RelayPlace> exchange(const std::string& nodeUuid, const std::string& address,
                                       const RelayNews& news);
    void ended(const std::string& nodeUuid, bool well);
    /// What is going on with @p contentId, and, for ten minutes, what went on.
    /// @p copyGroup: of a rollout with settings of its own; those without one are shown as well.
    std::vector<RelayCopyView> show(const std::string& contentId, const std::string& copyGroup) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor
