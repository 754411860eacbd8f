#pragma once
#include "agent/step/step_context.h"
#include "images/blocks/block_writer.h"

#include <cstdint>
#include <functional>
#include <string>

namespace bm::agent {

struct SentImage {
    std::string contentId;
    std::uint64_t bytesSent = 0;
};

/// Writes an image from MiB @p firstBlock on and reports the progress. May be called again.
using CaptureReader = std::function<void(std::uint64_t firstBlock, images::BlockWriter& writer)>;

/// Sends an image of @p imageBytes to the node's capture at @p url, compressed on all cores. Starts at the
/// first block that the server lacks, also after a broken connection. Waits until the image is in the
/// catalogue.
/// @throws Error what @p read and CaptureUpload throw
SentImage sendCapture(const StepContext& context, const std::string& url, std::uint64_t imageBytes,
                      const CaptureReader& read);

} // namespace bm::agent
