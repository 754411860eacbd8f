#pragma once
#include "agent/disk/block_device.h"
#include "common/model/deadline.h"
#include "common/platform/exec.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// The EFI system partition of a disk.
struct EspPlace {
    unsigned number = 0; ///< of the partition, from 1
    std::string guid;    ///< the partition's own, lower-case
    std::uint64_t beginByte = 0;
};
/// The first partition of that type in the disk's GPT. @throws Error ImageCorrupt
std::optional<EspPlace> findEsp(const BlockDevice& device);

/// The fall-back path of firmware: UEFI 2.10, 3.5.1.1.
inline constexpr std::string_view kFallbackLoader = "\\EFI\\BOOT\\BOOTX64.EFI";

/// A BOOT.CSV of an ESP.
struct BootCsvFile {
    std::string path; ///< as in the listing, without "::": "/EFI/opensuse/boot.csv"
    std::string content;
};

/// The BOOT.CSV files to read among the files of an ESP: BOOTX64.CSV before BOOT.CSV of a folder; at most 16.
std::vector<std::string> bootCsvAmong(std::string_view listing);

/// The loader to start among the files of an ESP, listed one a line as "::/EFI/debian/shimx64.efi": the one
/// that a BOOT.CSV names first, a vendor's (shim before GRUB before others), else the fall-back; "" without
/// one. Where the lines of a BOOT.CSV have options, the fall-back comes before its folder's loaders: it runs
/// shim's fallback program, which makes entries with these options.
std::string loaderAmong(std::string_view listing, const std::vector<BootCsvFile>& csvs = {});

/// The same, by mdir without a mount. @throws Error AgentFailed
std::string loaderIn(const std::string& disk, const EspPlace& esp, platform::Exec& exec,
                     const model::Deadline& deadline);

} // namespace bm::agent
