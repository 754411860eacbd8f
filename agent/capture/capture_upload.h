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

/// Sends an image's blocks to bmd (docs/capture.md): batches of a few MiB, on a thread of its own. After a
/// broken connection a batch resumes at the first block that the server lacks; retries never end and have a
/// back-off. A bounded number of batches is in memory. Used by one thread.
class CaptureUpload {
public:
    /// @param url of the node's capture, "http://.../v1/agent/NODE/capture"
    CaptureUpload(std::string url, TokenSource token, AgentLog& log, std::stop_token stop);
    ~CaptureUpload();
    CaptureUpload(const CaptureUpload&) = delete;
    CaptureUpload& operator=(const CaptureUpload&) = delete;

    /// Sends the size to the server. @return the first block that the server lacks
    /// @throws Error ImageTooLarge, StoreFull, Conflict (no capture runs) ...
    std::uint64_t begin(std::uint64_t imageBytes);
    /// Queues the next block; waits for space. @throws the error that ended the upload: StoreFull,
    /// ChecksumMismatch ...
    void put(const images::BlockEntry& entry, std::span<const std::byte> frame);
    /// Waits until the server has all blocks and the image is in the catalogue. @return its content id
    std::string finish();
    std::uint64_t bytesSent() const { return bytesSent_; }

private:
    struct Batch {
        std::uint64_t first = 0;         ///< block
        std::vector<std::size_t> ends{}; ///< end offset of each block's record
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
    BoundedQueue<int> room_; ///< one value per batch that the caller may still create
    std::mutex mutex_;
    std::exception_ptr failure_; ///< guarded by mutex_
    std::atomic<std::uint64_t> bytesSent_{0};
    platform::HttpClient client_; ///< used by the sender's thread; before and after its life, by the caller's
    std::jthread sender_;
};

} // namespace bm::agent
