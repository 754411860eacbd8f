#pragma once
#include "images/sources/download.h"
#include "images/sources/source_url.h"
#include "images/store/image_store.h"

#include <filesystem>

namespace bm::images {

/// Copies an image from another bmd in stored form. Its API authenticates the manifest, and the manifest
/// verifies each block. The content id remains the same.
/// @param asker  the requester: system or project
/// @param checksum  "sha256:" and the content id that the image must have; "": any
/// @param file  for the downloaded blocks, in the store's incoming folder; a partial file is resumed
/// @throws Error NotFound, Unauthorized, Conflict (not ready there), ChecksumMismatch, ImageCorrupt, and
/// the errors of download()
StoredImage importFromPeer(const SourceUrl& source, const SourceSettings& settings, platform::Asker asker,
                           ImageStore& store, const std::filesystem::path& file, std::uint64_t limitBytes,
                           const FetchProgress& onDownload, const FetchProgress& onCheck,
                           const model::Deadline& deadline, const std::string& checksum);

} // namespace bm::images
