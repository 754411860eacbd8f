#include "agent/tree/tree_stream.h"

#include "common/model/error.h"

#include <algorithm>

namespace bm::agent {

using images::kBlockBytes;
using model::Error;
using model::ErrorCode;

TreeStream::TreeStream(const images::Manifest& manifest, CopySource& source, AgentLog& log,
                       const std::stop_token& stop)
    : manifest_(manifest), source_(source), blocks_(dataBlocks(manifest)),
      pipeline_(manifest, source, log,
                {.blocks = blocks_, .order = BlockPipeline::Order::Given, .rawBytes = kBytes / 2}, stop)
{
    std::ranges::fill(zeros_.bytes(), std::byte{0});
}

std::span<const std::byte> TreeStream::next()
{
    if (next_ == manifest_.blocks.size())
        return {};
    const std::size_t block = next_;
    const std::uint64_t length = manifest_.rawLength(block);
    if (!manifest_.blocks[block].hole) {
        if (current_.size() != 0)
            pipeline_.giveBack(std::move(current_));
        std::optional<RawBlock> raw = pipeline_.next();
        if (!raw) {
            pipeline_.finish();
            throw Error(ErrorCode::Aborted, "stopped while writing");
        }
        current_ = std::move(raw->bytes);
    }
    ++next_;
    return manifest_.blocks[block].hole ? zeros_.first(length) : current_.first(length);
}

std::uint64_t TreeStream::bytesFetched() const
{
    return source_.fetcher().bytesFetched() + pipeline_.bytesFetchedAgain();
}

} // namespace bm::agent
