#include "agent/capture/disk_capture.h"

#include "agent/base/aligned_buffer.h"
#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {

using images::kBlockBytes;
using model::Error;
using model::ErrorCode;

namespace {

/// Iterates over the used ranges in step with the blocks.
class BlockReader {
public:
    BlockReader(const BlockDevice& device, const CapturePlan& plan)
        : device_(device), plan_(plan), buffer_(kBlockBytes)
    {}

    /// The block's bytes in the image; empty when all are zero. The caller requests blocks in rising order.
    std::span<const std::byte> read(const ByteRange& block)
    {
        while (next_ < plan_.used.size() && plan_.used[next_].end <= block.begin)
            ++next_;
        std::vector<ByteRange> used;
        for (std::size_t i = next_; i < plan_.used.size() && plan_.used[i].begin < block.end; ++i)
            used.push_back(
                {std::max(plan_.used[i].begin, block.begin), std::min(plan_.used[i].end, block.end)});
        const bool patched = std::ranges::any_of(plan_.patches, [&](const Patch& patch) {
            return patch.offset < block.end && patch.offset + patch.bytes.size() > block.begin;
        });
        if (used.empty() && !patched)
            return {};
        const std::span<std::byte> bytes = buffer_.first(block.end - block.begin);
        if (used.empty())
            std::ranges::fill(bytes, std::byte{0});
        else
            fill(block, used);
        for (const Patch& patch : plan_.patches)
            apply(patch, block, bytes);
        return bytes;
    }

private:
    /// Reads once from the first used byte to the last. If that fails, reads each range separately, so that a
    /// bad sector in free space does no harm.
    void fill(const ByteRange& block, const std::vector<ByteRange>& used)
    {
        try {
            readPart(block, {used.front().begin, used.back().end});
        } catch (const Error& error) {
            if (error.code() != ErrorCode::DiskFailed || used.size() == 1)
                throw;
            for (const ByteRange& range : used)
                readPart(block, range);
        }
        for (const ByteRange& hole : without(block, used))
            std::ranges::fill(at(block, hole), std::byte{0});
    }

    void readPart(const ByteRange& block, const ByteRange& range)
    {
        const std::uint64_t sector = device_.sectorBytes();
        const ByteRange whole{range.begin / sector * sector, (range.end + sector - 1) / sector * sector};
        device_.read(whole.begin, at(block, whole));
    }

    std::span<std::byte> at(const ByteRange& block, const ByteRange& range) const
    {
        return buffer_.bytes().subspan(range.begin - block.begin, range.end - range.begin);
    }

    static void apply(const Patch& patch, const ByteRange& block, std::span<std::byte> bytes)
    {
        const std::uint64_t begin = std::max(patch.offset, block.begin);
        const std::uint64_t end = std::min(patch.offset + patch.bytes.size(), block.end);
        if (begin < end)
            std::ranges::copy(std::span(patch.bytes).subspan(begin - patch.offset, end - begin),
                              bytes.begin() + static_cast<std::ptrdiff_t>(begin - block.begin));
    }

    const BlockDevice& device_;
    const CapturePlan& plan_;
    AlignedBuffer buffer_;
    std::size_t next_ = 0;
};

} // namespace

void readImage(const BlockDevice& device, const CapturePlan& plan, std::uint64_t firstBlock,
               images::BlockWriter& writer, StepProgress& progress, const std::stop_token& stop)
{
    BlockReader reader(device, plan);
    for (std::uint64_t begin = firstBlock * kBlockBytes; begin < plan.imageBytes; begin += kBlockBytes) {
        if (stop.stop_requested())
            throw Error(ErrorCode::Aborted, "stopped while reading");
        const ByteRange block{begin, std::min(begin + kBlockBytes, plan.imageBytes)};
        const std::span<const std::byte> bytes = reader.read(block);
        if (bytes.empty())
            writer.skip(block.end - block.begin);
        else
            writer.write(bytes);
        progress.add(block.end - block.begin);
    }
}

} // namespace bm::agent
