#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/block_hash.h"
#include "agent/relay/dropped_frames.h"
#include "common/platform/files.h"
#include "images/blocks/manifest.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace bm::agent {

/// Stores the frames that the store drops in a file without a name, each at its offset in the image's .zst
/// file. For trees, whose blocks the disk does not have. Allocates the file's space with the first frame;
/// without that space every dropped frame is lost. The kernel deletes the file with this object.
class SpilledFrames final : public DroppedFrames {
public:
    /// Borrows @p manifest and @p log. @p folder is in the file system for the file, of which @p keepFree
    /// bytes remain free.
    SpilledFrames(const images::Manifest& manifest, std::string folder, std::uint64_t keepFree,
                  AgentLog& log);
    Place placeOf(std::size_t block) const override;
    void beforeDrop(const StoredFrame& frame) override;
    void restore(std::size_t block, FrameStore& store) override;

private:
    bool write(const StoredFrame& frame);
    void open();
    void giveUp(const std::string& why);

    const images::Manifest& manifest_;
    std::string folder_;
    std::uint64_t keepFree_;
    AgentLog& log_;
    std::mutex mutex_; ///< one frame is written at a time
    platform::Fd file_;
    bool opened_ = false;
    std::vector<BlockHash> hashes_; ///< of a frame that is Place::Here
    std::vector<std::atomic<Place>> places_;
};

} // namespace bm::agent
