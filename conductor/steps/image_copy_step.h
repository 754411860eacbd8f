#pragma once
#include "conductor/steps/step_work.h"

namespace bm::conductor {

/// How one kind of image gets onto disks.
struct Copy {
    model::EventKind event;
    std::int64_t (*bytes)(const model::Image&); ///< that the agent has to move, for progress
    model::JsonText (*arguments)(const StepWork&, const model::Image&); ///< of the agent's step
};

/// The operation's image is copied by the agent (or a simulated one); its report is signed and kept. What
/// stays known of the disk: node's driver_internal_info/deployed_disk and /boot, and what firmware makes of
/// it as events boot.entry and boot.trouble. @throws Error NotFound, and what the agent reports
model::StepResult copyImage(StepWork& work, const Copy& copy);

/// The BIOS's number of the deployed disk, as the agent last told it; else that of the first one, 0x80.
unsigned biosDriveOf(const model::Node& node);

} // namespace bm::conductor
