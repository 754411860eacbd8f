#pragma once
#include "common/model/clock.h"
#include "common/text/json_text.h"
#include "conductor/core/deploy_order.h"
#include "conductor/fleet/selection/selector.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bm::conductor::fleet {

/// The rollout calls it before it deploys to a running node: a URL that gets a POST, or a program of the
/// gates' folder on the server. Its answer is go, wait or refuse.
struct DrainGate {
    std::string url;
    std::string command; ///< file name in the gates' folder, never a path
    std::chrono::milliseconds deadline{std::chrono::minutes{30}};
    std::chrono::milliseconds interval{
        std::chrono::seconds{10}}; ///< between calls, unless the answer has a pause
    bool set() const { return !url.empty() || !command.empty(); }
};

enum class HealthKind : std::uint8_t { None, Tcp, Http, Ssh, PhoneHome };
enum class OnUnhealthy : std::uint8_t { Stop, Restore, Continue };

/// The rollout calls it after a deployment, without an agent, until it passes or its deadline is over.
struct HealthGate {
    HealthKind kind = HealthKind::None;
    std::uint16_t port = 0; ///< Tcp, Ssh
    std::string url;        ///< Http; {address} and {name} are the node's
    std::chrono::milliseconds deadline{std::chrono::minutes{15}};
    std::chrono::milliseconds interval{std::chrono::seconds{5}};
    OnUnhealthy onFailure = OnUnhealthy::Stop;
};

/// "3" or "5%".
struct FailureBudget {
    std::int64_t value = 0;
    bool percent = false;
    /// How many nodes of @p total may fail; one more pauses.
    std::int64_t of(std::int64_t total) const { return percent ? total * value / 100 : value; }
};

enum class RolloutOrder : std::uint8_t { Name, Rack, LastImaged };

/// The body of POST /v1/rollouts, checked. docs/rollouts.md explains each member.
struct RolloutRequest {
    std::string name;               ///< "": made from the image's
    std::string image;              ///< name, "name:tag" or uuid
    Selector selector;              ///< no terms: none given
    std::vector<std::string> nodes; ///< names or uuids; with a selector both must hold
    std::size_t count = 0;          ///< so many of those that match and are available; 0: all that match
    bool all = false;               ///< a selection of the whole fleet is meant
    bool planOnly = false;          ///< stored as a plan, started later
    std::size_t maxParallel = 0;    ///< 0: the conductor's limit alone
    std::size_t maxPerRack = 0;     ///< 0: no limit
    std::size_t canary = 0;         ///< nodes of the first wave
    std::size_t waveGrowth = 4;     ///< each later wave is so many times larger; 0: all the rest at once
    FailureBudget maxFail{};        ///< failed nodes beyond it pause
    RolloutOrder order = RolloutOrder::Name;
    std::int32_t attempts = 2;                                      ///< per node, the first included
    std::chrono::milliseconds retryDelay{std::chrono::seconds{30}}; ///< doubles with each attempt
    bool force = false;                                   ///< also write nodes that have the image already
    bool allowUnseen = false;                             ///< also write nodes without an inventory
    std::optional<std::chrono::milliseconds> ifOlderThan; ///< skip nodes that were deployed within this time
    std::optional<model::UtcTime> startBefore;            ///< no node is begun after this
    DrainGate drain{};
    HealthGate health{};
    DeployRequest deploy{}; ///< for each node; its image is the rollout's
    model::JsonText body{}; ///< canonical, without deploy; stored and shown
    std::string deployBody; ///< deploy as given: it may hold secrets and is stored sealed
};

/// @throws Error InvalidInput naming the member and its expected form
RolloutRequest rolloutRequestFrom(const std::string& body);
/// Rules for requests of clients that stored rollouts need not meet: a name that is no option, URLs of gates
/// that bm can fill safely. @throws Error InvalidInput
void checkNewRollout(const RolloutRequest& request);

} // namespace bm::conductor::fleet
