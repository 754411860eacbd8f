#pragma once
#include "conductor/core/context.h"

#include <memory>
#include <string>

namespace bm::conductor {

/// Runs the due operations on a pool of threads, step by step. After kill -9 the next start continues from
/// the stored step.
class Engine {
public:
    Engine(Context context, std::string bootId);
    ~Engine();
    /// Takes back own leases and counts a crash for each step inside whose handler the process before ended.
    /// The time without bmd does not count against a step, an expected boot or a gate.
    void recover();
    void start();
    void stop();
    /// Without threads: runs everything that is due now, in this thread. @return true if anything was due
    bool runOnce();
    /// Without threads: records that this conductor lives.
    void beat();
    void wake();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor
