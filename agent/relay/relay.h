#pragma once
#include "agent/base/agent_log.h"
#include "agent/frames/frame_store.h"
#include "agent/relay/dropped_frames.h"
#include "agent/relay/relay_copy.h"
#include "agent/relay/relay_server.h"
#include "common/platform/wake_up.h"
#include "images/blocks/manifest.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>

namespace bm::agent {

struct RelaySettings {
    std::uint16_t port = 6387;
    std::size_t cacheBytes =
        0; ///< of frames kept for others; 0: an eighth of the memory at hand, 16 to 256 MiB
    std::size_t mostChildren = 8;
};

/// This node's side of the relay during one copy: the frames in memory and the server that passes them on.
class Relay {
public:
    /// All borrowed. Without a port (all in use, forbidden) the node takes blocks and serves none.
    Relay(const images::Manifest& manifest, RelayCopy& copy, const RelaySettings& settings,
          std::size_t pipelineBytes, AgentLog& log);
    FrameStore& store() { return store_; }
    /// The disk takes blocks from now on: memory may drop frames, which come back from @p frames until
    /// forget(). Whether the disk is slow is judged from now on.
    void restoreFrom(std::unique_ptr<DroppedFrames> frames);
    /// Frees the frames of restoreFrom(); the server goes on with those in memory.
    void forget();
    void retract(std::size_t block);
    /// Serves while other nodes want blocks, at most @p longest.
    void linger(std::chrono::milliseconds longest, const std::stop_token& stop);

private:
    platform::WakeUp changes_;
    std::unique_ptr<DroppedFrames> frames_; ///< null: none
    FrameStore store_;
    std::unique_ptr<RelayServer> server_; ///< null without a port
};

} // namespace bm::agent
