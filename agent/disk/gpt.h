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

/// The sector size for which an image was made, by its first MiB.
struct TableFound {
    TableKind kind = TableKind::None;
    std::uint32_t sectorBytes = 0; ///< 512 or 4096; 0: unknown
};
TableFound findTable(std::span<const std::byte> firstMiB);

/// One partition, in sectors, last one included.
struct Extent {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};
/// Partitions of the GPT on @p device, or the primary ones of its MBR; empty without a table.
std::vector<Extent> partitionsOf(const BlockDevice& device);

/// A GUID partition table (UEFI 2.10, 5.3): read from a disk, changed in memory, and written back completely.
/// Keeps types, GUIDs, names, attributes and starts of partitions.
class Gpt {
public:
    /// Reads and checks the primary header and its entries (signature, both CRC32s, sizes).
    /// @return nothing without a GPT. @throws Error ImageCorrupt for a broken GPT
    static std::optional<Gpt> read(const BlockDevice& device);
    /// The same from the first bytes of an image. @return nothing also when the entries lie beyond these
    /// bytes
    static std::optional<Gpt> parse(std::span<const std::byte> begin, std::uint32_t sectorBytes);

    /// Moves the backup to the device's last sectors; the sectors beyond the image become usable.
    void moveToEnd(const BlockDevice& device);
    /// The same for a device of @p sizeBytes, which messages call @p name.
    void moveToEnd(const std::string& name, std::uint64_t sizeBytes);
    /// Removes the partition called @p name. @return true if it existed
    bool remove(std::string_view name);
    /// The bytes of both copies as write() writes them, without the protective MBR.
    struct Piece {
        std::uint64_t sector = 0;
        std::vector<std::byte> bytes;
    };
    std::vector<Piece> pieces() const;
    /// Grows the last partition to the end of the disk, less @p keepSectors, unless partitionUse() says that
    /// it does not grow. Its end is a multiple of a MiB.
    /// @return true if it grew
    bool growLast(std::uint64_t keepSectors);
    /// Adds a "Linux filesystem data" partition of @p sectors at the end of the disk. Its begin is a multiple
    /// of a MiB.
    /// @throws Error ConfigDriveFailed: no space, no free entry
    Extent addAtEnd(std::uint64_t sectors, std::string_view name);
    std::optional<Extent> find(std::string_view name) const;
    std::vector<Extent> partitions() const;
    struct Entry {
        unsigned number = 0; ///< from 1, as in sgdisk
        std::string type;    ///< GUID, lower-case
        std::string guid;    ///< of this partition, lower-case
        std::string name;    ///< other characters than ASCII are "?"
        Extent extent{};
    };
    std::vector<Entry> entries() const;
    /// The entry whose partition ends last. Nothing in an empty table.
    std::optional<Entry> last() const;
    /// Writes both copies and the protective MBR's length; the backup first, so that one copy is always
    /// complete.
    void write(BlockDevice& device);

private:
    static std::optional<Gpt> parseHeader(std::span<const std::byte> sector);
    void takeEntries(std::span<const std::byte> bytes);
    std::uint64_t field(std::size_t entry, std::size_t offset) const;
    void setField(std::size_t entry, std::size_t offset, std::uint64_t value);
    bool used(std::size_t entry) const;
    std::string nameAt(std::size_t entry) const;
    Entry entryAt(std::size_t entry) const;
    std::string guidAt(std::size_t entry, std::size_t offset) const;
    std::optional<std::size_t> entryCalled(std::string_view name) const;
    std::optional<std::size_t> lastEntry() const;
    std::vector<std::byte> header(bool backup) const;
    std::uint64_t entrySectors() const;

    std::uint64_t sectorBytes_ = 512;
    std::uint64_t firstUsable_ = 0;
    std::uint64_t lastUsable_ = 0;
    std::uint64_t backup_ = 0;    ///< sector of the backup header
    std::uint64_t oldBackup_ = 0; ///< the old sector, to be wiped
    std::uint64_t primaryEntries_ = 2;
    std::uint32_t entryBytes_ = 128;
    std::uint32_t entryCount_ = 128;
    std::uint32_t entriesCrc_ = 0; ///< as read
    std::array<std::byte, 16> diskGuid_{};
    std::vector<std::byte> entries_;
};

/// Writes sectors of a partition table, reads them back and compares them. @throws Error DiskFailed
void writeTableSectors(BlockDevice& device, std::uint64_t first, std::span<const std::byte> bytes);

/// CRC-32 as UEFI and zlib compute it.
std::uint32_t crc32(std::span<const std::byte> bytes);

} // namespace bm::agent
