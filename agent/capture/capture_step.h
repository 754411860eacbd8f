#pragma once
#include "agent/step/step_context.h"

namespace bm::agent {

/// capture_disk {capture_url, kind, generalise, root_device, root_device_policy, remembered} -> {disk,
/// content_id, image_bytes, bytes_used, bytes_sent, seconds, partitions: [{file_system, mapped, why}],
/// generalised, config_drive_left_out}; kind "tree": the files on it, and in the result what captureTree()
/// (agent/tree/tree_capture.h) tells. The disk is only read.
model::JsonText captureDiskStep(const StepContext& context);

} // namespace bm::agent
