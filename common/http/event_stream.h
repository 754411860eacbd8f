#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace bm::http {

struct StreamSettings {
    std::string contentType = "text/event-stream; charset=utf-8";
    std::size_t bufferBytes = std::size_t{256} * 1024; ///< of one client, not yet taken by its socket
    std::string heartbeat = ": still here\n\n";        ///< sent when nothing else was for heartbeatEvery
    std::chrono::milliseconds heartbeatEvery{15'000};
    std::chrono::milliseconds stallLimit{
        20'000}; ///< a client that takes no byte of a buffer so long is dropped
    /// Called on the poll loop's thread, without locks: a buffer that refused bytes has room again, or the
    /// stream ended. Must only poke.
    std::function<void()> onChange = [] {};
};

/// An answer without an end, fed by whoever has it and sent by the listener's poll loop: no thread waits for
/// the client. Shared by both, as either may end it first. Thread-safe.
class EventStream {
public:
    EventStream(StreamSettings settings, bool chunked);

    /// Hands @p bytes over, whole or not at all, and never waits.
    /// @return false: there is no room for them now (onChange tells when there is), or the stream is over
    bool write(std::string_view bytes);
    /// Nothing more follows: what is in the buffer still goes out.
    void close();
    /// Whether bytes were not refused, or have room since.
    bool hasRoom() const;
    /// Whether bytes may still be written: the client is there, and nobody called close().
    bool isOpen() const;

private:
    friend class StreamSender;
    friend class ServerResponse;
    void attach(std::function<void()> wake); ///< @p wake: the loop is to look at it
    void detach();                           ///< no byte goes out any more
    void addLocked(std::string_view bytes);

    const StreamSettings settings_;
    const bool chunked_;
    mutable std::mutex mutex_{};
    std::function<void()> wake_{};
    std::string buffer_{};
    bool closed_ = false; ///< by the feeder
    bool over_ = false;   ///< by the client or the listener
    bool refused_ = false;
};
using EventStreamPtr = std::shared_ptr<EventStream>;

} // namespace bm::http
