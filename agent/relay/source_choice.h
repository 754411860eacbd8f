#pragma once
#include "agent/base/agent_log.h"
#include "agent/relay/relay_copy.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bm::agent {

/// The reason for leaving a source.
enum class Leaving : std::uint8_t { Dead, Slow, Busy, Refused, Lying, Gone };
const char* toText(Leaving why) noexcept;

/// Chooses the next source: the first of the conductor's list that is not suspended, finally the server. A
/// suspension lasts seconds and doubles each time. A source of wrong blocks is suspended until the copy's
/// end. Thread-safe.
class SourceChoice {
public:
    using Clock = std::chrono::steady_clock;
    SourceChoice(RelayCopy& copy, AgentLog& log);

    /// @return nothing for the server. @p before: only sources better than this one
    std::optional<PeerAddress> best(Clock::time_point now,
                                    const std::optional<PeerAddress>& before = {}) const;
    /// True if peers of a new copy may still become available.
    bool early(Clock::time_point now) const;
    void leave(const PeerAddress& peer, Leaving why, const std::string& detail);
    /// Records that the source served well for a while; its next suspension is short again.
    void trust(const PeerAddress& peer);

    /// Records a block of the source that did not verify. @p vouchedFor: the source claims to have verified
    /// it. Otherwise the source may have received the wrong block itself, and withdraws it, before or after
    /// this call. It has five seconds to do so, which counts until @ref caughtUp.
    void strike(const std::string& name, std::size_t block, bool vouchedFor, Clock::time_point now);
    /// Records that this node has read all bytes of the peer, so that no withdrawal is waiting in the socket.
    void caughtUp(const std::string& name, Clock::time_point now);
    /// Records that the source withdrew a block.
    void forgive(const std::string& name, std::size_t block);
    bool lies(const std::string& name) const;

private:
    struct Standing {
        Clock::time_point until{};
        std::chrono::milliseconds last{0};
        std::map<std::size_t, Clock::time_point> strikes;
        std::set<std::size_t> broken;    ///< wrong blocks that the source vouched for
        std::set<std::size_t> withdrawn; ///< blocks that no verification has failed yet
        Clock::time_point caughtUp{};
        std::size_t forgiven = 0;
    };
    RelayCopy& copy_;
    AgentLog& log_;
    Clock::time_point began_;
    mutable std::mutex mutex_;
    std::map<std::string, Standing> standing_;
};

} // namespace bm::agent
