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

/// The services for steps; the runner borrows them for its lifetime.
struct StepTools {
    std::map<std::string, StepFunction> steps;
    std::string apiBase;
    TokenSource token;
    std::function<std::vector<wire::Disk>()> disks;
    std::filesystem::path folder;  ///< one file per step, which a restarted agent reads
    bool mayChangeMachine = false; ///< firmware's variables too
    std::string bootInterface{};   ///< MAC of BOOTIF; "" when there is none
};

/// Runs one step at a time on a thread of its own. Call its methods from one thread. It calls onFinished on
/// the step's thread.
class StepRunner {
public:
    StepRunner(StepTools tools, AgentLog& log, std::function<void()> onFinished);
    ~StepRunner();
    StepRunner(const StepRunner&) = delete;
    StepRunner& operator=(const StepRunner&) = delete;

    /// Starts @p order. Ignores a repeat of the current step; reports a step that an earlier agent process
    /// finished, without running it again; stops another running step first (the server offers the order
    /// again).
    /// @p relay: the node's plan in the relay, which may change with each repeat
    void offer(const wire::AgentStepOrder& order, const std::optional<wire::AgentRelayPlan>& relay = {});
    /// Stops the step at its next safe point with the error "aborted".
    void abort();
    /// Call it when the server has no step for this agent: drops a finished step.
    void nothingOffered();
    /// The current step, running or finished.
    std::optional<wire::AgentStepReport> report();
    /// The relay report of a copying step.
    std::optional<wire::AgentRelayReport> relayReport();
    void relayReported(std::size_t left);
    /// The power change after the finished step, to be made when the server has the report.
    PowerChange powerChange();

private:
    struct Task;
    void start(const wire::AgentStepOrder& order, const std::optional<wire::AgentRelayPlan>& relay);
    void work(Task& task, const std::stop_token& stop);
    DiskPatience patienceOf(StepProgress& progress, const std::stop_token& stop);
    std::filesystem::path recordFile(const std::string& id) const;

    StepTools tools_;
    AgentLog& log_;
    std::function<void()> onFinished_;
    std::unique_ptr<platform::Exec> exec_;
    std::unique_ptr<Task> task_; ///< last member: its thread uses the others
};

} // namespace bm::agent
