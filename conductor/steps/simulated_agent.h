#pragma once
#include "conductor/steps/step_work.h"

namespace bm::conductor {

/// fake-hardware's side of a RAM disk boot and of the agent's steps: delays (fake_agent_delay,
/// fake_erase_delay, fake_write_delay, in seconds) and faults (fake_write_fault: an error code) are settings
/// in driver_info. Progress follows from stored times alone, so a restart goes on where it was.
model::StepResult simulateContact(StepWork& work);
/// Fetches the kernel and initrd of a RAM-disk deployment; fake_agent_delay.
model::StepResult simulateRamdisk(StepWork& work);
model::StepResult simulateErase(StepWork& work);
model::StepResult simulateWrite(StepWork& work);
/// Captures a disk of 4 MiB that holds the node's uuid; fake_capture_delay, fake_capture_fault.
model::StepResult simulateCapture(StepWork& work);
/// Finds as many blocks changed as fake_changed_blocks says; fake_verify_delay, fake_verify_fault.
model::StepResult simulateVerify(StepWork& work);

/// Any other step: fake_step_delay; fake_step_fault ("code", or "step:code").
model::StepResult simulateStep(StepWork& work);
model::StepResult simulateInspection(StepWork& work);

} // namespace bm::conductor
