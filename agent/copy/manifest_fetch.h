#pragma once
#include "agent/frames/frame_source.h"
#include "images/blocks/manifest.h"

#include <string>

namespace bm::agent {

struct ManifestOrder {
    std::string location;        ///< URL or path
    std::string sha256{};        ///< of the manifest, lower-case hex; empty: no check
    std::uint64_t sizeBytes = 0; ///< of the image; 0: from the manifest
};
/// @throws Error ChecksumMismatch, ImageCorrupt, and as fetchWhole()
images::Manifest fetchManifest(const ManifestOrder& order, const TokenSource& token,
                               const std::stop_token& stop);

} // namespace bm::agent
