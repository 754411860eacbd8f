#include "agent/relay/spilled_frames.h"

#include "agent/base/aligned_buffer.h"
#include "common/model/error.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using platform::Fd;

namespace {

std::uint64_t freeBytes(const std::string& folder)
{
    struct statvfs status {};
    if (::statvfs(folder.c_str(), &status) != 0)
        return 0;
    return std::uint64_t{status.f_bavail} * status.f_frsize;
}

} // namespace

SpilledFrames::SpilledFrames(const images::Manifest& manifest, std::string folder, std::uint64_t keepFree,
                             AgentLog& log)
    : manifest_(manifest), folder_(std::move(folder)), keepFree_(keepFree), log_(log),
      hashes_(manifest.blocks.size()), places_(manifest.blocks.size())
{}

DroppedFrames::Place SpilledFrames::placeOf(std::size_t block) const
{
    return places_[block].load(std::memory_order_acquire);
}

void SpilledFrames::beforeDrop(const StoredFrame& frame)
{
    const std::scoped_lock lock(mutex_);
    std::atomic<Place>& place = places_[frame.block()];
    if (place.load(std::memory_order_relaxed) == Place::Here)
        return;
    const bool right = frame.original() && frame.state() == StoredFrame::State::Verified;
    place.store(right && write(frame) ? Place::Here : Place::Gone, std::memory_order_release);
}

bool SpilledFrames::write(const StoredFrame& frame)
{
    if (!opened_)
        open();
    if (!file_)
        return false;
    std::span<const std::byte> bytes = frame.bytes();
    hashes_[frame.block()] = hashOf(bytes);
    std::uint64_t at = manifest_.blocks[frame.block()].offset;
    while (!bytes.empty()) {
        const ssize_t count = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            log_.warning(
                fmt::format("keeping block {} for other nodes: {}", frame.block(), std::strerror(errno)));
            return false;
        }
        at += static_cast<std::uint64_t>(count);
        bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

void SpilledFrames::open()
{
    opened_ = true;
    const std::uint64_t length = manifest_.storedBytes;
    if (const std::uint64_t free = freeBytes(folder_); free < length || free - length < keepFree_) {
        giveUp(fmt::format("{} MiB are free, {} are needed", free >> 20U, (length + keepFree_) >> 20U));
        return;
    }
    file_ = Fd(::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (!file_ || ::fallocate(file_.get(), 0, 0, static_cast<off_t>(length)) != 0) {
        const int error = errno;
        file_ = Fd();
        giveUp(std::strerror(error));
        return;
    }
    log_.info(
        fmt::format("a file keeps blocks that leave the memory for other nodes, {} MiB", length >> 20U));
}

void SpilledFrames::giveUp(const std::string& why)
{
    log_.info("no space on the disk for blocks for other nodes: " + why);
}

void SpilledFrames::restore(std::size_t block, FrameStore& store)
{
    const images::BlockEntry& entry = manifest_.blocks[block];
    const AlignedBuffer room(entry.length);
    const std::span<std::byte> bytes = room.first(entry.length);
    for (std::size_t have = 0; have < bytes.size();) {
        const ssize_t count = ::pread(file_.get(), bytes.data() + have, bytes.size() - have,
                                      static_cast<off_t>(entry.offset + have));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            throw Error(ErrorCode::DiskFailed,
                        fmt::format("reading block {} again: {}", block, std::strerror(errno)));
        have += static_cast<std::size_t>(count);
    }
    if (hashOf(bytes) != hashes_[block])
        throw Error(ErrorCode::DiskFailed, fmt::format("the disk returned other bytes for block {}", block));
    store.addWhole(block, bytes, true);
}

} // namespace bm::agent
