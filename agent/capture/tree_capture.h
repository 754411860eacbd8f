#pragma once
#include "agent/disk/block_device.h"
#include "agent/step/step_context.h"
#include "common/wire/steps/capture_disk.h"

#include <string>

namespace bm::agent {

/// Sends the files of the system on @p device (CapturedSystem) as an archive to the node's capture at @p url.
/// @param device  an overlay, because the mounts write to it
/// @return the result without the members disk and seconds
/// @throws Error as CapturedSystem, TreeArchive and sendCapture()
wire::CaptureDiskResult captureTree(const StepContext& context, const std::string& url,
                                    const BlockDevice& device, bool generalise,
                                    const model::Deadline& deadline);

} // namespace bm::agent
