#include "agent/tree/file_read_back.h"

#include "agent/tree/file_places.h"
#include "common/model/error.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using platform::Fd;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20U;
constexpr std::uint64_t kBatchBytes = std::uint64_t{16} << 20U; ///< each batch costs a flush of the disk
constexpr std::size_t kBatchFiles = 96;

[[noreturn]] void failed(const std::string& what, int error)
{
    throw Error(ErrorCode::DiskFailed, fmt::format("{}: {}", what, std::strerror(error)), "replace the disk");
}

bool goesAroundTheCache(int fd)
{
    const int flags = ::fcntl(fd, F_GETFL);
    return flags >= 0 && ::fcntl(fd, F_SETFL, flags | O_DIRECT) == 0;
}

} // namespace

FileReadBack::FileReadBack(TreeManifest& manifest, const std::vector<std::string>& devices,
                           StepProgress& progress)
    : manifest_(manifest), progress_(progress), piece_(kPieceBytes)
{
    for (const std::string& device : devices) {
        Fd fd(::open(device.c_str(), O_RDONLY | O_CLOEXEC));
        if (!fd)
            failed("opening " + device, errno);
        devices_.push_back(std::move(fd));
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void FileReadBack::add(WrittenFile file)
{
    {
        const std::scoped_lock lock(mutex_);
        if (failure_)
            std::rethrow_exception(failure_);
        if (waiting_.size() + comparing_ >= kMostOpen)
            return; // the disk is the limit; the comparison at the end reads this file
        waitingBytes_ += file.facts.size;
        waiting_.push_back(std::move(file));
    }
    changed_.notify_all();
}

void FileReadBack::finish(const std::stop_token& stop)
{
    std::unique_lock lock(mutex_);
    finishing_ = true;
    changed_.notify_all();
    if (!changed_.wait(lock, stop, [this] { return ended_; }))
        throw Error(ErrorCode::Aborted, "stopped while reading back");
    if (failure_)
        std::rethrow_exception(failure_);
}

/// Closes the files of the last batch. @return false at the end
bool FileReadBack::takeBatch(Batch& batch, const std::stop_token& stop)
{
    batch.clear();
    std::unique_lock lock(mutex_);
    comparing_ = 0;
    const bool some = changed_.wait(lock, stop, [this] {
        return finishing_ || waitingBytes_ >= kBatchBytes || waiting_.size() >= kBatchFiles;
    });
    batch = std::exchange(waiting_, {});
    comparing_ = batch.size();
    waitingBytes_ = 0;
    return some && !stop.stop_requested() && !batch.empty();
}

void FileReadBack::run(const std::stop_token& stop)
{
    std::exception_ptr failure;
    try {
        for (Batch batch; takeBatch(batch, stop);)
            compareAll(batch, stop);
    } catch (...) {
        failure = std::current_exception();
    }
    {
        const std::scoped_lock lock(mutex_);
        failure_ = failure;
        ended_ = true;
    }
    changed_.notify_all();
}

void FileReadBack::compareAll(const Batch& batch, const std::stop_token& stop)
{
    for (const WrittenFile& file : batch) // begins all writes before it waits for the first
        ::sync_file_range(file.fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
    constexpr unsigned kWrittenOut =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    for (const WrittenFile& file : batch)
        if (::sync_file_range(file.fd.get(), 0, 0, kWrittenOut) != 0)
            failed(fmt::format("/{}: writing out", file.path), errno);
    for (const Fd& device : devices_)
        if (::fsync(device.get()) != 0)
            failed("flushing the disk", errno);
    for (const WrittenFile& file : batch)
        if (!stop.stop_requested())
            compare(file, stop);
}

void FileReadBack::compare(const WrittenFile& file, const std::stop_token& stop)
{
    ::posix_fadvise(file.fd.get(), 0, 0, POSIX_FADV_DONTNEED); // also for file systems that ignore O_DIRECT
    if (!goesAroundTheCache(file.fd.get()))
        return;
    const auto content = contentOf(file, stop);
    if (!content)
        return;
    if (*content != file.facts.content)
        throw Error(ErrorCode::DiskFailed,
                    fmt::format("/{}: the disk returned other bytes than were written", file.path),
                    "the disk, its cable or its controller is broken: replace it");
    const std::optional<std::uint64_t> places = placesOfFile(file.fd.get(), file.facts.size);
    if (!places)
        return;
    manifest_.readBack(file.entry, file.facts, *places);
    progress_.add(file.facts.size);
    ++files_;
}

/// @return nothing where the file system does not read around its cache, or at a stop
std::optional<std::array<std::uint64_t, 2>> FileReadBack::contentOf(const WrittenFile& file,
                                                                    const std::stop_token& stop)
{
    hash_.reset();
    for (std::uint64_t at = 0; at < file.facts.size;) {
        if (stop.stop_requested())
            return std::nullopt;
        const std::uint64_t left = file.facts.size - at;
        const std::uint64_t wanted =
            std::min<std::uint64_t>(piece_.size(), (left + AlignedBuffer::kAlignment - 1) /
                                                       AlignedBuffer::kAlignment * AlignedBuffer::kAlignment);
        const ssize_t count = ::pread(file.fd.get(), piece_.bytes().data(), wanted, static_cast<off_t>(at));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EINVAL)
            return std::nullopt;
        if (count <= 0)
            failed(fmt::format("/{}: reading back", file.path), count == 0 ? EIO : errno);
        const std::uint64_t some = std::min<std::uint64_t>(static_cast<std::uint64_t>(count), left);
        hash_.update(piece_.first(some));
        at += some;
    }
    return hash_.value();
}

} // namespace bm::agent
