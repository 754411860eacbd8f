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

/// Serves the blocks of one copy to the nodes behind this one, while they arrive or from the disk: a poll
/// loop on one thread; another one brings back what is no longer in memory. Drops a connection
/// that does not show the copy's token within seconds, and a 65th one. Bounded: a few buffers beyond the
/// store's limit.
class RelayServer {
public:
    struct Settings {
        std::uint16_t port = 0;     ///< 0, or taken: any free one
        std::string address = "::"; ///< to listen at; IPv4 too
        std::size_t mostChildren = 8;
    };
    /// All borrowed. @throws Error Unavailable when no port can be had
    RelayServer(const images::Manifest& manifest, FrameStore& store, RelayCopy& copy, AgentLog& log,
                const platform::WakeUp& changes, const Settings& settings);
    ~RelayServer();
    RelayServer(const RelayServer&) = delete;
    RelayServer& operator=(const RelayServer&) = delete;

    std::uint16_t port() const;
    /// From now on, or (null) no longer, frames that left the memory come back from @p frames. Borrowed.
    /// Returns once the frames given before are no longer in use. The first call begins the judging of this
    /// node's disk.
    void restoreFrom(DroppedFrames* frames);
    /// Tells the nodes that got the block that it was wrong.
    void retract(std::size_t block);
    /// Nodes that still want blocks, without those that wait for their own disk.
    std::size_t children() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::agent
