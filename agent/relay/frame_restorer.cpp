#include "agent/relay/frame_restorer.h"

#include <algorithm>
#include <exception>

namespace bm::agent {

namespace {

constexpr std::size_t kMostAsked = 32;

} // namespace

FrameRestorer::FrameRestorer(FrameStore& store)
    : store_(store), thread_([this](const std::stop_token& stop) { run(stop); })
{}

FrameRestorer::~FrameRestorer() = default;

void FrameRestorer::use(DroppedFrames* frames)
{
    std::unique_lock lock(mutex_);
    frames_ = frames;
    changed_.wait(lock, [this] { return !restoring_; });
}

bool FrameRestorer::isWrong(std::size_t block)
{
    const std::scoped_lock lock(mutex_);
    return wrong_.contains(block);
}

bool FrameRestorer::isGone(std::size_t block)
{
    const std::scoped_lock lock(mutex_);
    return frames_ != nullptr && frames_->placeOf(block) == DroppedFrames::Place::Gone;
}

bool FrameRestorer::ask(std::size_t block)
{
    {
        const std::scoped_lock lock(mutex_);
        if (frames_ == nullptr || wrong_.contains(block) ||
            frames_->placeOf(block) != DroppedFrames::Place::Here)
            return false;
        if ((restoring_ && restoredBlock_ == block) || std::ranges::find(asked_, block) != asked_.end())
            return true;
        if (asked_.size() < kMostAsked)
            asked_.push_back(block);
    }
    changed_.notify_all();
    return true;
}

/// Waits for a request. @return null at a stop, or without a source of dropped frames
DroppedFrames* FrameRestorer::take(std::size_t& block, const std::stop_token& stop)
{
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return !asked_.empty(); }))
        return nullptr;
    block = asked_.front();
    asked_.pop_front();
    if (frames_ == nullptr)
        return nullptr;
    restoring_ = true;
    restoredBlock_ = block;
    return frames_;
}

void FrameRestorer::run(const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        std::size_t block = 0;
        DroppedFrames* const frames = take(block, stop);
        if (frames == nullptr)
            continue;
        bool right = true;
        try {
            frames->restore(block, store_);
        } catch (const std::exception&) { // the disk fails or has other bytes; the nodes use another source
            right = false;
        }
        {
            const std::scoped_lock lock(mutex_);
            restoring_ = false;
            if (!right)
                wrong_.insert(block);
        }
        changed_.notify_all();
    }
}

} // namespace bm::agent
