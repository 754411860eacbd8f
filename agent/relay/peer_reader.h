#pragma once
#include "agent/frames/fetch_run.h"
#include "agent/relay/relay_copy.h"
#include "agent/relay/relay_peer.h"
#include "agent/relay/source_choice.h"

#include <chrono>
#include <deque>
#include <optional>
#include <stop_token>

namespace bm::agent {

/// Reads a run's blocks from one peer until the run is complete, a better source exists, or the peer fails.
/// One thread.
class PeerReader {
public:
    using Clock = std::chrono::steady_clock;
    /// All borrowed. Connects. @throws Error Unavailable, Aborted
    /// @param beside  another reader of the same peer, which is notified of the blocks that the peer
    /// withdraws
    PeerReader(const PeerAddress& peer, FetchRun& run, RelayCopy& copy, SourceChoice& choice, bool beside,
               const std::stop_token& stop);
    /// @throws Left when the peer is at fault; Error Aborted
    void read();

    /// Thrown by read(): the reason to leave the peer.
    struct Left {
        Leaving why;
        std::string detail;
    };

private:
    void requestMore();
    void yieldWhenSlow();
    std::span<std::byte> onHeader(const RelayHeader& header);
    std::span<std::byte> onData(const RelayHeader& header);
    [[noreturn]] void onBye(const RelayHeader& header) const;
    void onBytes(std::size_t count);
    void checkProgress();
    void judge(Clock::time_point now);
    bool hasBetterSource(Clock::time_point now);

    const PeerAddress& peer_;
    std::string name_;
    FetchRun& run_;
    RelayCopy& copy_;
    SourceChoice& choice_;
    bool beside_;
    const std::stop_token& stop_;
    RelayPeer connection_;
    std::deque<std::size_t> rangeEnds_; ///< end of the requested ranges, as an index in the run
    std::size_t asked_ = 0;
    bool over_ = false;
    // The current measurement of the peer's rate
    Clock::time_point windowBegan_;
    Clock::time_point lastProbe_;
    Clock::duration blocked_{}; ///< time in which this node had no memory
    std::uint64_t bytes_ = 0;
    std::optional<std::size_t> begunHere_; ///< the block whose frame this peer began
    std::uint64_t starvedBytes_ = 0;       ///< chunks after which the peer had no more bytes
    bool waits_ = false;                   ///< the peer reports that it waits
    bool yielded_ = false;                 ///< this node's disk is slow, and the peer has been notified
    int slowWindows_ = 0;
    int poorWindows_ = 0;
};

} // namespace bm::agent
