#include "agent/copy/disk_sink.h"

#include "common/model/error.h"

#include <algorithm>
#include <thread>

namespace bm::agent {

using images::kBlockBytes;
using model::Error;

namespace {

constexpr int kTriesPerBlock = 3;

std::size_t padded(std::uint64_t length, std::uint32_t sectorBytes)
{
    return (length + sectorBytes - 1) / sectorBytes * sectorBytes;
}

} // namespace

BlockPipeline::Plan DiskSink::planOf(std::span<const std::size_t> blocks, bool serverOnly) const
{
    BlockPipeline::Plan plan{.blocks = blocks};
    plan.serverOnly = serverOnly;
    plan.decoders = settings_.decoders;
    plan.rawBytes = settings_.memoryBytes / 2;
    return plan;
}

/// @return blocks that did not verify
std::vector<std::size_t> DiskSink::pass(std::span<const std::size_t> blocks,
                                        std::span<const std::size_t> holes, std::vector<BlockHash>& hashes,
                                        bool last, const std::stop_token& stop)
{
    BlockPipeline pipeline(parts_.manifest, parts_.source, parts_.log, planOf(blocks, last), stop,
                           [&](std::size_t block, std::span<const std::byte> raw) {
                               hashes[block] = hashOf(raw);
                               announceWrite();
                           });
    runWriters(pipeline, holes);
    std::vector<std::size_t> bad = pipeline.finish();
    lastMismatch_ = pipeline.lastMismatch();
    return bad;
}

void DiskSink::announceWrite() const
{
    for (const CopyTarget& target : parts_.targets)
        target.readBack.willWrite();
}

/// Returns when the blocks of @p pipeline are written and @p holes are zero.
void DiskSink::runWriters(BlockPipeline& pipeline, std::span<const std::size_t> holes)
{
    std::vector<std::jthread> writers;
    for (unsigned i = 0; i < std::max(settings_.writers, 1U); ++i)
        writers.emplace_back([&] { pipeline.guarded([&] { writeAll(pipeline); }); });
    pipeline.guarded([&] { zeroHoles(holes, pipeline.stopped()); });
}

void DiskSink::writeAll(BlockPipeline& pipeline)
{
    while (std::optional<RawBlock> raw = pipeline.next()) {
        writeBlock(*raw);
        pipeline.giveBack(std::move(raw->bytes));
    }
}

void DiskSink::writeBlock(const RawBlock& raw)
{
    const std::uint64_t length = parts_.manifest.rawLength(raw.block);
    for (const CopyTarget& target : parts_.targets)
        target.device.write(raw.block * kBlockBytes,
                            raw.bytes.first(padded(length, target.device.sectorBytes())));
    parts_.progress.add(length);
    parts_.written.mark(raw.block);
    for (const CopyTarget& target : parts_.targets)
        target.readBack.wrote(raw.block);
}

void DiskSink::zeroHoles(std::span<const std::size_t> holes, const std::stop_token& stop)
{
    constexpr std::size_t kBlocksAtOnce = 256; // so that progress and stop requests are handled in time
    for (std::size_t i = 0; i < holes.size();) {
        std::size_t count = 1;
        while (i + count < holes.size() && count < kBlocksAtOnce && holes[i + count] == holes[i] + count)
            ++count;
        const std::uint64_t begin = holes[i] * kBlockBytes;
        const std::size_t last = holes[i + count - 1];
        const std::uint64_t end = last * kBlockBytes + parts_.manifest.rawLength(last);
        for (const CopyTarget& target : parts_.targets)
            target.device.zero(begin, padded(end - begin, target.device.sectorBytes()), stop);
        parts_.progress.add(end - begin);
        for (const std::size_t hole : holes.subspan(i, count))
            for (const CopyTarget& target : parts_.targets)
                target.readBack.onDisk(hole);
        i += count;
    }
}

void DiskSink::write(std::span<const std::size_t> blocks, std::span<const std::size_t> holes,
                     std::vector<BlockHash>& hashes, const std::stop_token& stop)
{
    std::vector<std::size_t> left(blocks.begin(), blocks.end());
    for (int attempt = 1; attempt == 1 || !left.empty(); ++attempt) {
        const bool last = attempt == kTriesPerBlock;
        left = pass(left, attempt == 1 ? holes : std::span<const std::size_t>{}, hashes, last, stop);
        if (!left.empty() && last)
            throw Error(*lastMismatch_);
    }
}

} // namespace bm::agent
