#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bm::agent {

/// A disk as the BIOS numbers it (int 13h), by the kernel's edd module.
struct BiosDrive {
    unsigned number = 0;                      ///< 0x80 is what a BIOS starts
    std::uint64_t sectors = 0;                ///< 0: the BIOS does not say
    std::optional<std::uint32_t> signature{}; ///< of the MBR, when this kernel started
    std::string pci{};                        ///< "0000:00:05.0"; "": the BIOS does not say
};
/// Sorted by number; empty where there is no edd.
std::vector<BiosDrive> readBiosDrives(const std::filesystem::path& sys = "/sys");

/// What is known of a disk that is looked for among them.
struct DiskTraits {
    std::uint64_t sectors = 0;
    std::optional<std::uint32_t> signature{}; ///< of its MBR, before it is written
    std::string sysPath{};                    ///< "/devices/pci0000:00/0000:00:05.0/virtio2/block/vda"
};
/// The traits of @p disk ("/dev/vda"); what cannot be read is left out.
DiskTraits traitsOf(const std::string& disk, const std::filesystem::path& sys = "/sys");

/// The one drive that fits @p disk by size, then controller, then signature; nothing while several do.
std::optional<unsigned> biosNumberOf(const std::vector<BiosDrive>& drives, const DiskTraits& disk);

} // namespace bm::agent
