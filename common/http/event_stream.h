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
    std::size_t bufferBytes = std::size_t{256} * 1024; ///< of one client: bytes that wait for its socket
    std::string heartbeat = ": still here\n\n"; ///< the stream sends it after heartbeatEvery of silence
    std::chrono::milliseconds heartbeatEvery{15'000};
    std::chrono::milliseconds stallLimit{
        20'000}; ///< the listener drops a client that takes no byte during this time
    /// The poll loop's thread calls it, without locks, when a buffer that refused bytes has space again or
    /// the stream ended. It must not block.
    std::function<void()> onChange = [] {};
};

/// An endless answer: its owner writes, the listener's poll loop sends, no thread waits for the client. Owner
/// and loop share it, because either may end it first. Thread-safe.
class EventStream {
public:
    /// @p unsent goes before all else, as it is: the rest of the answer's head.
    EventStream(StreamSettings settings, bool chunked, std::string unsent = {});

    /// Takes all of @p bytes or none; never waits.
    /// @return false: no space now (onChange follows when there is space), or the stream is over
    bool write(std::string_view bytes);
    /// Ends the stream after the bytes in the buffer.
    void close();
    /// True if the last write succeeded or has space now.
    bool hasRoom() const;
    /// True if write() may still succeed: the client is connected, and close() was not called.
    bool isOpen() const;

private:
    friend class StreamSender;
    friend class ServerResponse;
    void attach(std::function<void()> wake); ///< @p wake makes the loop serve the stream
    void detach();                           ///< the loop sends no more bytes
    void addLocked(std::string_view bytes);

    const StreamSettings settings_;
    const bool chunked_;
    mutable std::mutex mutex_{};
    std::function<void()> wake_{};
    std::string buffer_{};
    bool closed_ = false; ///< by the owner
    bool over_ = false;   ///< by the client or the listener
    bool refused_ = false;
};
using EventStreamPtr = std::shared_ptr<EventStream>;

} // namespace bm::http
