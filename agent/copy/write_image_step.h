#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// write_image {image, root_device, root_device_policy, remembered, more_disks: [hints], grow_last_partition,
/// full, configdrive_url}
///   -> {disks: [{name, ..., blocks_root}] where there are several, disk: {name, wwn, serial, size_bytes,
///   model}, bytes_written, bytes_fetched, bytes_present, seconds, mb_per_s, blocks_root, decision:
///   {only_differing, why}, file_system: {kind, bytes_before, bytes_after, trouble}, boot}
model::JsonText writeImageStep(const StepContext& context);

} // namespace bm::agent
