#include "agent/frames/fetch_run.h"

namespace bm::agent {

FetchRun::FetchRun(const images::Manifest& manifest, FrameStore& store, std::span<const std::size_t> blocks,
                   Handlers handlers)
    : manifest_(manifest), store_(store), blocks_(blocks), handlers_(std::move(handlers))
{}

std::size_t FetchRun::resumeAt() const
{
    return frame_ && frame_->original() ? frame_->have() : 0;
}

bool FetchRun::begin(std::size_t length, bool original)
{
    frame_ = store_.begin(block(), length, original);
    ended_ = !frame_;
    return !ended_;
}

void FetchRun::discard()
{
    if (!frame_)
        return;
    store_.rejected(frame_, StoredFrame::State::Broken);
    frame_.reset();
}

void FetchRun::grown(std::size_t count, const std::string& origin)
{
    bytes_ += count;
    if (frame_->have() + count == frame_->length())
        frame_->origin(origin); // before other threads see the complete frame
    store_.grown(frame_, count);
    if (frame_->have() != frame_->length())
        return;
    ++next_;
    const FramePtr whole = std::move(frame_);
    frame_.reset();
    handlers_.onFrame(whole);
}

void FetchRun::skip()
{
    discard();
    const std::size_t left = block();
    ++next_;
    if (handlers_.onMissing)
        handlers_.onMissing(left);
}

} // namespace bm::agent
