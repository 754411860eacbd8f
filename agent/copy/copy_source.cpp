#include "agent/copy/copy_source.h"

namespace bm::agent {

CopySource::CopySource(const images::Manifest& manifest, const ImageOrder& order, std::size_t frameBytes,
                       AgentLog& log)
    : order_(order), server_(makeFrameSource(order.blocks, order.token))
{
    if (order.relay != nullptr)
        relay_.emplace(manifest, *order.relay, order.relaySettings, frameBytes, log);
    else
        store_.emplace(frameBytes, false);
    fetcher_.emplace(manifest, *server_, store(), log, order.relay);
}

FramePtr CopySource::fetchBeside(std::size_t block, bool serverOnly, const std::stop_token& stop)
{
    const std::unique_ptr<FrameSource> server = makeFrameSource(order_.blocks, order_.token);
    RelayCopy* const copy = order_.relay;
    const std::string source = copy != nullptr ? copy->report().source : std::string();
    FrameStore room(kLongestFrame, false);
    FrameFetcher fetcher(*fetcher_, *server, room);
    FramePtr frame;
    fetcher.fetch({&block, 1}, {[&](const FramePtr& whole) { frame = whole; }}, stop, serverOnly);
    if (copy != nullptr)
        copy->source(source); // the report names the source of the whole copy
    return frame;
}

} // namespace bm::agent
