#pragma once
#include "common/model/deadline.h"
#include "common/platform/http_client.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace bm::images {

/// Bytes done and bytes to do (0: not known).
using FetchProgress = std::function<void(std::uint64_t, std::uint64_t)>;

/// Fetches @p url into @p file, going on at its end when it exists (Range), at most @p limitBytes.
/// Only http and https. @throws Error Unavailable, TooLarge, InvalidInput, StoreFull, DeadlineExceeded
void download(const std::string& url, const std::filesystem::path& file, std::uint64_t limitBytes,
              const FetchProgress& onProgress, const model::Deadline& deadline);

/// As download(), asking with the address, credentials, headers and CA of @p base.
void downloadWith(const platform::HttpRequest& base, const std::filesystem::path& file,
                  std::uint64_t limitBytes, const FetchProgress& onProgress, const model::Deadline& deadline);

/// A small answer as text. @throws Error as above; TooLarge beyond @p limitBytes
std::string fetchText(const platform::HttpRequest& base, std::size_t limitBytes,
                      const model::Deadline& deadline);

} // namespace bm::images
