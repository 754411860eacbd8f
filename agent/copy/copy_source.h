#pragma once
#include "agent/base/agent_log.h"
#include "agent/copy/frame_fetcher.h"
#include "agent/copy/image_order.h"
#include "agent/frames/frame_source.h"
#include "agent/frames/frame_store.h"
#include "agent/relay/relay.h"
#include "images/blocks/manifest.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace bm::agent {

/// Where the blocks of one copy come from: the server and, with a relay, the other nodes; and the frames of
/// them in memory.
class CopySource {
public:
    /// All borrowed. @p frameBytes: of frames on their way; a relay keeps more, for the nodes behind this one
    CopySource(const images::Manifest& manifest, const ImageOrder& order, std::size_t frameBytes,
               AgentLog& log);
    FrameFetcher& fetcher() { return *fetcher_; }
    FrameStore& store() { return relay_ ? relay_->store() : *store_; }
    Relay* relay() { return relay_ ? &*relay_ : nullptr; } ///< null without one
    std::string name() const { return server_->name(); }   ///< the server's, for people
    /// One block, beside what fetcher() fetches. @return nothing when a peer leaves it out
    /// @throws Error Aborted, or what the server calls final
    FramePtr fetchBeside(std::size_t block, bool serverOnly, const std::stop_token& stop);

private:
    const ImageOrder& order_;
    std::unique_ptr<FrameSource> server_;
    std::optional<FrameStore> store_; ///< without a relay
    std::optional<Relay> relay_;
    std::optional<FrameFetcher> fetcher_;
};

} // namespace bm::agent
