#include "images/blocks/block_writer.h"

#include "common/model/error.h"
#include "common/platform/condition.h"
#include "common/platform/work_queue.h"
#include "images/blocks/block_decoder.h"
#include "images/blocks/digest.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <fmt/format.h>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <zstd.h>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kBufferBytes = std::size_t{1} << 20U;
constexpr std::uint64_t kWritebackBytes = std::uint64_t{64} << 20U;

struct ContextCloser {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
using ContextPtr = std::unique_ptr<ZSTD_CCtx, ContextCloser>;

ContextPtr makeContext(int level)
{
    ContextPtr context(ZSTD_createCCtx());
    BM_ASSERT(context != nullptr);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level); // zstd clamps an invalid level
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1); // so that a bare `zstd -t` checks too
    return context;
}

/// @p out has at least ZSTD_compressBound(raw) bytes, so zstd fails only if this code has a fault.
std::size_t compress(ZSTD_CCtx& context, std::span<const std::byte> raw, std::span<std::byte> out)
{
    const std::size_t length = ZSTD_compress2(&context, out.data(), out.size(), raw.data(), raw.size());
    BM_ASSERT(ZSTD_isError(length) == 0U);
    return length;
}

/// A block in the pipeline: the caller fills it, a worker compresses it, the caller writes it.
struct Slot {
    std::vector<std::byte> raw;
    std::vector<std::byte> frame;
    std::size_t rawLength = 0;
    std::size_t frameLength = 0;
    Sha256 hash{};
    bool hole = false;
    bool done = false; ///< guarded by State::mutex
};

void work(Slot& slot, ZSTD_CCtx& context)
{
    const std::span<const std::byte> raw = std::span(slot.raw).first(slot.rawLength);
    slot.hole = isAllZero(raw);
    slot.hash = sha256(raw);
    slot.frame.resize(ZSTD_compressBound(kBlockBytes));
    slot.frameLength = compress(context, raw, slot.frame);
}

/// Appends to a file in large writes and starts the write-back early, so that the final fsync is short.
class Appender {
public:
    explicit Appender(int fd) : fd_(fd) { buffer_.reserve(kBufferBytes); }
    void append(std::span<const std::byte> bytes)
    {
        if (buffer_.size() + bytes.size() > kBufferBytes)
            flush();
        if (bytes.size() >= kBufferBytes)
            write(bytes);
        else
            buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
    }
    void flush()
    {
        write(buffer_);
        buffer_.clear();
    }

private:
    void write(std::span<const std::byte> bytes)
    {
        while (!bytes.empty()) {
            const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR)
                continue;
            if (count < 0)
                fail("writing the block file");
            bytes = bytes.subspan(static_cast<std::size_t>(count));
            written_ += static_cast<std::uint64_t>(count);
        }
        if (written_ - started_ >= kWritebackBytes) {
            ::sync_file_range(fd_, static_cast<off64_t>(started_), static_cast<off64_t>(written_ - started_),
                              SYNC_FILE_RANGE_WRITE);
            started_ = written_;
        }
    }

public:
    [[noreturn]] static void fail(std::string_view what)
    {
        const int code = errno;
        const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
        throw Error(full ? ErrorCode::StoreFull : ErrorCode::Internal,
                    fmt::format("{}: {}", what, std::strerror(code)),
                    full ? "delete unused images (bm image list), or give the store a larger file system"
                         : "check the store's disk (dmesg)");
    }

private:
    int fd_;
    std::vector<std::byte> buffer_;
    std::uint64_t written_ = 0;
    std::uint64_t started_ = 0;
};

unsigned threadCount(int wanted)
{
    return wanted > 0 ? static_cast<unsigned>(wanted) : std::max(1U, std::thread::hardware_concurrency());
}

} // namespace

struct BlockWriter::State {
    State(int descriptor, FrameSink given, const BlockWriterSettings& settings)
        : fd(descriptor), out(descriptor), sink(std::move(given)),
          context(makeContext(settings.compressionLevel))
    {
        const unsigned count = threadCount(settings.threads);
        slots.resize(std::size_t{2} * count + 2);
        for (unsigned i = 0; i < count; ++i)
            workers.emplace_back([this, level = settings.compressionLevel](const std::stop_token& stop) {
                serve(stop, level);
            });
    }

    void serve(const std::stop_token& stop, int level);
    Slot& current() { return slots[tail % slots.size()]; }
    void submit();
    void submitHole();
    void reserve();
    void writeOldest();
    void record(const BlockEntry& entry, std::span<const std::byte> frame);

    int fd; ///< -1: the frames go to the sink
    Appender out;
    FrameSink sink;
    std::uint64_t total = 0; ///< size of all frames so far, in bytes
    Manifest manifest;
    std::vector<Slot> slots;
    std::uint64_t head = 0; ///< the oldest unwritten block
    std::uint64_t tail = 0; ///< the block being filled
    std::size_t filled = 0; ///< bytes in that block
    std::uint64_t rawBytes = 0;
    ContextPtr context; ///< used on the caller's thread, for holes
    std::vector<std::byte> holeFrame;
    Sha256 holeHash{};

    std::mutex mutex;
    platform::Condition workReady;
    platform::Condition slotDone;
    std::deque<Slot*> queue;
    std::vector<std::jthread> workers; ///< last member: its threads end before the other members
};

void BlockWriter::State::serve(const std::stop_token& stop, int level)
{
    const ContextPtr own = makeContext(level);
    while (const std::optional<Slot*> slot = platform::takeFront(queue, mutex, workReady, stop)) {
        work(**slot, *own);
        {
            const std::scoped_lock lock(mutex);
            (*slot)->done = true;
        }
        slotDone.notify_one();
    }
}

void BlockWriter::State::submit()
{
    Slot& slot = current();
    slot.rawLength = filled;
    {
        const std::scoped_lock lock(mutex);
        slot.done = false;
        queue.push_back(&slot);
    }
    workReady.notify_one();
    filled = 0;
    ++tail;
    reserve();
}

/// Submits a block of zeros. Its frame is constant, so the caller compresses it without a worker.
void BlockWriter::State::submitHole()
{
    if (holeFrame.empty()) {
        const std::vector<std::byte> zeros(kBlockBytes);
        holeFrame.resize(ZSTD_compressBound(kBlockBytes));
        holeFrame.resize(compress(*context, zeros, holeFrame));
        holeHash = sha256(zeros);
    }
    if (head == tail) {
        record({holeHash, 0, 0, true}, holeFrame);
        ++head;
        ++tail;
        return;
    }
    Slot& slot = current();
    slot.frame.assign(holeFrame.begin(), holeFrame.end());
    slot.frameLength = holeFrame.size();
    slot.rawLength = kBlockBytes;
    slot.hash = holeHash;
    slot.hole = true;
    {
        const std::scoped_lock lock(mutex);
        slot.done = true;
    }
    ++tail;
    reserve();
}

/// Waits until the slot of the block being filled is free.
void BlockWriter::State::reserve()
{
    while (tail - head >= slots.size())
        writeOldest();
}

void BlockWriter::State::writeOldest()
{
    Slot& slot = slots[head % slots.size()];
    {
        std::unique_lock lock(mutex);
        slotDone.wait(lock, [&slot] { return slot.done; });
    }
    record({slot.hash, 0, 0, slot.hole}, std::span(slot.frame).first(slot.frameLength));
    ++head;
}

void BlockWriter::State::record(const BlockEntry& entry, std::span<const std::byte> frame)
{
    manifest.blocks.push_back({entry.sha256, total, static_cast<std::uint32_t>(frame.size()), entry.hole});
    total += frame.size();
    if (sink)
        sink(manifest.blocks.back(), frame);
    else
        out.append(frame);
}

BlockWriter::BlockWriter(int fd, const BlockWriterSettings& settings)
    : state_(std::make_unique<State>(fd, FrameSink(), settings))
{}
BlockWriter::BlockWriter(FrameSink sink, const BlockWriterSettings& settings)
    : state_(std::make_unique<State>(-1, std::move(sink), settings))
{}
BlockWriter::~BlockWriter() = default;

std::span<std::byte> BlockWriter::buffer()
{
    Slot& slot = state_->current();
    slot.raw.resize(kBlockBytes);
    return std::span(slot.raw).subspan(state_->filled);
}

void BlockWriter::advance(std::size_t count)
{
    BM_ASSERT(count <= kBlockBytes - state_->filled);
    state_->filled += count;
    state_->rawBytes += count;
    if (state_->filled == kBlockBytes)
        state_->submit();
}

void BlockWriter::write(std::span<const std::byte> bytes)
{
    while (!bytes.empty()) {
        const std::span<std::byte> free = buffer();
        const std::size_t count = std::min(free.size(), bytes.size());
        std::memcpy(free.data(), bytes.data(), count);
        advance(count);
        bytes = bytes.subspan(count);
    }
}

void BlockWriter::skip(std::uint64_t count)
{
    while (count > 0) {
        if (state_->filled == 0 && count >= kBlockBytes) {
            state_->submitHole();
            state_->rawBytes += kBlockBytes;
            count -= kBlockBytes;
            continue;
        }
        const std::span<std::byte> free = buffer();
        const std::size_t some = std::min<std::uint64_t>(free.size(), count);
        std::memset(free.data(), 0, some);
        advance(some);
        count -= some;
    }
}

std::uint64_t BlockWriter::rawBytes() const
{
    return state_->rawBytes;
}
std::uint64_t BlockWriter::storedBytes() const
{
    return state_->total;
}

Manifest BlockWriter::finish()
{
    if (state_->filled > 0)
        state_->submit();
    while (state_->head < state_->tail)
        state_->writeOldest();
    if (state_->fd >= 0) {
        state_->out.flush();
        if (::fsync(state_->fd) != 0)
            Appender::fail("syncing the block file");
    }
    state_->manifest.sizeBytes = state_->rawBytes;
    state_->manifest.storedBytes = state_->total;
    return std::move(state_->manifest);
}

} // namespace bm::images
