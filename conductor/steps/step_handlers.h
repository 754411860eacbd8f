#pragma once
#include "conductor/steps/step_work.h"

namespace bm::conductor {

/// One function per step; step_table.cpp says which row of the database each one does.

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
// step_fetch.cpp
model::StepResult stepFetchImage(StepWork& work);
// step_tree.cpp
model::StepResult stepWriteTree(StepWork& work);
// step_ramdisk.cpp
model::StepResult stepPrepareRamdisk(StepWork& work);
model::StepResult stepBootDeviceRamdisk(StepWork& work);
model::StepResult stepAwaitRamdisk(StepWork& work);
// step_kexec.cpp
model::StepResult stepStartKernel(StepWork& work);
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
model::StepResult stepUpdateFirmware(StepWork& work);
model::StepResult stepResetBmc(StepWork& work);
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
