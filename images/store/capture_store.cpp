#include "images/store/capture_store.h"

#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/log.h"
#include "images/base/disk_space.h"
#include "images/blocks/block_decoder.h"
#include "images/blocks/block_record.h"
#include "images/store/store_settings.h"

#include <cerrno>
#include <fcntl.h>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <unistd.h>
#include <vector>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;
namespace fs = std::filesystem;

constexpr std::uint64_t kSpaceCheckBytes = std::uint64_t{64}
                                           << 20U; ///< bytes between two checks of the free space

using Head = std::array<std::byte, kBlockRecordBytes>;

bool isCaptureId(const std::string& id)
{
    return id.size() == 36 && id.find_first_not_of("0123456789abcdef-") == std::string::npos;
}

/// Reads up to @p out's length at @p offset. @return bytes read
std::size_t readAt(int fd, std::uint64_t offset, std::span<std::byte> out)
{
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t n =
            ::pread(fd, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += static_cast<std::size_t>(n);
    }
    return done;
}

void writeAt(int fd, std::uint64_t offset, std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            throwWriteFailed("storing a captured block", n == 0 ? ENOSPC : errno);
        bytes = bytes.subspan(static_cast<std::size_t>(n));
        offset += static_cast<std::uint64_t>(n);
    }
}

platform::Fd openFile(const fs::path& path)
{
    platform::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!fd)
        throwWriteFailed("opening " + path.string(), errno);
    return fd;
}

void cut(const platform::Fd& fd, std::uint64_t length)
{
    if (::ftruncate(fd.get(), static_cast<off_t>(length)) != 0)
        throwWriteFailed("truncating a capture's file", errno);
}

/// Fills @p out from @p body. @return false at the end. @throws Error InvalidInput when the body ends within
/// @p out
bool take(std::istream& body, std::span<std::byte> out, bool mayEnd)
{
    body.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
    const auto got = static_cast<std::size_t>(body.gcount());
    if (got == 0 && mayEnd)
        return false;
    if (got < out.size())
        throw Error(ErrorCode::InvalidInput, "the upload ended within a block", "send that block again");
    return true;
}

/// The two files of one capture, and their state. One thread at a time.
class Capture {
public:
    Capture(fs::path folder, std::uint64_t sizeBytes)
        : folder_(std::move(folder)), frames_(openFile(folder_ / "blocks.zst")),
          heads_(openFile(folder_ / "heads")), raw_(kBlockBytes)
    {
        manifest_.sizeBytes = sizeBytes;
        recover();
    }

    CaptureState state() const
    {
        return {manifest_.sizeBytes, manifest_.blocks.size(), manifest_.storedBytes};
    }

    void append(std::istream& body, const StoreSettings& settings)
    {
        Head head{};
        std::vector<std::byte> frame;
        for (std::uint64_t nextCheck = 0; take(body, head, true);) {
            const BlockRecord record = blockRecordFrom(head);
            frame.resize(record.frameBytes);
            take(body, frame, frame.empty());
            if (manifest_.storedBytes >= nextCheck) {
                checkFreeSpace(settings.folder, settings.reserveBytes, kSpaceCheckBytes);
                nextCheck = manifest_.storedBytes + kSpaceCheckBytes;
            }
            add(record, head, frame);
        }
    }

    CaptureStore::Files finish()
    {
        if (manifest_.blocks.size() != blocksWanted())
            throw Error(ErrorCode::Conflict,
                        fmt::format("{} of {} blocks have arrived", manifest_.blocks.size(), blocksWanted()));
        cut(frames_, manifest_.storedBytes);
        if (::fsync(frames_.get()) != 0)
            throwWriteFailed("syncing a capture", errno);
        platform::writeFileAtomically(folder_ / "manifest", serialise(manifest_));
        return {folder_ / "blocks.zst", folder_ / "manifest"};
    }

private:
    std::uint64_t blocksWanted() const { return (manifest_.sizeBytes + kBlockBytes - 1) / kBlockBytes; }
    std::uint64_t nextRawBytes() const
    {
        return std::min(kBlockBytes, manifest_.sizeBytes - manifest_.blocks.size() * kBlockBytes);
    }

    const ZeroBlock& zeros(std::uint64_t rawBytes)
    {
        ZeroBlock& known = rawBytes == kBlockBytes ? zeroMiB_ : zeroTail_;
        if (known.frame.empty())
            known = zeroBlock(rawBytes);
        return known;
    }

    /// Verifies and stores the next block. @p frame has the length in the record.
    void add(const BlockRecord& record, const Head& head, std::span<const std::byte> frame)
    {
        const BlockEntry entry = checked(record, frame);
        writeAt(frames_.get(), manifest_.storedBytes, record.hole ? zeros(nextRawBytes()).frame : frame);
        writeAt(heads_.get(), manifest_.blocks.size() * kBlockRecordBytes, head);
        remember(entry);
    }

    BlockEntry checked(const BlockRecord& record, std::span<const std::byte> frame)
    {
        if (manifest_.blocks.size() >= blocksWanted())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("a block beyond the last of {}", blocksWanted()));
        BlockEntry entry{record.sha256, manifest_.storedBytes, record.frameBytes, record.hole};
        if (record.hole) {
            const ZeroBlock& zero = zeros(nextRawBytes());
            if (zero.sha256 != record.sha256)
                throw Error(ErrorCode::ChecksumMismatch,
                            fmt::format("block {} is marked as a hole, but its hash is not the hash of zeros",
                                        manifest_.blocks.size()));
            entry.length = static_cast<std::uint32_t>(zero.frame.size());
            return entry;
        }
        decoder_.decode(entry, frame, std::span(raw_).first(nextRawBytes()));
        return entry;
    }

    void remember(const BlockEntry& entry)
    {
        manifest_.storedBytes += entry.length;
        manifest_.blocks.push_back(entry);
    }

    /// Verifies the files of an earlier process and keeps the intact blocks.
    void recover()
    {
        Head head{};
        std::vector<std::byte> frame;
        try {
            while (manifest_.blocks.size() < blocksWanted() &&
                   readAt(heads_.get(), manifest_.blocks.size() * kBlockRecordBytes, head) == head.size()) {
                const BlockRecord record = blockRecordFrom(head);
                frame.resize(record.hole ? zeros(nextRawBytes()).frame.size() : record.frameBytes);
                if (readAt(frames_.get(), manifest_.storedBytes, frame) != frame.size())
                    break;
                remember(checked(record, frame));
            }
        } catch (const Error& error) {
            platform::logWarning("images", "{}: resumes at block {}: {}", folder_.string(),
                                 manifest_.blocks.size(), error.message());
        }
        cut(frames_, manifest_.storedBytes);
        cut(heads_, manifest_.blocks.size() * kBlockRecordBytes);
    }

    fs::path folder_;
    platform::Fd frames_;
    platform::Fd heads_;
    Manifest manifest_;
    BlockDecoder decoder_;
    std::vector<std::byte> raw_;
    ZeroBlock zeroMiB_;
    ZeroBlock zeroTail_;
};

} // namespace

struct CaptureStore::State {
    explicit State(const StoreSettings& given) : settings(given) {}

    struct Slot {
        std::mutex mutex;
        std::unique_ptr<Capture> capture; ///< guarded by mutex
    };

    fs::path folderOf(const std::string& id) const
    {
        if (!isCaptureId(id))
            throw Error(ErrorCode::InvalidInput, fmt::format("'{}' is not a capture", id.substr(0, 80)));
        return settings.folder / "captures" / id;
    }
    std::shared_ptr<Slot> slot(const std::string& id)
    {
        const std::scoped_lock lock(mutex);
        std::shared_ptr<Slot>& found = slots[id];
        if (!found)
            found = std::make_shared<Slot>();
        return found;
    }
    Capture& opened(const std::string& id, Slot& slot) const;

    const StoreSettings& settings;
    std::mutex mutex;
    std::map<std::string, std::shared_ptr<Slot>>
        slots; ///< shared with the running call on it; guarded by mutex
};

/// Opens the capture. An earlier process may have begun it.
Capture& CaptureStore::State::opened(const std::string& id, Slot& slot) const
{
    if (!slot.capture) {
        const fs::path folder = folderOf(id);
        std::uint64_t size = 0;
        try {
            size = std::stoull(platform::readFile(folder / "size"));
        } catch (const std::exception&) {
            throw Error(ErrorCode::NotFound, "this capture has not begun",
                        "the agent must open the capture first");
        }
        slot.capture = std::make_unique<Capture>(folder, size);
    }
    return *slot.capture;
}

CaptureStore::CaptureStore(const StoreSettings& settings) : state_(std::make_unique<State>(settings)) {}
CaptureStore::~CaptureStore() = default;

CaptureState CaptureStore::open(const std::string& id, std::uint64_t sizeBytes)
{
    if (sizeBytes == 0 || sizeBytes > state_->settings.maxImageBytes)
        throw Error(ErrorCode::ImageTooLarge,
                    fmt::format("the disk has {} bytes, but the largest image may have {}", sizeBytes,
                                state_->settings.maxImageBytes),
                    "raise images.max_size in bmd.yaml");
    const fs::path folder = state_->folderOf(id);
    const std::shared_ptr<State::Slot> slot = state_->slot(id);
    const std::scoped_lock lock(slot->mutex);
    try {
        if (Capture& known = state_->opened(id, *slot); known.state().sizeBytes == sizeBytes)
            return known.state();
    } catch (const Error& error) {
        if (error.code() != ErrorCode::NotFound)
            throw;
    }
    checkFreeSpace(state_->settings.folder, state_->settings.reserveBytes, 0);
    slot->capture.reset();
    std::error_code error;
    fs::remove_all(folder, error);
    fs::create_directories(folder, error);
    if (error)
        throwWriteFailed("creating " + folder.string(), error.value());
    platform::writeFileAtomically(folder / "size", fmt::format("{}", sizeBytes));
    slot->capture = std::make_unique<Capture>(folder, sizeBytes);
    return slot->capture->state();
}

CaptureState CaptureStore::append(const std::string& id, std::uint64_t firstBlock, std::istream& body)
{
    const std::shared_ptr<State::Slot> slot = state_->slot(id);
    const std::scoped_lock lock(slot->mutex);
    Capture& capture = state_->opened(id, *slot);
    if (capture.state().blocks != firstBlock)
        throw Error(ErrorCode::Conflict,
                    fmt::format("the next block is {}, not {}", capture.state().blocks, firstBlock));
    capture.append(body, state_->settings);
    return capture.state();
}

CaptureStore::Files CaptureStore::finish(const std::string& id)
{
    const std::shared_ptr<State::Slot> slot = state_->slot(id);
    const std::scoped_lock lock(slot->mutex);
    return state_->opened(id, *slot).finish();
}

void CaptureStore::drop(const std::string& id)
{
    const std::shared_ptr<State::Slot> slot = state_->slot(id);
    {
        const std::scoped_lock lock(slot->mutex);
        slot->capture.reset();
        std::error_code ignored;
        fs::remove_all(state_->folderOf(id), ignored);
    }
    const std::scoped_lock lock(state_->mutex);
    state_->slots.erase(id);
}

void CaptureStore::keepOnly(const std::set<std::string>& ids)
{
    std::error_code ignored;
    for (const fs::directory_entry& entry :
         fs::directory_iterator(state_->settings.folder / "captures", ignored))
        if (!ids.contains(entry.path().filename().string()))
            fs::remove_all(entry.path(), ignored);
}

} // namespace bm::images
