#pragma once
#include "conductor/core/context.h"

#include <memory>
#include <stop_token>

namespace bm::conductor {

/// Reads the power of all nodes every Settings::powerSyncInterval, on threads of its own, and records it;
/// it switches no machine. Each hardware type's driver reads all its BMCs at once, so that dead BMCs do not
/// delay the others.
class PowerSync {
public:
    explicit PowerSync(Context context);
    ~PowerSync();
    void start();
    void stop();
    /// One round, in this thread. @return how many BMCs answered
    std::size_t runOnce(const std::stop_token& stop = {});

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor
