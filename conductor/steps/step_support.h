#pragma once
#include "conductor/steps/step_work.h"

#include <chrono>
#include <functional>

namespace bm::conductor {

/// Runs @p attempt; a BMC failure that may pass (unreachable, busy, session limit, bad reply) is tried again
/// every few seconds until the step is @p timeout old, then thrown. Anything else is thrown at once.
model::StepResult withPatience(StepWork& work, std::chrono::milliseconds timeout,
                               const std::function<model::StepResult()>& attempt);
/// Reads the node's power now and stores it; records an event when it has changed. @throws Error of the
/// driver
model::PowerState observePower(StepWork& work);
/// Shows in @p node that @p target is ordered: sets target_power_state, and clears last_error unless the node
/// is in a failed state. A request for the state that the node is in changes neither.
void expectPower(model::Node& node, model::PowerTarget target);
/// Clears last_error with its code and hint.
void forgetError(model::Node& node);
/// Orders @p action unless it was ordered within the last ten seconds; then polls until the BMC reports @p
/// wanted.
/// @throws Error DeadlineExceeded when the step is older than @p timeout
model::StepResult reachPower(StepWork& work, model::PowerAction action, model::PowerState wanted,
                             std::chrono::milliseconds timeout);
/// Resets a machine that is on, once, and switches on one that is off: for nodes with disable_power_off,
/// whose BMC never gets the order to switch off. @throws Error as reachPower
model::StepResult restart(StepWork& work, std::chrono::milliseconds timeout);
/// The operation's image; nothing when it is deleted.
std::optional<model::Image> findImageOf(const StepWork& work);
/// @throws Error NotFound
model::Image imageOf(const StepWork& work);
/// The agent's record of the node, an empty one when there is none.
db::AgentRecord agentRecord(const StepWork& work);
/// True if an agent of the current boot has got its token and reported.
bool agentIsUp(const db::AgentRecord& record);

/// The result of expect_boot after `bm node reboot-ok`, as JSON.
inline constexpr const char* kRebootOk = R"({"reboot_ok":true})";
/// True if @p step waits for an operator who restarts the machine: bm cannot switch its power.
bool awaitsReboot(const model::Step& step);
/// True if an operator restarts the machine for the boot that the step belongs to.
bool bootsByHand(const StepWork& work);
/// True if the RAM disk has started the deployed kernel, so that the power must not change.
bool startedByKexec(const StepWork& work);
} // namespace bm::conductor
