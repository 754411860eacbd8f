#pragma once
#include "agent/disk/gpt.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace bm::agent {

/// An entry of an MBR or of an extended partition's table, in sectors.
struct MbrEntry {
    std::byte type{};
    std::uint64_t first = 0;
    std::uint64_t sectors = 0;

    bool isUsed() const { return type != std::byte{0} && sectors > 0; }
};

/// The master boot record of a disk with sectors of 512 bytes (UEFI 2.10, 5.2.1), changed in memory. Its four
/// entries are primary partitions, or an extended one with logical partitions inside.
class Mbr {
public:
    /// @return nothing without an MBR, or for other sectors
    static std::optional<Mbr> read(const BlockDevice& device);
    /// The same from the first sector. Boot sectors of FAT and NTFS end like an MBR, but have code where each
    /// of its entries begins with 0 or 0x80. @return nothing for them and for less than 512 bytes
    static std::optional<Mbr> parse(std::span<const std::byte> firstSector);

    std::array<MbrEntry, 4> entries() const;
    std::vector<Extent> partitions() const;
    /// Adds a Linux partition (type 83h) of @p sectors after all others, at the end of a disk of
    /// @p diskSectors and below 2 TiB: sector numbers have 32 bits. Its begin is a multiple of a MiB.
    /// @throws Error ConfigDriveFailed: four primary partitions, no space
    Extent addAtEnd(std::uint64_t diskSectors, std::uint64_t sectors);
    /// Removes the partition that begins at @p extent's first sector.
    void remove(const Extent& extent);
    std::span<const std::byte> bytes() const { return sector_; }
    void write(BlockDevice& device) const;

private:
    std::vector<std::byte> sector_;
};

} // namespace bm::agent
