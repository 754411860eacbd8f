#pragma once
#include <cstdint>
#include <filesystem>
#include <string_view>

namespace bm::agent {

/// Bytes of the line @p name ("MemAvailable", "VmHWM") of a file that the kernel writes in kB, such as
/// /proc/meminfo; 0 where there is no such line.
std::uint64_t bytesInProcFile(const std::filesystem::path& file, std::string_view name);

} // namespace bm::agent
