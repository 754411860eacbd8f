#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/progress_watch.h"
#include "agent/server_session.h"
#include "agent/step_runner.h"
#include "common/model/error.h"
#include "common/platform/condition.h"

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace bm::agent {

/// The agent's connection to the server: looks up, exchanges at the server's interval, and passes steps to
/// the runner. Retries without limit, with back-off (1 s to 10 s), while the network or the server is down; a
/// running step continues. Sends the inventory at first, and again when a disk has appeared or is gone.
class ExchangeLoop {
public:
    struct Parts {
        std::function<wire::Inventory()> inventory;
        std::function<void(PowerChange)> changePower; ///< after the report; may not return
    };
    ExchangeLoop(ServerSession& session, StepTools tools, Parts parts, AgentLog& log);
    /// Runs until @p stop.
    void run(const std::stop_token& stop);

private:
    bool once(const std::stop_token& stop);
    void exchange(const std::stop_token& stop);
    void pause(std::chrono::milliseconds span, const std::stop_token& stop, bool untilFinished);
    std::string diskNames() const;
    void warnOnce(const model::Error& error);
    void watch(const std::optional<wire::AgentStepReport>& step);

    ServerSession& session_;
    Parts parts_;
    AgentLog& log_;
    std::mutex mutex_;
    platform::Condition changed_;
    bool finished_ = false; ///< a step has ended, and the server has no report of it yet; guarded by mutex_
    std::function<std::vector<wire::Disk>()> disks_;
    std::optional<std::string> sentDisks_; ///< of the last inventory that the server has
    std::string lastTrouble_;
    ProgressWatch watch_;
    std::chrono::milliseconds callAgain_{1000};
    std::chrono::milliseconds backOff_{};
    StepRunner runner_; ///< last member: its thread uses the other members
};

} // namespace bm::agent
