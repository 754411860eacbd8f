#pragma once
#include "conductor/fleet/rollouts/rollouts.h"

#include <memory>

namespace bm::conductor::fleet {

/// The request that @p rollout was made from.
RolloutRequest storedRequest(const Context& context, const model::Rollout& rollout);

/// Advances open rollouts: one thread polls them, a few threads call gates. Thread-safe.
class RolloutController {
public:
    RolloutController(Context context, platform::Exec& exec, RolloutSettings settings);
    ~RolloutController();
    void start();
    void stop();
    /// Checks every open rollout once; without threads it calls the gates, too.
    bool runOnce();
    void wake();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor::fleet
