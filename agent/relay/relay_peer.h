#pragma once
#include "agent/relay/relay_copy.h"
#include "agent/relay/relay_wire.h"
#include "common/platform/files.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

namespace bm::agent {

/// The connection to the node before this one. One thread.
class RelayPeer {
public:
    /// Connects and says hello. @throws Error Unavailable (dead, no answer within @p patience), Aborted
    RelayPeer(const PeerAddress& address, const RelayHello& hello, std::chrono::milliseconds patience,
              const std::stop_token& stop);
    /// @throws Error Unavailable
    void want(const RelayWant& want);
    /// Others come first from now on. @throws Error Unavailable
    void yield();

    struct Handler {
        /// A header; of Data the bytes follow. Returns where they go: exactly header.length bytes.
        std::function<std::span<std::byte>(const RelayHeader&)> onHeader;
        /// So many more bytes are in place.
        std::function<void(std::size_t)> onBytes;
    };
    enum class Received : std::uint8_t { Something, Nothing };
    /// Waits at most @p wait for a batch of bytes, and takes the bytes that arrived.
    /// @throws Error Unavailable (ended, broken), InvalidInput (not this protocol), what the handler throws
    Received receive(const Handler& handler, std::chrono::milliseconds wait);

private:
    void send(std::span<const std::byte> bytes, std::chrono::milliseconds patience);
    void readable(std::chrono::milliseconds wait) const;
    void takeHeader(const Handler& handler);

    platform::Fd fd_;
    std::string name_;
    std::array<std::byte, kHeaderBytes> header_{};
    std::size_t headerHave_ = 0;
    std::span<std::byte> target_; ///< where the rest of the chunk goes
};

} // namespace bm::agent
