#pragma once
#include "conductor/core/base_context.h"
#include "conductor/fleet/rollouts/rollout_starter.h"

#include <memory>

namespace bm::conductor::fleet {

/// Runs schedules: records each due time as a run, exactly once (the run's row is unique by schedule and due
/// time, and is stored in the transaction that moves the schedule on), starts its rollout (stored with the
/// run in one transaction, too) and follows it to its end. After kill -9 the next start finds the
/// due times in between and continues the runs that were not started. Between start() and stop() a thread
/// does it.
class Scheduler {
public:
    Scheduler(BaseContext context, RolloutStarter& starter);
    ~Scheduler();
    Scheduler(const Scheduler&) = delete;
    Scheduler& operator=(const Scheduler&) = delete;
    void start();
    void stop();
    /// Without a thread: handles everything that is due now. @return true if anything was due
    bool runOnce();
    /// Has the thread check at once.
    void wake();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The scheduler counts a due time that it checks later than this as missed: bmd was not running.
inline constexpr std::chrono::milliseconds kMissedAfter{std::chrono::minutes{5}};

} // namespace bm::conductor::fleet
