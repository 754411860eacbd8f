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
    /// Takes back own leases, counts crashes of steps found running, then (threads() > 0) starts the workers.
    void recover();
    void start();
    void stop();
    /// Without threads: runs everything that is due now, in this thread. @return true if anything was due
    bool runOnce();
    void wake();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::conductor
