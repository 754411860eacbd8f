#pragma once
#include "agent/base/agent_log.h"
#include "agent/frames/frame_store.h"
#include "agent/relay/relay_copy.h"
#include "common/platform/files.h"
#include "images/blocks/manifest.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace bm::agent {

/// Blocks that are on the disk already. Both are called on the relay's threads.
struct DiskBlocks {
    std::function<bool(std::size_t block)> holds;
    std::function<void(std::size_t block, std::span<std::byte> raw)> read; ///< throws model::Error
};

/// An eventfd: wakes a poll().
class WakeUp {
public:
    WakeUp();
    void wake() const noexcept;
    void clear() const noexcept;
    int fd() const { return fd_.get(); }

private:
    platform::Fd fd_;
};

/// Serves the blocks of one copy to the nodes behind this one, while they arrive or from the disk: a poll
/// loop on one thread, another one reads and compresses what is no longer in memory. Who does not show the
/// copy's token within seconds is dropped; so is a 65th connection. Bounded: a few buffers beyond the store's
/// limit.
class RelayServer {
public:
    struct Settings {
        std::uint16_t port = 0;     ///< 0, or taken: any free one
        std::string address = "::"; ///< to listen at; IPv4 too
        std::size_t mostChildren = 8;
    };
    /// All borrowed. @throws Error Unavailable when no port can be had
    RelayServer(const images::Manifest& manifest, FrameStore& store, RelayCopy& copy, AgentLog& log,
                const WakeUp& changes, const Settings& settings);
    ~RelayServer();
    RelayServer(const RelayServer&) = delete;
    RelayServer& operator=(const RelayServer&) = delete;

    std::uint16_t port() const;
    /// From now on, or (empty) no longer, blocks may be read from the disk. Returns when nobody reads.
    void serveFrom(DiskBlocks disk);
    /// Tells those who were given the block that it was wrong.
    void retract(std::size_t block);
    /// Nodes that still want something, without those whose own disk they wait for.
    std::size_t children() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace bm::agent
