#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/aligned_buffer.h"
#include "agent/copy/block_pipeline.h"
#include "agent/copy/copy_source.h"
#include "images/blocks/manifest.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <stop_token>
#include <vector>

namespace bm::agent {

/// The sink of a tree: returns its archive's bytes from begin to end to the thread that calls next(). Fetches
/// a block that does not verify again at once, up to three times, the last time from the server.
class TreeStream {
public:
    /// Memory of blocks in transit, frames and raw blocks together.
    static constexpr std::size_t kBytes = std::size_t{16} << 20U;

    /// All borrowed.
    TreeStream(const images::Manifest& manifest, CopySource& source, AgentLog& log,
               const std::stop_token& stop);

    /// The next block, valid until the next call; empty at the archive's end.
    /// @throws Error ChecksumMismatch (naming block and source), Aborted, a permanent error of the source
    std::span<const std::byte> next();
    /// The stored bytes of the image; valid after the archive's end.
    std::uint64_t bytesFetched() const;

private:
    const images::Manifest& manifest_;
    CopySource& source_;
    std::vector<std::size_t> blocks_;
    AlignedBuffer current_;
    AlignedBuffer zeros_{images::kBlockBytes};
    std::size_t next_ = 0;
    BlockPipeline pipeline_;
};

} // namespace bm::agent
