#pragma once
#include "conductor/steps/step_work.h"

#include <chrono>

namespace bm::conductor {

/// The machine's side of a step that the RAM disk takes part in. A real machine's agent reports over the
/// network and the step waits for the row to change; a simulated one does the step here. Stateless:
/// progress follows from stored rows alone, so that a restart continues it. Thread-safe.
class AgentSide {
public:
    virtual ~AgentSide() = default;
    /// Waits until an agent of this boot is up. @throws Error DeadlineExceeded
    virtual model::StepResult awaitContact(StepWork& work) const = 0;
    /// Waits until the machine has fetched the kernel and initrd of a RAM-disk deployment.
    /// @throws Error DeadlineExceeded
    virtual model::StepResult awaitRamdisk(StepWork& work) const = 0;
    /// Waits until the agent has done the step of this row, @p timeout at most; its result is in
    /// work.step.result then. @throws Error as the agent reports; AgentFailed, DeadlineExceeded
    virtual model::StepResult awaitReport(StepWork& work, std::chrono::milliseconds timeout) const = 0;
    /// True if the kernel of a deployed system starts without a report: there is nothing to load.
    virtual bool startsKernelAtOnce() const = 0;
    /// True if a power order is done when the call returns.
    virtual bool switchesAtOnce() const = 0;
};

/// The side of the step's node: simulated for fake-hardware, unless fake_agent_delay is "never".
const AgentSide& agentSideOf(const StepWork& work);
/// Of machines: see AgentSide.
const AgentSide& realAgentSide();
/// Of simulated machines; delays and faults are settings in driver_info (drivers/fake/fake_settings.h).
const AgentSide& simulatedAgentSide();

} // namespace bm::conductor
