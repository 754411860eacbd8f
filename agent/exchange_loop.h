#pragma once
#include "agent/base/agent_log.h"
#include "agent/server_session.h"
#include "agent/step_runner.h"
#include "common/model/error.h"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

namespace bm::agent {

/// The agent's talking side: looks up, exchanges at the pace that the server sets, hands steps to the runner.
/// While the network or the server is down it tries again with back-off (1 s to 10 s), for ever; a step runs
/// on meanwhile.
class ExchangeLoop {
public:
    struct Parts {
        std::function<wire::Inventory()> inventory;
        std::function<void(PowerChange)> changePower; ///< called after the server knows; may not return
    };
    ExchangeLoop(ServerSession& session, StepTools tools, Parts parts, AgentLog& log);
    /// Until @p stop.
    void run(const std::stop_token& stop);

private:
    bool once(const std::stop_token& stop);
    void exchange(const std::stop_token& stop);
    void pause(std::chrono::milliseconds span, const std::stop_token& stop, bool untilFinished);
    void warnOnce(const model::Error& error);

    ServerSession& session_;
    Parts parts_;
    AgentLog& log_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    bool finished_ = false; ///< a step ended, and the server does not know yet; under mutex_
    bool inventorySent_ = false;
    std::string lastTrouble_;
    std::chrono::milliseconds callAgain_{1000};
    std::chrono::milliseconds backOff_{};
    StepRunner runner_; ///< last: its thread calls back into the above
};

} // namespace bm::agent
