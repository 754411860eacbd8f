#include "agent/copy/read_back.h"

#include "agent/base/aligned_buffer.h"
#include "common/model/error.h"
#include "images/blocks/block_decoder.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

namespace bm::agent {

using images::kBlockBytes;
using model::Error;
using model::ErrorCode;
using namespace std::chrono_literals;

namespace {

constexpr unsigned kReadBackReaders = 2;
constexpr auto kFlushEvery = 500ms;
constexpr std::size_t kFewestPerFlush = 8;
constexpr std::size_t kAtTheWriters = 2; ///< being written at the moment

} // namespace

ReadBack::ReadBack(const Parts& parts, std::function<void()> onFailure)
    : parts_(parts), onFailure_(std::move(onFailure)), told_(parts.manifest.blocks.size(), false),
      left_(parts.manifest.blocks.size())
{
    for (unsigned i = 0; i < kReadBackReaders; ++i)
        readers_.emplace_back([this](const std::stop_token& stop) { run(stop); });
}

ReadBack::~ReadBack()
{
    for (std::jthread& reader : readers_)
        reader.request_stop();
    readers_.clear();
}

void ReadBack::willWrite()
{
    const std::scoped_lock lock(mutex_);
    ++awaited_;
}

void ReadBack::wrote(std::size_t block)
{
    {
        const std::scoped_lock lock(mutex_);
        --awaited_;
        add(block);
    }
    changed_.notify_all();
}

void ReadBack::onDisk(std::size_t block)
{
    {
        const std::scoped_lock lock(mutex_);
        add(block);
    }
    changed_.notify_all();
}

void ReadBack::add(std::size_t block)
{
    if (told_[block])
        return;
    told_[block] = true;
    written_.push_back(block);
}

bool ReadBack::mayRead() const
{
    return !flushed_.empty() && (finishing_ || awaited_ <= kAtTheWriters);
}

bool ReadBack::mayFlush() const
{
    return !flushing_ && flushed_.empty() && written_.size() >= kFewestPerFlush &&
           Clock::now() - lastFlush_ >= kFlushEvery;
}

void ReadBack::run(const std::stop_token& stop)
{
    const AlignedBuffer room(kBlockBytes);
    std::unique_lock lock(mutex_);
    try {
        while (changed_.wait(lock, stop, [this] { return failure_ || mayRead() || mayFlush(); }) && !failure_)
            if (mayRead())
                readNext(lock, room.bytes());
            else
                flush(lock);
    } catch (...) {
        if (!lock.owns_lock())
            lock.lock();
        const bool first = !std::exchange(failure_, failure_ ? failure_ : std::current_exception());
        lock.unlock();
        changed_.notify_all();
        if (first)
            onFailure_();
    }
}

void ReadBack::readNext(std::unique_lock<std::mutex>& lock, std::span<std::byte> room)
{
    const std::size_t block = flushed_.front();
    flushed_.pop_front();
    lock.unlock();
    compare(block, room);
    lock.lock();
    --left_;
    changed_.notify_all();
}

void ReadBack::flush(std::unique_lock<std::mutex>& lock)
{
    std::deque<std::size_t> batch = std::exchange(written_, {});
    flushing_ = true;
    lock.unlock();
    parts_.device.flush();
    lock.lock();
    flushing_ = false;
    lastFlush_ = Clock::now();
    flushed_.insert(flushed_.end(), batch.begin(), batch.end());
    changed_.notify_all();
}

void ReadBack::compare(std::size_t block, std::span<std::byte> room)
{
    const std::uint64_t length = parts_.manifest.rawLength(block);
    const std::uint64_t sector = parts_.device.sectorBytes();
    parts_.device.read(block * kBlockBytes, room.first((length + sector - 1) / sector * sector));
    const std::span<const std::byte> bytes = room.first(length);
    const bool same =
        parts_.manifest.blocks[block].hole ? images::isAllZero(bytes) : hashOf(bytes) == parts_.hashes[block];
    if (!same)
        throw Error(ErrorCode::DiskFailed,
                    fmt::format("{} returned other bytes than were written, in the MiB at byte {}",
                                parts_.device.path().string(), block * kBlockBytes),
                    "the disk, its cable or its controller is broken: replace it");
    parts_.progress.add(length);
}

void ReadBack::finish(const std::stop_token& stop)
{
    std::unique_lock lock(mutex_);
    for (std::size_t block = 0; block < told_.size(); ++block)
        if (!told_[block])
            add(block);
    flushed_.insert(flushed_.end(), written_.begin(), written_.end());
    written_.clear();
    finishing_ = true;
    changed_.notify_all();
    if (!changed_.wait(lock, stop, [this] { return failure_ || left_ == 0; }))
        throw Error(ErrorCode::Aborted, "stopped while reading back");
    if (failure_)
        std::rethrow_exception(failure_);
}

void ReadBack::check()
{
    const std::scoped_lock lock(mutex_);
    if (failure_)
        std::rethrow_exception(failure_);
}

} // namespace bm::agent
