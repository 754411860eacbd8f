#pragma once
#include "common/model/deadline.h"
#include "conductor/core/context.h"

#include <functional>
#include <string>
#include <vector>

namespace bm::conductor {

/// A step at work. Handlers read node and operation as they were when the step was taken up, change the
/// step's message, progress and result, and ask for changes of the node, which are applied to the stored node
/// with the outcome.
struct StepWork {
    const Context& context;
    const model::Node& node;
    const model::Operation& operation;
    model::Step& step;
    model::UtcTime engineStart;   ///< since when this bmd looks: silence before it is not the agent's
    model::Deadline callDeadline; ///< for calls out of the process in this run
    std::vector<std::function<void(model::Node&)>> nodeChanges{};
    std::vector<model::NodeEvent> events{};
    std::vector<std::function<void(db::Transaction&)>> writes{}; ///< done in the outcome's transaction
    std::vector<std::function<void()>> afterCommit{};

    void changeNode(std::function<void(model::Node&)> change) { nodeChanges.push_back(std::move(change)); }
    void event(std::string kind, std::string message, std::string detailsJson = "{}");
    /// Time since the step was first taken up.
    std::chrono::milliseconds age() const
    {
        return context.clock.now() - step.startedAt.value_or(context.clock.now());
    }
};

using StepHandler = model::StepResult (*)(StepWork&);

/// The handler of @p name. @throws Error Internal when there is none (a newer bmd's step)
StepHandler handlerOf(const std::string& name);
/// Steps that the agent does: their Waiting rows are handed out by AgentDesk.
bool isAgentStep(const std::string& name);

// step_verify.cpp
model::StepResult stepValidate(StepWork& work);
model::StepResult stepIdentifyBmc(StepWork& work);
model::StepResult stepReadPower(StepWork& work);
// step_power.cpp
model::StepResult stepPowerOff(StepWork& work);
model::StepResult stepPowerOn(StepWork& work);
model::StepResult stepPowerOffWritten(StepWork& work);
model::StepResult stepPowerOnDeployed(StepWork& work);
model::StepResult stepBootDevicePxe(StepWork& work);
model::StepResult stepBootDeviceDisk(StepWork& work);
model::StepResult stepEndCleaning(StepWork& work);
model::StepResult stepSetPower(StepWork& work);
// step_agent.cpp
model::StepResult stepExpectBoot(StepWork& work);
model::StepResult stepAwaitAgent(StepWork& work);
model::StepResult stepEraseMetadata(StepWork& work);
model::StepResult stepWriteImage(StepWork& work);
model::StepResult stepEndBoot(StepWork& work);
// image_by_url.cpp
model::StepResult stepFetchImage(StepWork& work);
// step_tree.cpp
model::StepResult stepWriteTree(StepWork& work);
// step_ramdisk.cpp
model::StepResult stepPrepareRamdisk(StepWork& work);
model::StepResult stepBootDeviceRamdisk(StepWork& work);
model::StepResult stepAwaitRamdisk(StepWork& work);
// step_kexec.cpp
model::StepResult stepStartKernel(StepWork& work);
/// Whether the deployed kernel was started from the RAM disk: then power stays as it is.
bool startedByKexec(const StepWork& work);
// step_capture.cpp
model::StepResult stepCheckCapture(StepWork& work);
model::StepResult stepShutDown(StepWork& work);
model::StepResult stepCaptureDisk(StepWork& work);
// step_verify_disk.cpp
model::StepResult stepCheckVerify(StepWork& work);
model::StepResult stepVerifyDisk(StepWork& work);
// step_deploy.cpp
model::StepResult stepCheckRequest(StepWork& work);
model::StepResult stepForgetInstance(StepWork& work);

// step_hardware.cpp
model::StepResult stepAgentWork(StepWork& work);
model::StepResult stepCreateRaid(StepWork& work);
model::StepResult stepDeleteRaid(StepWork& work);
model::StepResult stepApplyBios(StepWork& work);
model::StepResult stepResetBios(StepWork& work);
model::StepResult stepSimulated(StepWork& work);
model::StepResult stepHold(StepWork& work);
model::StepResult stepWaitSeconds(StepWork& work);
model::StepResult stepSwitchOff(StepWork& work);
model::StepResult stepSwitchOn(StepWork& work);
model::StepResult stepStartRescue(StepWork& work);
model::StepResult stepAdopt(StepWork& work);
// step_inspect.cpp
model::StepResult stepInspect(StepWork& work);
model::StepResult stepApplyInspection(StepWork& work);

} // namespace bm::conductor
