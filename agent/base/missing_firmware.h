#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace bm::agent {

/// A sentence for each device whose firmware the RAM disk lacks, from @p file, which the RAM disk's init
/// writes: "FILE PACKAGE DEVICE" a line. Empty without the file.
std::vector<std::string> missingFirmware(const std::filesystem::path& file = "/run/bm/firmware.missing");

} // namespace bm::agent
