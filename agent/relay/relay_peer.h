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

/// The connection to the upstream node. One thread.
class RelayPeer {
public:
    /// Connects and sends Hello. @throws Error Unavailable (dead, no answer within @p patience), Aborted
    RelayPeer(const PeerAddress& address, const RelayHello& hello, std::chrono::milliseconds patience,
              const std::stop_token& stop);
    /// @throws Error Unavailable
    void want(const RelayWant& want);
    /// Sends Yield: from now on the peer serves its other nodes first. @throws Error Unavailable
    void yield();

    struct Handler {
        /// Receives a header. For Data, returns the buffer of exactly header.length bytes for the following
        /// bytes.
        std::function<std::span<std::byte>(const RelayHeader&)> onHeader;
        /// Reports the number of new bytes in the buffer.
        std::function<void(std::size_t)> onBytes;
    };
    enum class Received : std::uint8_t { Something, Nothing };
    /// Waits at most @p wait for a batch of bytes and reads the received bytes.
    /// @throws Error Unavailable (ended, broken), InvalidInput (not this protocol), the errors of the handler
    Received receive(const Handler& handler, std::chrono::milliseconds wait);

private:
    void send(std::span<const std::byte> bytes, std::chrono::milliseconds patience);
    void readable(std::chrono::milliseconds wait) const;
    void takeHeader(const Handler& handler);

    platform::Fd fd_;
    std::string name_;
    std::array<std::byte, kHeaderBytes> header_{};
    std::size_t headerHave_ = 0;
    std::span<std::byte> target_; ///< buffer for the rest of the chunk
};

} // namespace bm::agent
