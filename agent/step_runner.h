#pragma once
#include "agent/base/agent_log.h"
#include "agent/step_table.h"
#include "common/wire/agent/agent_exchange.h"

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace bm::agent {

/// What steps are given; borrowed by the runner for its life.
struct StepTools {
    std::map<std::string, StepFunction> steps;
    std::string apiBase;
    TokenSource token;
    std::function<std::vector<wire::Disk>()> disks;
    std::filesystem::path folder;  ///< records of steps, so that a restarted agent knows: one file per step
    bool mayChangeMachine = false; ///< firmware's variables too
    std::string bootInterface{};   ///< MAC of BOOTIF; "" when there is none
};

/// Does one step at a time on a thread of its own. Its methods are for one thread; only onFinished is called
/// on the step's.
class StepRunner {
public:
    StepRunner(StepTools tools, AgentLog& log, std::function<void()> onFinished);
    ~StepRunner();
    StepRunner(const StepRunner&) = delete;
    StepRunner& operator=(const StepRunner&) = delete;

    /// Starts @p order. Ignores a repeat of the current step; reports a step that another agent process
    /// finished without doing it again; stops another running step first (the server offers again).
    /// @p relay: the step's place among the nodes that copy the same, which may change with each repeat
    void offer(const wire::AgentStepOrder& order, const std::optional<wire::AgentRelayPlan>& relay = {});
    /// Stops the step at its next safe point; it fails with "aborted".
    void abort();
    /// The server has no step for us: forgets a finished one.
    void nothingOffered();
    /// The current step, running or finished.
    std::optional<wire::AgentStepReport> report();
    /// Of the step that copies.
    std::optional<wire::AgentRelayReport> relayReport();
    void relayReported(std::size_t left);
    /// The power change that the finished step orders, for after the server knows.
    PowerChange powerChange();

private:
    struct Task;
    void start(const wire::AgentStepOrder& order, const std::optional<wire::AgentRelayPlan>& relay);
    void work(Task& task, const std::stop_token& stop);
    std::filesystem::path recordFile(const std::string& id) const;

    StepTools tools_;
    AgentLog& log_;
    std::function<void()> onFinished_;
    std::unique_ptr<platform::Exec> exec_;
    std::unique_ptr<Task> task_; ///< its thread ends before what it uses
};

} // namespace bm::agent
