#pragma once
#include "agent/base/agent_log.h"
#include "agent/frames/fetch_run.h"
#include "agent/frames/frame_source.h"
#include "agent/frames/frame_store.h"
#include "agent/relay/relay_copy.h"
#include "agent/relay/source_choice.h"
#include "images/blocks/manifest.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>

namespace bm::agent {

/// Fetches frames from the relay's peers while one of them serves, otherwise from the server, with many
/// consecutive frames per request. When a source breaks, stalls or sends wrong bytes, the next source
/// continues at the same block and byte. Retries the server without limit, with back-off. One thread calls
/// fetch().
class FrameFetcher {
public:
    static constexpr const char* kServer = "server"; ///< its name in the list of sources
    /// Borrows all arguments. @p copy: null without a relay.
    FrameFetcher(const images::Manifest& manifest, FrameSource& server, FrameStore& store, AgentLog& log,
                 RelayCopy* copy = nullptr);
    /// Fetches in parallel with @p other and shares its list of suspended peers.
    FrameFetcher(const FrameFetcher& other, FrameSource& server, FrameStore& store);
    /// Fetches the frames of @p blocks in this order; calls onMissing for those that a peer omits. Returns
    /// early after an abort of the store. @p serverOnly: uses no peer.
    /// @throws Error Aborted, or a permanent error of the server
    void fetch(std::span<const std::size_t> blocks, FetchRun::Handlers handlers, const std::stop_token& stop,
               bool serverOnly = false);
    /// Records that a frame failed verification. Its source may fail a few times. Thread-safe.
    void rejected(const FramePtr& frame);
    /// True if a peer may serve a block again after it failed verification.
    bool hasPeers() const { return copy_ != nullptr; }
    std::uint64_t bytesFetched() const { return bytesFetched_; }

private:
    void step(FetchRun& run, const std::stop_token& stop, bool serverOnly);
    void fromPeer(const PeerAddress& peer, FetchRun& run, const std::stop_token& stop);
    bool awaitPeer(const std::stop_token& over);
    void waitBeforeServer(const std::stop_token& peerFound, const std::stop_token& stop);
    void fromServer(FetchRun& run, const std::stop_token& stop, bool serverOnly);
    void readRun(FetchRun& run, const std::stop_token& stop);
    bool take(FetchRun& run, std::uint64_t& at, std::span<const std::byte> bytes);
    bool peerAnswers(const std::stop_token& stop);

    const images::Manifest& manifest_;
    FrameSource& server_;
    FrameStore& store_;
    AgentLog& log_;
    RelayCopy* copy_;
    std::shared_ptr<SourceChoice> choice_{}; ///< null without a relay
    bool beside_ = false;
    BackOff backOff_;
    std::uint64_t bytesFetched_ = 0;
};

} // namespace bm::agent
