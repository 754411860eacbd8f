#pragma once
#include "agent/frames/frame_store.h"
#include "common/wire/agent/agent_exchange.h"
#include "images/blocks/manifest.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace bm::agent {

/// Another agent's relay.
struct PeerAddress {
    std::string host; ///< IPv4 or IPv6 address, not a name
    std::uint16_t port = 0;
    std::string text() const;
    bool operator==(const PeerAddress&) const = default;
    /// "10.0.0.1:6387" or "[fd00::1]:6387"; nothing for anything else.
    static std::optional<PeerAddress> parse(const std::string& text);
};

/// The conductor's plan for this node. It may change during the copy.
struct RelayPlan {
    std::string token;                ///< of this copy
    std::vector<PeerAddress> sources; ///< the best first; the server is last and not listed
    std::uint64_t bytesPerSecond = 0; ///< the other nodes' rate in stored bytes; 0: unknown
};

/// The state of one copy that fetcher, relay server and exchange share. Thread-safe.
class RelayCopy {
public:
    explicit RelayCopy(RelayPlan plan) : plan_(std::move(plan)) {}

    void plan(RelayPlan plan); ///< a new plan; an empty token keeps the old one
    RelayPlan plan() const;
    std::uint64_t planVersion() const { return version_; } ///< grows with each change
    /// True if the token belongs to the current or the previous plan.
    bool knows(const std::string& token) const;

    void listening(std::uint16_t port);
    void source(const std::string& name);
    void got(const std::string& name, std::uint64_t bytes);
    void rate(std::uint64_t bytesPerSecond) { rate_ = bytesPerSecond; }
    void left(const std::string& name, const std::string& reason);
    void served(std::uint64_t bytes) { served_ += bytes; }
    void children(std::uint32_t count) { children_ = count; }
    void slow(bool now) { slow_ = now; }
    bool isSlow() const { return slow_; }
    wire::AgentRelayReport report() const;
    void reported(std::size_t left); ///< number of left sources that the server has received

private:
    mutable std::mutex mutex_;
    RelayPlan plan_;
    std::string oldToken_;
    wire::AgentRelayReport report_;
    std::atomic<std::uint64_t> version_{1};
    std::atomic<std::uint64_t> rate_{0};
    std::atomic<std::uint64_t> served_{0};
    std::atomic<std::uint32_t> children_{0};
    std::atomic<bool> slow_{false};
};

} // namespace bm::agent
