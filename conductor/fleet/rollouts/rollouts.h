#pragma once
#include "common/model/fleet/rollout.h"
#include "common/platform/outgoing_policy.h"
#include "conductor/core/context.h"
#include "conductor/fleet/selection/rollout_request.h"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace bm::conductor::fleet {

/// Keys of bmd.yaml.
struct RolloutSettings {
    std::filesystem::path gatesFolder;             ///< programs that may be drain gates; empty: none may
    int gateThreads = 8;                           ///< calls of drain and health gates at the same time
    std::chrono::milliseconds pollInterval{250};   ///< between checks of running rollouts
    std::chrono::milliseconds progressEvery{5000}; ///< between rollout.progress events
    /// The rule for the addresses of gates; never null.
    std::shared_ptr<const platform::OutgoingPolicy> outgoing = std::make_shared<platform::OutgoingPolicy>();
};

/// The totals of a plan or a running rollout; times in seconds, bytes as they cross the network.
struct RolloutProgress {
    model::RolloutCounts counts{};
    std::uint64_t bytesDone = 0;
    std::uint64_t bytesTotal = 0;
    std::optional<std::int64_t> secondsLeft{}; ///< unknown without history and before the first is done
};

/// One node with the current step of its operation.
struct RolloutNodeView {
    model::RolloutNode node;
    std::string step; ///< "write_image"; "" none
    std::int64_t bytesDone = 0;
    std::int64_t bytesTotal = 0;
    std::optional<std::int64_t> secondsLeft{};
};

/// Plans, starts and controls rollouts. Every call is one transaction; a client that lost the answer may
/// repeat it. Between start() and stop() a thread advances the open ones; tests call runOnce() instead.
/// Thread-safe. A rollout is named by its name or uuid.
class Rollouts {
public:
    Rollouts(Context context, platform::Exec& exec, RolloutSettings settings);
    ~Rollouts();
    Rollouts(const Rollouts&) = delete;
    Rollouts& operator=(const Rollouts&) = delete;

    /// Plans it and, unless planOnly, starts it.
    /// @throws Error NotFound (image, a named node), Conflict (image not ready; name taken), InvalidInput
    /// (selection matches nothing, or the whole fleet without `all`; nothing to write)
    model::Rollout create(const RolloutRequest& request, const std::string& actor,
                          const std::string& scheduleRun = {});
    /// Starts a plan. @throws Error Conflict when it is started already or the fleet has changed since the
    /// plan
    model::Rollout start(const std::string& ident, const std::string& actor);
    model::Rollout pause(const std::string& ident, const std::string& reason, const std::string& actor);
    model::Rollout resume(const std::string& ident, const std::string& actor);
    /// Begins no further node; operations at work stop at their next safe point.
    model::Rollout abort(const std::string& ident, const std::string& reason, const std::string& actor);
    /// Retries the failed and aborted nodes (or @p nodes of them); a paused or ended rollout runs again.
    model::Rollout retry(const std::string& ident, const std::vector<std::string>& nodes,
                         const std::string& actor);
    void remove(const std::string& ident, const std::string& actor); ///< @throws Error Conflict while open

    model::Rollout get(const std::string& ident) const; ///< @throws Error NotFound
    std::vector<model::Rollout> list(std::optional<model::RolloutState> state, std::size_t limit,
                                     const std::string& beforeName) const;
    RolloutProgress progress(const model::Rollout& rollout) const;
    std::vector<RolloutNodeView> nodes(const model::Rollout& rollout) const;
    /// A deployed system has used its one-time URL. @throws Error NotFound
    void phonedHome(const std::string& token, const std::string& peerAddress);

    void start();
    void stop();
    /// Without threads: handles everything that is due now, gates included. @return true if anything changed
    bool runOnce();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor::fleet
