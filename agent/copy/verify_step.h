#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// verify_disk {image, root_device, root_device_policy, remembered} -> {disk, blocks, blocks_changed,
/// blocks_unreadable, partitions: [{number, name, file_system, blocks_changed}], seconds}. Only read.
model::JsonText verifyDiskStep(const StepContext& context);

} // namespace bm::agent
