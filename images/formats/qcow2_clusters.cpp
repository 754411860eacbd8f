#include "images/formats/qcow2_clusters.h"

#include "common/model/error.h"
#include "common/text/bytes.h"
#include "images/formats/disk_refusal.h"

#include <algorithm>
#include <bit>
#include <fmt/format.h>
#include <optional>

namespace bm::images {
namespace {

constexpr std::uint64_t kOffsetMask = 0x00fffffffffffe00; // bits 9 to 55
constexpr std::uint64_t kCompressed = std::uint64_t{1} << 62U;
constexpr std::uint64_t kReadsZero = 1;
constexpr unsigned kSubclusters = 32;

[[noreturn]] void cutOff(std::uint64_t fileBytes, std::uint64_t neededBytes)
{
    throw model::Error(model::ErrorCode::ImageCorrupt,
                       fmt::format("qcow2: truncated: the file has {} bytes, but its tables refer to {}",
                                   fileBytes, neededBytes),
                       "fetch it again and compare its checksum");
}

/// The clusters of a file that tables refer to. A reference count of two without snapshots means that two
/// places of the disk share their data. Only files whose counts are out of date need this: qemu-img compares
/// the others.
class References {
public:
    References(std::uint64_t fileBytes, std::uint32_t clusterBytes)
        : clusterBytes_(clusterBytes), seen_(fileBytes / clusterBytes + 1)
    {}

    void add(std::uint64_t offset)
    {
        const std::size_t cluster = offset / clusterBytes_;
        if (cluster < seen_.size() && seen_[cluster])
            throw model::Error(model::ErrorCode::ImageCorrupt,
                               fmt::format("qcow2: two table entries refer to the bytes at {}", offset),
                               std::string(kRepairImage));
        if (cluster < seen_.size())
            seen_[cluster] = true;
    }

private:
    std::uint64_t clusterBytes_;
    std::vector<bool> seen_;
};

/// Walks the two levels of tables (QEMU docs/interop/qcow2.txt, "Cluster mapping").
class Walk {
public:
    Walk(const ByteSource& file, const Qcow2Header& header)
        : file_(file), header_(header), entryBytes_(header.extendedL2 ? 16 : 8),
          entries_(header.clusterBytes / entryBytes_)
    {
        constexpr std::uint64_t kMostClusters = std::uint64_t{1} << 30U; // 128 MiB of bits
        if (header.dirty && file.sizeBytes() / header.clusterBytes > kMostClusters)
            throw model::Error(model::ErrorCode::ImageUnsupported,
                               "qcow2: the file was not closed cleanly, and has too many clusters to check",
                               std::string(kRepairImage));
        if (header.dirty)
            references_.emplace(file.sizeBytes(), header.clusterBytes);
    }

    void run()
    {
        const std::vector<std::byte> l1 = file_.read(header_.l1Offset, header_.l1Entries * 8);
        const std::uint64_t covered = entries_ * header_.clusterBytes;
        for (std::uint64_t i = 0; i < header_.l1Entries && i * covered < header_.virtualBytes; ++i)
            if (const std::uint64_t offset = text::bigEndian<std::uint64_t>(l1, i * 8) & kOffsetMask;
                offset != 0)
                table(offset, i * covered);
    }

private:
    void table(std::uint64_t offset, std::uint64_t guest)
    {
        require(offset, header_.clusterBytes);
        if (references_)
            references_->add(offset);
        const std::vector<std::byte> l2 = file_.read(offset, header_.clusterBytes);
        for (std::uint64_t i = 0; i < entries_ && guest < header_.virtualBytes;
             ++i, guest += header_.clusterBytes)
            cluster(l2, i * entryBytes_, guest);
    }

    void cluster(const std::vector<std::byte>& l2, std::size_t at, std::uint64_t guest)
    {
        const auto entry = text::bigEndian<std::uint64_t>(l2, at);
        if ((entry & kCompressed) != 0 || (entry & kOffsetMask) == 0)
            return;
        if (references_)
            references_->add(entry & kOffsetMask);
        std::uint64_t used = header_.clusterBytes;
        if (header_.extendedL2) // the low half of the bitmap marks subclusters with data
            used = std::uint64_t{header_.clusterBytes} / kSubclusters *
                   static_cast<std::uint64_t>(std::bit_width(text::bigEndian<std::uint32_t>(l2, at + 12)));
        else if (header_.version == 3 && (entry & kReadsZero) != 0)
            return;
        if (const std::uint64_t length = std::min(used, header_.virtualBytes - guest); length > 0)
            require(entry & kOffsetMask, length);
    }

    void require(std::uint64_t offset, std::uint64_t length) const
    {
        if (offset + length > file_.sizeBytes())
            cutOff(file_.sizeBytes(), offset + length);
    }

    const ByteSource& file_;
    const Qcow2Header& header_;
    std::optional<References> references_{}; ///< of a file that was not closed
    std::size_t entryBytes_;
    std::uint64_t entries_;
};

} // namespace

void checkQcow2Clusters(const ByteSource& file, const Qcow2Header& header)
{
    Walk(file, header).run();
}

} // namespace bm::images
