#pragma once
#include "conductor/steps/step_work.h"

namespace bm::conductor {

/// How the agent copies one kind of image to disks.
struct Copy {
    model::EventKind event;
    std::int64_t (*bytes)(const model::Image&);                         ///< to copy, for the progress
    model::JsonText (*arguments)(const StepWork&, const model::Image&); ///< of the agent's step
};

/// The agent, or a simulated one, copies the operation's image; bm signs and stores its report. Stores the
/// disk in the node's driver_internal_info/deployed_disk and /boot, and records the boot entry as events
/// boot.entry and boot.trouble. @throws Error NotFound, and the errors that the agent reports
model::StepResult copyImage(StepWork& work, const Copy& copy);

/// The BIOS's number of the deployed disk, from the agent's last report; else that of the first one, 0x80.
unsigned biosDriveOf(const model::Node& node);

} // namespace bm::conductor
