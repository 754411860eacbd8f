#include "agent/relay/disk_frames.h"

#include "agent/base/aligned_buffer.h"
#include "common/model/error.h"
#include "images/blocks/block_encoder.h"
#include "images/blocks/digest.h"

#include <algorithm>
#include <cstring>

namespace bm::agent {

namespace {

constexpr int kQuickLevel = 1;
constexpr std::size_t kMostAsked = 32;

} // namespace

DiskFrames::DiskFrames(const images::Manifest& manifest, FrameStore& store)
    : manifest_(manifest), store_(store), thread_([this](const std::stop_token& stop) { run(stop); })
{}

DiskFrames::~DiskFrames() = default;

void DiskFrames::use(DiskBlocks disk)
{
    std::unique_lock lock(mutex_);
    disk_ = std::move(disk);
    changed_.wait(lock, [this] { return !reading_; });
}

bool DiskFrames::isWrong(std::size_t block)
{
    const std::scoped_lock lock(mutex_);
    return wrong_.contains(block);
}

bool DiskFrames::ask(std::size_t block)
{
    {
        const std::scoped_lock lock(mutex_);
        if (!disk_.holds || wrong_.contains(block) || !disk_.holds(block))
            return false;
        if ((reading_ && readingBlock_ == block) || std::ranges::find(asked_, block) != asked_.end())
            return true;
        if (asked_.size() < kMostAsked)
            asked_.push_back(block);
    }
    changed_.notify_all();
    return true;
}

/// Waits for a block that somebody wants. @return whether there is one: else stopped, or no disk is there
bool DiskFrames::take(std::size_t& block, DiskBlocks& disk, const std::stop_token& stop)
{
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return !asked_.empty(); }))
        return false;
    block = asked_.front();
    asked_.pop_front();
    if (!disk_.read)
        return false;
    disk = disk_;
    reading_ = true;
    readingBlock_ = block;
    return true;
}

void DiskFrames::run(const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        std::size_t block = 0;
        DiskBlocks disk;
        if (!take(block, disk, stop))
            continue;
        bool right = true;
        try {
            make(block, disk);
        } catch (
            const std::exception&) { // a disk that does not read, other bytes: somebody else has the block
            right = false;
        }
        {
            const std::scoped_lock lock(mutex_);
            reading_ = false;
            if (!right)
                wrong_.insert(block);
        }
        changed_.notify_all();
    }
}

void DiskFrames::make(std::size_t block, const DiskBlocks& disk)
{
    const AlignedBuffer raw(images::kBlockBytes);
    disk.read(block, raw.bytes());
    const std::span<const std::byte> bytes = raw.first(manifest_.rawLength(block));
    if (images::sha256(bytes) != manifest_.blocks[block].sha256)
        throw model::Error(model::ErrorCode::ChecksumMismatch, "the disk holds another block");
    const AlignedBuffer room(images::BlockEncoder::bound(bytes.size()));
    images::BlockEncoder encoder(kQuickLevel);
    const std::size_t length = encoder.encode(bytes, room.bytes());
    const FramePtr frame = store_.beginExtra(block, length, false);
    std::memcpy(frame->room().data(), room.bytes().data(), length);
    store_.grown(frame, length);
}

} // namespace bm::agent
