#pragma once
#include "agent/base/agent_log.h"
#include "agent/base/bounded_queue.h"
#include "agent/frames/frame_source.h"
#include "images/blocks/block_record.h"

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace bm::agent {

/// Sends an image's blocks to bmd (docs/capture.md): batches of a few MiB, by a thread of its own, each
/// taken up at the block where the server stands when a connection breaks, for ever with back-off. A bounded
/// number of batches is in memory. Used by one thread.
class CaptureUpload {
public:
    /// @param url of the node's capture, "http://.../v1/agent/NODE/capture"
    CaptureUpload(std::string url, TokenSource token, AgentLog& log, std::stop_token stop);
    ~CaptureUpload();
    CaptureUpload(const CaptureUpload&) = delete;
    CaptureUpload& operator=(const CaptureUpload&) = delete;

    /// Tells the server the size. @return the first block that it lacks
    /// @throws Error ImageTooLarge, StoreFull, Conflict (no capture is at work) ...
    std::uint64_t begin(std::uint64_t imageBytes);
    /// The next block; waits for room. @throws what ended the sending: Error StoreFull, ChecksumMismatch ...
    void put(const images::BlockEntry& entry, std::span<const std::byte> frame);
    /// Waits until all is there and the image is in the catalogue. @return its content id
    std::string finish();
    std::uint64_t bytesSent() const { return bytesSent_; }

private:
    struct Batch {
        std::uint64_t first = 0;         ///< block
        std::vector<std::size_t> ends{}; ///< offset behind each block's record
        std::string records{};
    };
    void flush();
    void sendAll();
    void send(Batch& batch);
    std::uint64_t post(const std::string& path, const std::string& body, const std::string& method,
                       std::string* contentId = nullptr);
    std::uint64_t ask();

    std::string url_;
    TokenSource token_;
    AgentLog& log_;
    std::stop_token stop_;
    std::uint64_t imageBytes_ = 0;
    Batch filling_;
    BoundedQueue<Batch> ready_;
    BoundedQueue<int> room_; ///< one value per batch that may still be made
    std::mutex mutex_;
    std::exception_ptr failure_; ///< guarded by mutex_
    std::atomic<std::uint64_t> bytesSent_{0};
    platform::HttpClient client_; ///< the sender's, and before and after it the caller's
    std::jthread sender_;
};

} // namespace bm::agent
