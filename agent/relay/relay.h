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
        0; ///< memory for frames of other nodes; 0: an eighth of the available memory, 16 to 256 MiB
    std::size_t mostChildren = 8;
};

/// This node's part of the relay during one copy: the frames in memory and the server that sends them to
/// other nodes.
class Relay {
public:
    /// Borrows all arguments. Without a port (all in use, forbidden) the node fetches blocks from peers and
    /// serves none.
    Relay(const images::Manifest& manifest, RelayCopy& copy, const RelaySettings& settings,
          std::size_t pipelineBytes, AgentLog& log);
    FrameStore& store() { return store_; }
    /// Call it when the disk starts to accept blocks. From then on the store may drop frames, which @p frames
    /// restores until forget(), and the relay measures whether the disk is slow.
    void restoreFrom(std::unique_ptr<DroppedFrames> frames);
    /// Ends the use of restoreFrom()'s argument; the server continues with the frames in memory.
    void forget();
    void retract(std::size_t block);
    /// Serves while other nodes request blocks, at most @p longest.
    void linger(std::chrono::milliseconds longest, const std::stop_token& stop);

private:
    platform::WakeUp changes_;
    std::unique_ptr<DroppedFrames> frames_; ///< null: none
    FrameStore store_;
    std::unique_ptr<RelayServer> server_; ///< null without a port
};

} // namespace bm::agent
