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

/// One node that takes blocks from us: its wants and how much we sent. For the server's poll loop.
class RelayChild {
public:
    using Clock = std::chrono::steady_clock;
    struct Help {
        std::function<bool(const RelayHello&)> admit;
        std::function<std::size_t()> blocks; ///< of the image
        std::function<bool(std::size_t)> isHole;
        std::function<FramePtr(std::size_t)> find; ///< in memory
        std::function<void(std::size_t)> fetch;    ///< from the disk, later, if it is there
        std::function<bool(std::size_t)> lost;     ///< failed verification; arrives again, out of order
        std::function<bool(std::size_t)> gone;     ///< left the memory, and the disk does not hold it
        std::function<void(std::uint64_t)> served;
    };
    RelayChild(platform::Fd fd, std::string name, Clock::time_point now);

    int fd() const { return fd_.get(); }
    const std::string& name() const { return name_; }
    bool admitted() const { return admitted_; }
    bool wantsSomething() const { return admitted_ && (frame_ || !wants_.empty()); }
    /// Waits for the other side to read.
    bool wantsToSend() const { return blocked_; }
    /// Waits for a block.
    bool starving() const { return starving_; }
    /// Its disk is slow: the other nodes come first.
    bool yields() const { return yields_; }
    /// Other nodes come first: sends the rest of the announced bytes and no more.
    void hold(const Help& help, Clock::time_point now);
    bool over() const { return over_; }
    /// Takes the bytes that arrived. Ends the connection where they break the protocol.
    void receive(const Help& help);
    /// Sends until the socket is full or the blocks run out.
    void send(const Help& help, Clock::time_point now);
    /// Life signs, deadlines.
    void tick(const Help& help, Clock::time_point now);
    void bye(RelayBye why);
    void retract(std::size_t block);

private:
    void take(const Help& help);
    bool flush(const Help& help, Clock::time_point now);
    bool takeFrame(const RelayWant& want, const Help& help);
    bool nextFrame(const Help& help);
    bool nextChunk();
    void finishFrame();
    void sayRetract(std::size_t block);

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
    std::vector<std::byte> head_;        ///< header and control messages still to go
    std::span<const std::byte> body_;    ///< of frame_, announced and still to go
    std::vector<std::size_t> retracted_; ///< to be said after the chunk that is on its way
    std::deque<std::size_t> given_;      ///< the last blocks that this node sent to the end
};

} // namespace bm::agent
