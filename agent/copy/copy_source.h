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

/// The sources of one copy's blocks (the server and, with a relay, the other nodes) and the frames in memory.
class CopySource {
public:
    /// Borrows all arguments. @p frameBytes  limit of the frames in transit; a relay keeps more for the
    /// downstream nodes
    CopySource(const images::Manifest& manifest, const ImageOrder& order, std::size_t frameBytes,
               AgentLog& log);
    FrameFetcher& fetcher() { return *fetcher_; }
    FrameStore& store() { return relay_ ? relay_->store() : *store_; }
    Relay* relay() { return relay_ ? &*relay_ : nullptr; } ///< null without a relay
    std::string name() const { return server_->name(); }   ///< the server's name, for people
    /// Fetches one block in parallel with fetcher(). @return nothing when a peer omits it
    /// @throws Error Aborted, or a permanent error of the server
    FramePtr fetchBeside(std::size_t block, bool serverOnly, const std::stop_token& stop);

private:
    const ImageOrder& order_;
    std::unique_ptr<FrameSource> server_;
    std::optional<FrameStore> store_; ///< without a relay
    std::optional<Relay> relay_;
    std::optional<FrameFetcher> fetcher_;
};

} // namespace bm::agent
