#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace bm::images {

/// Bytes that an unprivileged writer may still use on @p folder's file system.
std::uint64_t freeBytes(const std::filesystem::path& folder);

/// @throws Error StoreFull, with free and needed bytes, when @p bytes more would leave less than @p
/// reserveBytes
void checkRoom(const std::filesystem::path& folder, std::uint64_t reserveBytes, std::uint64_t bytes);

/// errno of a failed write to the store as an Error: StoreFull where the disk, quota or size limit is used
/// up.
[[noreturn]] void throwWriteFailed(const std::string& doing, int errorNumber);

/// "1.5 GiB", for messages.
std::string humanBytes(std::uint64_t bytes);

} // namespace bm::images
