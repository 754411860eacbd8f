#include "agent/frames/frame_store.h"

#include "common/platform/condition.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace bm::agent {

using Clock = std::chrono::steady_clock;

/// The bytes of all frames that exist, in the store or elsewhere.
struct StoredFrame::Budget {
    std::mutex mutex;
    platform::Condition freed;
    std::size_t used = 0;
    bool aborted = false;
    std::optional<Clock::time_point> waitingSince;
    FrameStore::Intake intake;
};

void StoredFrame::Free::operator()(std::byte* bytes) const
{
    std::free(bytes);
    {
        const std::scoped_lock lock(budget->mutex);
        budget->used -= length;
    }
    budget->freed.notify_all();
}

StoredFrame::StoredFrame(std::size_t block, std::size_t length, bool original, std::shared_ptr<Budget> budget)
    : block_(block), length_(length), original_(original),
      bytes_(static_cast<std::byte*>(std::malloc(std::max<std::size_t>(length, 1))),
             Free{std::move(budget), length})
{
    if (!bytes_)
        throw std::bad_alloc();
}

void StoredFrame::advance(std::size_t count)
{
    const std::size_t now = have_.load(std::memory_order_relaxed) + count;
    have_.store(now, std::memory_order_release);
    if (now == length_)
        mark(State::Whole);
}

FrameStore::FrameStore(std::size_t limitBytes, bool keep, std::function<void()> onChange)
    : limit_(std::max(limitBytes, 2 * kLongestFrame)), keep_(keep), onChange_(std::move(onChange)),
      budget_(std::make_shared<StoredFrame::Budget>())
{}

/// The bytes to free for @p length more bytes.
std::size_t FrameStore::excess(std::size_t length) const
{
    const std::scoped_lock lock(budget_->mutex);
    return budget_->used + length <= limit_ ? 0 : budget_->used + length - limit_;
}

/// The oldest frames without another holder, at least @p bytes in total if the store has as many.
std::vector<FramePtr> FrameStore::unused(std::size_t bytes) const
{
    std::vector<FramePtr> out;
    const std::scoped_lock lock(mutex_);
    std::size_t found = 0;
    for (auto at = order_.begin(); at != order_.end() && found < bytes; ++at)
        if (at->use_count() == 2) { // a frame in use has more holders than the map and this list
            found += (*at)->length();
            out.push_back(*at);
        }
    return out;
}

/// @return true if it dropped any of @p frames; frames that came into use remain
bool FrameStore::drop(const std::vector<FramePtr>& frames)
{
    bool dropped = false;
    const std::scoped_lock lock(mutex_);
    for (const FramePtr& frame : frames) {
        const auto found = frames_.find(frame->block());
        if (found == frames_.end() || found->second != frame || frame.use_count() != 3)
            continue;
        frames_.erase(found);
        std::erase(order_, frame);
        dropped = true;
    }
    return dropped;
}

/// Drops the oldest frames without another holder until @p length more bytes fit.
bool FrameStore::makeRoom(std::size_t length)
{
    const std::scoped_lock one(dropping_);
    while (const std::size_t bytes = excess(length)) {
        if (!beforeDrop_)
            return false;
        const std::vector<FramePtr> frames = unused(bytes); // freed here, after the lock
        for (const FramePtr& frame : frames)
            beforeDrop_(*frame);
        if (!drop(frames))
            return excess(length) == 0;
    }
    return true;
}

void FrameStore::onDrop(std::function<void(const StoredFrame&)> beforeDrop)
{
    const std::scoped_lock one(dropping_);
    beforeDrop_ = std::move(beforeDrop);
}

FramePtr FrameStore::add(std::size_t block, std::size_t length, bool original)
{
    {
        const std::scoped_lock lock(budget_->mutex);
        budget_->used += length;
    }
    FramePtr frame(new StoredFrame(block, length, original, budget_));
    if (!keep_)
        return frame;
    const std::scoped_lock lock(mutex_);
    FramePtr& place = frames_[block];
    if (place)
        std::erase(order_, place);
    place = frame;
    order_.push_back(frame);
    return frame;
}

FramePtr FrameStore::begin(std::size_t block, std::size_t length, bool original)
{
    const Clock::time_point start = Clock::now();
    while (!makeRoom(length)) {
        std::unique_lock lock(budget_->mutex);
        if (budget_->aborted)
            return {};
        if (!budget_->waitingSince)
            budget_->waitingSince = Clock::now();
        // Polls, because nothing notifies the store when a frame loses its other holders.
        budget_->freed.wait_once(lock, std::chrono::milliseconds{10});
    }
    {
        const std::scoped_lock lock(budget_->mutex);
        budget_->waitingSince.reset();
        budget_->intake.waited += Clock::now() - start; // find() and onDrop() may call it
        budget_->intake.bytes += length;
        if (budget_->aborted)
            return {};
    }
    return add(block, length, original);
}

FramePtr FrameStore::beginExtra(std::size_t block, std::size_t length, bool original)
{
    makeRoom(length);
    return add(block, length, original);
}

void FrameStore::addWhole(std::size_t block, std::span<const std::byte> bytes, bool original)
{
    const FramePtr frame = beginExtra(block, bytes.size(), original);
    std::ranges::copy(bytes, frame->room().begin());
    grown(frame, bytes.size());
    verified(frame);
}

FramePtr FrameStore::find(std::size_t block) const
{
    const std::scoped_lock lock(mutex_);
    const auto found = frames_.find(block);
    return found == frames_.end() ? FramePtr() : found->second;
}

void FrameStore::grown(const FramePtr& frame, std::size_t count)
{
    frame->advance(count);
    if (onChange_)
        onChange_();
}

void FrameStore::verified(const FramePtr& frame)
{
    frame->mark(StoredFrame::State::Verified);
    if (onChange_)
        onChange_();
}

void FrameStore::rejected(const FramePtr& frame, StoredFrame::State why)
{
    frame->mark(why);
    {
        const std::scoped_lock lock(mutex_);
        if (const auto found = frames_.find(frame->block()); found != frames_.end() && found->second == frame)
            frames_.erase(found);
        std::erase(order_, frame);
    }
    if (onChange_)
        onChange_();
}

std::optional<Clock::duration> FrameStore::waiting() const
{
    const std::scoped_lock lock(budget_->mutex);
    if (!budget_->waitingSince)
        return std::nullopt;
    return Clock::now() - *budget_->waitingSince;
}

FrameStore::Intake FrameStore::intake() const
{
    const std::scoped_lock lock(budget_->mutex);
    Intake now = budget_->intake;
    if (budget_->waitingSince)
        now.waited += Clock::now() - *budget_->waitingSince;
    return now;
}

void FrameStore::abort()
{
    {
        const std::scoped_lock lock(budget_->mutex);
        budget_->aborted = true;
    }
    budget_->freed.notify_all();
}

bool FrameStore::aborted() const
{
    const std::scoped_lock lock(budget_->mutex);
    return budget_->aborted;
}

std::size_t FrameStore::usedBytes() const
{
    const std::scoped_lock lock(budget_->mutex);
    return budget_->used;
}

} // namespace bm::agent
