#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bm::agent {

/// A disk as the BIOS numbers it (int 13h), by the kernel's edd module.
struct BiosDrive {
    unsigned number = 0;                      ///< a BIOS starts 0x80
    std::uint64_t sectors = 0;                ///< 0: unknown
    std::optional<std::uint32_t> signature{}; ///< of the MBR, at this kernel's start
    std::string pci{};                        ///< "0000:00:05.0"; "": unknown
};
/// Sorted by number; empty without edd.
std::vector<BiosDrive> readBiosDrives(const std::filesystem::path& sys = "/sys");

/// The traits that identify a disk among the BIOS's drives.
struct DiskTraits {
    std::uint64_t sectors = 0;
    std::optional<std::uint32_t> signature{}; ///< of its MBR, before it is written
    std::string sysPath{};                    ///< "/devices/pci0000:00/0000:00:05.0/virtio2/block/vda"
};
/// The traits of @p disk ("/dev/vda"); unreadable ones remain empty.
DiskTraits traitsOf(const std::string& disk, const std::filesystem::path& sys = "/sys");

/// The only drive that fits @p disk by size, then controller, then signature; nothing when several fit.
std::optional<unsigned> biosNumberOf(const std::vector<BiosDrive>& drives, const DiskTraits& disk);

} // namespace bm::agent
