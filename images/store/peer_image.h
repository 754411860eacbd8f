#pragma once
#include "images/sources/download.h"
#include "images/sources/source_url.h"
#include "images/store/image_store.h"

#include <filesystem>

namespace bm::images {

/// Takes an image over from another bmd as it is stored there: its manifest, authenticated by what its API
/// says of it, and its blocks, each verified. The content id is the same afterwards.
/// @param file  where the blocks are fetched to, in the store's incoming folder; goes on at its end
/// @throws Error NotFound, Unauthorized, Conflict (not ready there), ChecksumMismatch, ImageCorrupt and what
/// download() throws
StoredImage importFromPeer(const SourceUrl& source, const SourceSettings& settings, ImageStore& store,
                           const std::filesystem::path& file, std::uint64_t limitBytes,
                           const FetchProgress& onProgress, const model::Deadline& deadline);

} // namespace bm::images
