#pragma once
#include "agent/disk/block_device.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::agent {

/// Kind of partition table at the begin of a disk or an image.
enum class TableKind : std::uint8_t { None, Mbr, Gpt };

/// What the first MiB of an image says about the sectors it was made for.
struct TableFound {
    TableKind kind = TableKind::None;
    std::uint32_t sectorBytes = 0; ///< 512 or 4096; 0: nothing says
};
TableFound findTable(std::span<const std::byte> firstMiB);

/// One partition, in sectors, last one included.
struct Extent {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};
/// Partitions of the table on @p device, GPT or the primary ones of an MBR; empty where there is none.
std::vector<Extent> partitionsOf(const BlockDevice& device);

/// A GUID partition table (UEFI 2.10, 5.3), taken from a disk, changed in memory, written back whole. Types,
/// GUIDs, names, attributes and starts of partitions stay what they are.
class Gpt {
public:
    /// Reads and checks the primary header and its entries (signature, both CRC32s, sizes).
    /// @return nothing when there is no GPT. @throws Error ImageCorrupt when there is a broken one
    static std::optional<Gpt> read(const BlockDevice& device);
    /// The same from the begin of an image that is not on a disk yet. Nothing also when the entries lie
    /// beyond it.
    static std::optional<Gpt> parse(std::span<const std::byte> begin, std::uint32_t sectorBytes);

    /// Moves the backup to the device's last sectors; the sectors beyond the image become usable.
    void moveToEnd(const BlockDevice& device);
    /// The same for what has @p sizeBytes and is called @p name in messages.
    void moveToEnd(const std::string& name, std::uint64_t sizeBytes);
    /// Takes the partition called @p name out. @return whether there was one
    bool remove(std::string_view name);
    /// Both copies, as write() would put them; the protective MBR is not among them.
    struct Piece {
        std::uint64_t sector = 0;
        std::vector<std::byte> bytes;
    };
    std::vector<Piece> pieces() const;
    /// The partition that ends last is made as long as fits, less @p keepSectors at the end; its end falls on
    /// a MiB.
    /// @return whether it grew
    bool growLast(std::uint64_t keepSectors);
    /// A "Linux filesystem data" partition of @p sectors at the end of the disk, its begin on a MiB.
    /// @throws Error ConfigDriveFailed: no room, no free entry
    Extent addAtEnd(std::uint64_t sectors, std::string_view name);
    std::optional<Extent> find(std::string_view name) const;
    std::vector<Extent> partitions() const;
    struct Entry {
        unsigned number = 0; ///< as tools count: from 1
        std::string type;    ///< GUID, lower-case
        std::string guid;    ///< of this partition, lower-case
        Extent extent{};
    };
    std::vector<Entry> entries() const;
    /// Both copies and the protective MBR's length; the backup first, so that one of them is whole at any
    /// moment.
    void write(BlockDevice& device);

private:
    static std::optional<Gpt> parseHeader(std::span<const std::byte> sector);
    void takeEntries(std::span<const std::byte> bytes);
    std::uint64_t field(std::size_t entry, std::size_t offset) const;
    void setField(std::size_t entry, std::size_t offset, std::uint64_t value);
    bool used(std::size_t entry) const;
    std::string guidAt(std::size_t entry, std::size_t offset) const;
    std::optional<std::size_t> entryCalled(std::string_view name) const;
    std::optional<std::size_t> lastEntry() const;
    std::vector<std::byte> header(bool backup) const;
    std::uint64_t entrySectors() const;

    std::uint64_t sectorBytes_ = 512;
    std::uint64_t firstUsable_ = 0;
    std::uint64_t lastUsable_ = 0;
    std::uint64_t backup_ = 0;    ///< sector of the backup header
    std::uint64_t oldBackup_ = 0; ///< where it was, to be wiped
    std::uint64_t primaryEntries_ = 2;
    std::uint32_t entryBytes_ = 128;
    std::uint32_t entryCount_ = 128;
    std::uint32_t entriesCrc_ = 0; ///< as read
    std::array<std::byte, 16> diskGuid_{};
    std::vector<std::byte> entries_;
};

/// CRC-32 as UEFI and zlib compute it.
std::uint32_t crc32(std::span<const std::byte> bytes);

} // namespace bm::agent
