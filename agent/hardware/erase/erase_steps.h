#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// erase_devices_metadata {} -> {erased: [{name, serial}], skipped: [{name, reason}], boot} (boot: what
/// DiskStart tells, agent/start/disk_start.h, here and below)
model::JsonText eraseDevicesMetadata(const StepContext& context);
/// erase_devices_express {} -> {erased: [{name, serial, method, seconds}], skipped: [{name, reason}], boot}
/// method "nvme-format" for NVMe disks that have it, else "metadata". Several disks at a time.
model::JsonText eraseDevicesExpress(const StepContext& context);
/// erase_devices {shred_passes: 1, allow_shred: true} -> as above; method is the first that worked of
/// "nvme-format", "nvme-sanitize", "ata-secure-erase", "secure-discard", "discard", "zero", "shred" (only if
/// allowed). A disk that none of them erases fails the step once the others are done.
model::JsonText eraseDevices(const StepContext& context);

} // namespace bm::agent
