#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/step_progress.h"
#include "agent/copy/delta_choice.h"
#include "agent/copy/frame_fetcher.h"
#include "agent/copy/read_back.h"
#include "agent/disk/block_device.h"
#include "agent/frames/frame_store.h"
#include "agent/relay/relay.h"
#include "images/blocks/manifest.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace bm::agent {

struct PipelineSettings {
    std::size_t memoryBytes = std::size_t{40} << 20U; ///< of all buffers together; at least 8 MiB are used
    unsigned decoders = 0; ///< threads that verify and decompress; 0: as many as cores
    unsigned writers = 2;  ///< threads that write
};

/// Another disk that gets the same blocks, and is read back by itself.
struct Twin {
    BlockDevice& device;
    ReadBack& readBack;
};

/// From the source to the disk: one thread fetches, some verify and decompress, some write with O_DIRECT,
/// this one zeroes the holes. Memory is bounded by the pools of buffers, whatever the image's size.
class ImageWriter {
public:
    /// All borrowed. The device is at least as long as the image; @p store is where @p fetcher puts frames.
    struct Parts {
        const images::Manifest& manifest;
        BlockDevice& device;
        FrameFetcher& fetcher;
        FrameStore& store;
        StepProgress& progress;
        AgentLog& log;
        Relay* relay = nullptr; ///< told what did not verify
        WrittenBlocks* written = nullptr;
        ReadBack* readBack = nullptr; ///< told what was written
        std::span<const Twin> twins{};
    };
    ImageWriter(const Parts& parts, std::string sourceName, PipelineSettings settings);

    /// Writes @p blocks (no holes among them) in this order and zeroes @p holes meanwhile. A block that does
    /// not verify is fetched again, three times, the last from the server. @p hashes gets the hash of each
    /// block written.
    /// @throws Error ChecksumMismatch (which block, from where), DiskFailed, Aborted; NotFound, Forbidden ...
    /// of the source
    void write(std::span<const std::size_t> blocks, std::span<const std::size_t> holes,
               std::vector<BlockHash>& hashes, const std::stop_token& stop);

private:
    class Pass;
    void zeroHoles(std::span<const std::size_t> holes, const std::stop_token& stop);

    Parts parts_;
    std::string sourceName_; ///< the server's, for people
    PipelineSettings settings_;
};

/// Looks at a few blocks spread over the disk.
Probe probeDisk(const images::Manifest& manifest, const BlockDevice& device, const std::stop_token& stop);

/// Which blocks of the image the disk already holds, by SHA-256, those that are @p known not asked for; one
/// that cannot be read is not held. Hashes of those found are put into @p hashes.
std::vector<bool> findPresent(const images::Manifest& manifest, const BlockDevice& device,
                              const std::vector<bool>& known, std::vector<BlockHash>& hashes,
                              const std::stop_token& stop);

} // namespace bm::agent
