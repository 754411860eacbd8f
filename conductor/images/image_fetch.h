#pragma once
#include "db/repositories/image_job_repository.h"
#include "images/sources/download.h"
#include "images/store/image_store.h"

#include <string>

namespace bm::conductor {

/// Imports the bytes of one image into the store: from an upload's file, http(s), S3, another bm, or the
/// blocks of a capture. Fetches the checksum file, too. A repeated call continues a partial download.
/// @param url  unsealed; "" when job.file is the source
/// @param onProgress  bytes done and to do, of the download, then of the import
/// @throws Error the errors of download(), importFromPeer() and ImageStore::import()
images::StoredImage bringImageIn(images::ImageStore& store, const db::ImageJob& job, const std::string& url,
                                 std::uint64_t limitBytes, const images::FetchProgress& onProgress,
                                 const model::Deadline& deadline);

/// The first part of the names of files that an import keeps in the incoming folder.
std::string incomingName(const db::ImageJob& job);

} // namespace bm::conductor
