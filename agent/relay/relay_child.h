#pragma once
#include "agent/frames/frame_store.h"
#include "agent/relay/relay_wire.h"
#include "common/platform/files.h"

#include <chrono>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace bm::agent {

/// A downstream node: its requests and the sent bytes. For the server's poll loop.
class RelayChild {
public:
    using Clock = std::chrono::steady_clock;
    struct Help {
        std::function<bool(const RelayHello&)> admit;
        std::function<std::size_t()> blocks; ///< of the image
        std::function<bool(std::size_t)> isHole;
        std::function<FramePtr(std::size_t)> find; ///< in memory
        std::function<void(std::size_t)> fetch;    ///< the disk may have it; load it
        std::function<bool(std::size_t)> lost;     ///< failed verification; arrives again, out of order
        std::function<bool(std::size_t)> gone;     ///< dropped from memory, and the disk does not have it
        std::function<bool()> cautious;            ///< this node passes on verified frames only
        std::function<void(std::uint64_t)> served;
    };
    RelayChild(platform::Fd fd, std::string name, Clock::time_point now);

    int fd() const { return fd_.get(); }
    const std::string& name() const { return name_; }
    bool admitted() const { return admitted_; }
    bool wantsBlocks() const { return admitted_ && (frame_ || !wants_.empty()); }
    /// True if it waits for the node to read.
    bool wantsToSend() const { return blocked_; }
    /// True if it waits for a block.
    bool starving() const { return starving_; }
    /// True if the node's disk is slow; other nodes have priority.
    bool yields() const { return yields_; }
    /// Sends only the rest of the announced bytes, because other nodes have priority.
    void hold(const Help& help, Clock::time_point now);
    bool over() const { return over_; }
    /// Reads the received bytes. Ends the connection on a violation of the protocol.
    void receive(const Help& help);
    /// Sends until the socket is full or no bytes are left.
    void send(const Help& help, Clock::time_point now);
    /// Sends heartbeats and checks deadlines.
    void tick(const Help& help, Clock::time_point now);
    void bye(RelayBye why);
    void retract(std::size_t block);
    /// Withdraws the blocks that this node has sent and not verified yet.
    void retractUnverified(const Help& help);

private:
    void take(const Help& help);
    bool flush(const Help& help, Clock::time_point now);
    bool takeFrame(const RelayWant& want, const Help& help);
    bool nextFrame(const Help& help);
    bool nextChunk();
    void finishFrame(const Help& help);
    void sendRetract(std::size_t block);

    platform::Fd fd_;
    std::string name_;
    bool admitted_ = false;
    bool blocked_ = false;
    bool starving_ = false;
    bool yields_ = false;
    bool held_ = false;
    bool over_ = false;
    bool closing_ = false;
    Clock::time_point began_;
    Clock::time_point lastSent_;
    Clock::time_point lastMoved_;
    std::vector<std::byte> in_;
    std::deque<RelayWant> wants_;
    FramePtr frame_;
    std::size_t sent_ = 0;               ///< of frame_, announced
    std::vector<std::byte> head_;        ///< header and control messages still to send
    std::span<const std::byte> body_;    ///< bytes of frame_ that are announced and still to send
    std::vector<std::size_t> retracted_; ///< messages to send after the current chunk
    std::deque<std::size_t> given_;      ///< the latest blocks that were sent completely
};

} // namespace bm::agent
