#pragma once
#include "agent/base/agent_log.h"
#include "agent/frames/frame_store.h"
#include "agent/relay/dropped_frames.h"
#include "agent/relay/relay_copy.h"
#include "common/platform/wake_up.h"
#include "images/blocks/manifest.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace bm::agent {

/// Serves the blocks of one copy to downstream nodes, while they arrive or from the disk. Runs a poll loop on
/// one thread; another thread restores blocks that are no longer in memory. Drops a connection that does not
/// send the copy's token within seconds, and a 65th connection. Memory: a few buffers besides the store's
/// limit.
class RelayServer {
public:
    struct Settings {
        std::uint16_t port = 0;     ///< 0, or a port in use: any free port
        std::string address = "::"; ///< to listen at; IPv4 too
        std::size_t mostChildren = 8;
    };
    /// Borrows all arguments. @throws Error Unavailable when no port is free
    RelayServer(const images::Manifest& manifest, FrameStore& store, RelayCopy& copy, AgentLog& log,
                const platform::WakeUp& changes, const Settings& settings);
    ~RelayServer();
    RelayServer(const RelayServer&) = delete;
    RelayServer& operator=(const RelayServer&) = delete;

    std::uint16_t port() const;
    /// Sets the source of dropped frames (borrowed; null: none). Returns when the previous source is no
    /// longer in use. The first call starts the measurement of this node's disk.
    void restoreFrom(DroppedFrames* frames);
    /// Notifies the nodes that got the block that it was wrong.
    void retract(std::size_t block);
    /// The number of nodes that still request blocks, without those that wait for their own disk.
    std::size_t children() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::agent
