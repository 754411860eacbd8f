#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// raid_create_configuration {target_raid_config: {logical_disks: [{size_gb: GiB|"MAX", raid_level:
/// "0"|"1"|"1+0"|"5"|"6", controller: "software", physical_disks: [hints of one disk each]?, volume_name?,
/// is_root_volume?}]}, create_root_volume: true, create_nonroot_volumes: true} -> {raid_config:
/// {logical_disks: [{controller, raid_level, size_gb, size_bytes, name: "/dev/md0", uuid, volume_name,
/// is_root_volume, members: [{name, partition}]}]}}. The disks' RAID is made anew; a disk with other
/// partitions is refused (Conflict).
model::JsonText raidCreateConfiguration(const StepContext& context);
/// raid_delete_configuration {} -> {raid_config: {logical_disks: []}, deleted: [uuid], erased: [{name,
/// serial}], skipped: [{name, reason}], boot}. Only disks with RAID on them are touched.
model::JsonText raidDeleteConfiguration(const StepContext& context);

} // namespace bm::agent
