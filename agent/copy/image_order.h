#pragma once
#include "agent/copy/pipeline_settings.h"
#include "agent/frames/frame_source.h"
#include "agent/relay/relay.h"
#include "common/wire/steps/image_parts.h"
#include "images/blocks/manifest.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

namespace bm::agent {

struct StepContext;

/// An image to copy, its source (URLs or paths) and the settings of the copy.
struct ImageOrder {
    std::string manifest;
    std::string manifestSha256{}; ///< lower-case hex; empty: no check
    std::uint64_t sizeBytes = 0;  ///< size of the image or the archive; 0: from the manifest
    std::string blocks;
    std::string configDrive{}; ///< empty: none
    TokenSource token{};
    PipelineSettings pipeline{};
    RelayCopy* relay = nullptr; ///< borrowed; null: no relay
    RelaySettings relaySettings{};
    std::chrono::milliseconds linger{5000}; ///< how long this node serves others after its copy
};

/// From the arguments of @p step. @throws Error InvalidInput: no http(s) URL, no checksum
ImageOrder imageOrderFrom(const wire::ImageOfStore& image, const std::optional<std::string>& configDriveUrl,
                          const StepContext& context, const std::string& step);
/// @throws as the other fetchManifest() (agent/copy/manifest_fetch.h)
images::Manifest fetchManifest(const ImageOrder& order, const std::stop_token& stop);
/// The config drive's bytes, verified; "" when the order has none. @throws Error ConfigDriveFailed, and as
/// fetchWhole()
std::string fetchConfigDrive(const ImageOrder& order, const std::stop_token& stop);

} // namespace bm::agent
