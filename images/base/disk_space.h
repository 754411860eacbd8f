#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace bm::images {

/// Bytes that an unprivileged process may still write on @p folder's file system.
std::uint64_t freeBytes(const std::filesystem::path& folder);

/// Throws StoreFull, with the free and the needed bytes, when writing @p bytes would leave less than @p
/// reserveBytes free.
void checkFreeSpace(const std::filesystem::path& folder, std::uint64_t reserveBytes, std::uint64_t bytes);

/// Throws the errno of a failed write to the store: StoreFull when the disk, quota or file size limit is
/// exhausted, else Internal.
[[noreturn]] void throwWriteFailed(const std::string& doing, int errorNumber);

/// "1.5 GiB", for messages.
std::string humanBytes(std::uint64_t bytes);

} // namespace bm::images
