#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/step_progress.h"
#include "agent/disk/machine_disks.h"
#include "agent/frames/frame_source.h"
#include "agent/relay/relay.h"
#include "common/platform/exec.h"
#include "common/text/json_text.h"
#include "common/wire/agent/inventory.h"

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace bm::agent {

/// The tools of a step; borrowed for as long as it runs.
struct StepContext {
    const model::JsonText& arguments;
    const std::string& apiBase; ///< URLs that begin with '/' are below it
    const TokenSource& token;
    const MachineDisks& disks;
    platform::Exec& exec;
    StepProgress& progress;
    AgentLog& log;
    bool resume = false; ///< an earlier run of this step was interrupted
    std::stop_token stop{};
    RelayCopy* relay = nullptr; ///< null: no relay
    RelaySettings relaySettings{};
    bool mayChangeMachine = false; ///< the agent runs in bm's RAM disk: it may change firmware variables, too
    std::string bootInterface{};   ///< MAC of BOOTIF; "" when there is none
};

/// Returns the step's result as JSON; throws model::Error.
using StepFunction = std::function<model::JsonText(const StepContext&)>;

} // namespace bm::agent
