#pragma once
#include "agent/base/agent_log.h"
#include "agent/relay/relay_copy.h"

#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace bm::agent {

/// Why a source was left.
enum class Leaving : std::uint8_t { Dead, Slow, Busy, Refused, Lying, Gone };
const char* toText(Leaving why) noexcept;

/// Which of the conductor's sources is the next to try: the first of its list that is not suspended, at
/// last the server. A suspension lasts seconds and doubles; a liar's lasts till the copy's end. Thread-safe.
class SourceChoice {
public:
    using Clock = std::chrono::steady_clock;
    SourceChoice(RelayCopy& copy, AgentLog& log);

    /// Nothing: the server. @p before: only sources better than this one.
    std::optional<PeerAddress> best(Clock::time_point now,
                                    const std::optional<PeerAddress>& before = {}) const;
    /// Whether peers of a copy that has just begun may still come up.
    bool early(Clock::time_point now) const;
    void leave(const PeerAddress& peer, Leaving why, const std::string& detail);
    /// It served well for a while: its next suspension is short again.
    void trust(const PeerAddress& peer);

    /// A block that it gave did not verify. A peer that was lied to itself takes the block back: it has a
    /// second for that, counted until @ref caughtUp.
    void strike(const std::string& name, std::size_t block, Clock::time_point now);
    /// This node has read all that the peer sent: nothing of it waits behind a full memory.
    void caughtUp(const std::string& name, Clock::time_point now);
    void forgive(const std::string& name, std::size_t block);
    bool lies(const std::string& name) const;

private:
    struct Standing {
        Clock::time_point until{};
        std::chrono::milliseconds last{0};
        std::map<std::size_t, Clock::time_point> strikes;
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
