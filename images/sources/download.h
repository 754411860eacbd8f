#pragma once
#include "common/model/deadline.h"
#include "common/platform/http_client.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace bm::images {

/// Bytes done and bytes to do (0: unknown).
using FetchProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// Downloads the URL of @p base, with its reach, credentials, headers and CA, to @p file, at most
/// @p limitBytes. A partial file is resumed at its end (Range).
/// @throws Error Unavailable, TooLarge, InvalidInput (neither http nor https, a refused address), StoreFull,
/// DeadlineExceeded
void downloadWith(const platform::HttpRequest& base, const std::filesystem::path& file,
                  std::uint64_t limitBytes, const FetchProgress& onProgress, const model::Deadline& deadline);

/// Fetches a small document. @throws Error as above; TooLarge beyond @p limitBytes
std::string fetchText(const platform::HttpRequest& base, std::size_t limitBytes,
                      const model::Deadline& deadline);

} // namespace bm::images
