#include "agent/disk/signature_wiper.h"

#include <algorithm>

namespace bm::agent {
namespace {

/// Covers signatures at some distance from the ends: md 1.x at 4 KiB and the last 8 KiB, md 0.90 in the last
/// 128 KiB, DDF and Intel RAID in the last sectors, LVM labels in the first 2 KiB, ZFS labels in the first
/// and last 512 KiB, GPT backups.
constexpr std::uint64_t kEndBytes = std::uint64_t{4} << 20U;
constexpr std::uint64_t kSpareSuperblocks[] = {std::uint64_t{64} << 20U,
                                               std::uint64_t{256} << 30U}; ///< btrfs'
constexpr std::uint64_t kSpareBytes = std::uint64_t{64} << 10U;

class Wiper {
public:
    Wiper(BlockDevice& device, std::uint64_t from, const std::stop_token& stop) : device_(device), stop_(stop)
    {
        const std::uint64_t sector = device.sectorBytes();
        from_ = (from + sector - 1) / sector * sector;
        end_ = device.sizeBytes() / sector * sector;
    }

    void bothEnds(std::uint64_t begin, std::uint64_t end)
    {
        end = std::min(end, end_);
        if (begin >= end)
            return;
        zero(begin, std::min(begin + kEndBytes, end));
        zero(end - std::min(kEndBytes, end - begin), end);
        for (const std::uint64_t at : kSpareSuperblocks)
            if (begin + at + kSpareBytes <= end)
                zero(begin + at, begin + at + kSpareBytes);
    }

private:
    void zero(std::uint64_t begin, std::uint64_t end)
    {
        begin = std::max(begin, from_);
        if (begin < end)
            device_.zero(begin, end - begin, stop_);
    }

    BlockDevice& device_;
    const std::stop_token& stop_;
    std::uint64_t from_ = 0;
    std::uint64_t end_ = 0;
};

} // namespace

void wipeSignatures(BlockDevice& device, std::uint64_t from, const std::vector<Extent>& oldPartitions,
                    const std::stop_token& stop)
{
    Wiper wiper(device, from, stop);
    const std::uint64_t sector = device.sectorBytes();
    const std::uint64_t sectors = device.sizeBytes() / sector;
    for (const Extent& partition : oldPartitions)
        if (partition.first < sectors && partition.last >= partition.first)
            wiper.bothEnds(partition.first * sector, (std::min(partition.last, sectors - 1) + 1) * sector);
    wiper.bothEnds(from, device.sizeBytes()); // signatures of the old content after the image's end
    wiper.bothEnds(0, device.sizeBytes());
}

} // namespace bm::agent
