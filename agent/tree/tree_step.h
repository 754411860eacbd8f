#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// write_tree {image, layout, content_bytes, root_device, root_device_policy, remembered, configdrive_url}
///   -> {disk, disks, entries, bytes_written, bytes_fetched, files_digest, preserved, seconds, mb_per_s,
///   boot}
model::JsonText writeTreeStep(const StepContext& context);

} // namespace bm::agent
