#pragma once
#include "agent/disk/block_device.h"
#include "agent/step/step_context.h"

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace bm::agent {

/// Sends the files of the system on @p device (CapturedSystem) as an archive to the node's capture at @p url.
/// @param device  an overlay: written to
/// @return {content_id, image_bytes, entries, bytes_sent, file_systems: [{mount, kind}], left_out,
/// generalised}
/// @throws Error as CapturedSystem, TreeArchive and sendCapture()
nlohmann::json captureTree(const StepContext& context, const std::string& url, const BlockDevice& device,
                           bool generalise, const model::Deadline& deadline);

} // namespace bm::agent
