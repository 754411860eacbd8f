#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/step_progress.h"
#include "agent/copy/block_pipeline.h"
#include "agent/copy/copy_source.h"
#include "agent/copy/pipeline_settings.h"
#include "agent/copy/read_back.h"
#include "agent/disk/block_device.h"
#include "agent/relay/disk_frames.h"
#include "images/blocks/manifest.h"

#include <cstddef>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

namespace bm::agent {

/// A disk that gets the image, and its own reader.
struct CopyTarget {
    BlockDevice& device;
    ReadBack& readBack;
};

/// The sink of disk images: writes a pipeline's blocks to every target with O_DIRECT, on threads of its own,
/// and zeroes the holes.
class DiskSink {
public:
    /// Borrows all arguments. Every target is at least as long as the image; all have the same sector size.
    struct Parts {
        const images::Manifest& manifest;
        CopySource& source;
        std::span<const CopyTarget> targets;
        WrittenBlocks& written; ///< records the blocks of the first target
        StepProgress& progress;
        AgentLog& log;
    };
    DiskSink(const Parts& parts, PipelineSettings settings) : parts_(parts), settings_(settings) {}

    /// Writes @p blocks (without holes) in this order and zeroes @p holes at the same time. Fetches a block
    /// that does not verify again, up to three times, the last time from the server. @p hashes gets the hash
    /// of each block written.
    /// @throws Error ChecksumMismatch (naming block and source), DiskFailed, Aborted; NotFound, Forbidden ...
    /// of the source
    void write(std::span<const std::size_t> blocks, std::span<const std::size_t> holes,
               std::vector<BlockHash>& hashes, const std::stop_token& stop);

private:
    BlockPipeline::Plan planOf(std::span<const std::size_t> blocks, bool serverOnly) const;
    std::vector<std::size_t> pass(std::span<const std::size_t> blocks, std::span<const std::size_t> holes,
                                  std::vector<BlockHash>& hashes, bool last, const std::stop_token& stop);
    void announceWrite() const;
    void runWriters(BlockPipeline& pipeline, std::span<const std::size_t> holes);
    void writeAll(BlockPipeline& pipeline);
    void writeBlock(const RawBlock& raw);
    void zeroHoles(std::span<const std::size_t> holes, const std::stop_token& stop);

    Parts parts_;
    PipelineSettings settings_;
    std::optional<model::Error> lastMismatch_;
};

} // namespace bm::agent
