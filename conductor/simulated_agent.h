#pragma once
#include "conductor/steps.h"

namespace bm::conductor {

/// fake-hardware's side of a RAM disk boot and of the agent's steps: delays (fake_agent_delay,
/// fake_erase_delay, fake_write_delay, in seconds) and faults (fake_write_fault: an error code) are settings
/// in driver_info. Progress follows from stored times alone, so a restart goes on where it was.
model::StepResult simulateContact(StepWork& work);
model::StepResult simulateErase(StepWork& work);
model::StepResult simulateWrite(StepWork& work);

} // namespace bm::conductor
