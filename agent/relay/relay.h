#pragma once
#include "agent/base/agent_log.h"
#include "agent/disk/block_device.h"
#include "agent/frames/frame_store.h"
#include "agent/relay/relay_copy.h"
#include "agent/relay/relay_server.h"
#include "images/blocks/manifest.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <stop_token>
#include <vector>

namespace bm::agent {

/// Which blocks are on the disk, as the image has them. Thread-safe.
class WrittenBlocks {
public:
    explicit WrittenBlocks(std::size_t count) : flags_(count) {}
    void mark(std::size_t block) { flags_[block].store(true, std::memory_order_release); }
    bool holds(std::size_t block) const { return flags_[block].load(std::memory_order_acquire); }

private:
    std::vector<std::atomic<bool>> flags_;
};

struct RelaySettings {
    std::uint16_t port = 6387;
    std::size_t cacheBytes =
        0; ///< of frames kept for others; 0: an eighth of the memory at hand, 16 to 256 MiB
    std::size_t mostChildren = 8;
};

/// This node's side of the relay during one copy: the frames at hand and the server that passes them on.
class Relay {
public:
    /// All borrowed. Without a port (all taken, forbidden) the node only takes.
    Relay(const images::Manifest& manifest, RelayCopy& copy, const RelaySettings& settings,
          std::size_t pipelineBytes, AgentLog& log);
    FrameStore& store() { return store_; }
    /// Blocks of @p written may from now on be read back for others. Borrowed till the relay's end or
    /// forget().
    void serveFrom(const BlockDevice& device, const WrittenBlocks& written);
    void forget();
    void retract(std::size_t block);
    /// Serves on while others want something, at most @p longest.
    void linger(std::chrono::milliseconds longest, const std::stop_token& stop);

private:
    const images::Manifest& manifest_;
    WakeUp changes_;
    FrameStore store_;
    std::unique_ptr<RelayServer> server_; ///< null without a port
};

} // namespace bm::agent
