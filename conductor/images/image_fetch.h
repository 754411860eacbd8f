#pragma once
#include "db/repositories/image_job_repository.h"
#include "images/sources/download.h"
#include "images/store/image_store.h"

#include <string>

namespace bm::conductor {

/// Brings the bytes of one import into the store, from wherever they come: an upload's file, http(s), S3 or
/// another bm, a capture's blocks; a checksum file is fetched and looked up. May be repeated: a download goes
/// on at its end.
/// @param url  unsealed; "" where job.file is it
/// @param onProgress  bytes done and to do, of the download, then of the import
/// @throws Error what download(), importFromPeer() and ImageStore::import() throw
images::StoredImage bringImageIn(images::ImageStore& store, const db::ImageJob& job, const std::string& url,
                                 std::uint64_t limitBytes, const images::FetchProgress& onProgress,
                                 const model::Deadline& deadline);

/// How the names of the files begin that an import keeps in the incoming folder.
std::string incomingName(const db::ImageJob& job);

} // namespace bm::conductor
