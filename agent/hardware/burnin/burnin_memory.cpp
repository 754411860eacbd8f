#include "agent/hardware/burnin/burnin_memory.h"

#include "agent/base/random_pattern.h"
#include "agent/hardware/burnin/burnin_clock.h"
#include "common/platform/files.h"

#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <string>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::size_t kPieceBytes = std::size_t{16} << 20U;
constexpr std::size_t kBlockBytes = std::size_t{64} << 10U;
constexpr std::uint64_t kPatterns = 6;

std::uint64_t availableBytes()
{
    std::ifstream file("/proc/meminfo");
    std::string name;
    std::uint64_t kib = 0;
    std::string unit;
    while (file >> name >> kib && std::getline(file, unit))
        if (name == "MemAvailable:")
            return kib * 1024;
    return 0;
}

/// Memory from mmap(2), which returns to the kernel at once.
class Piece {
public:
    Piece()
    {
        void* const at =
            ::mmap(nullptr, kPieceBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at != MAP_FAILED)
            bytes_ = {static_cast<std::byte*>(at), kPieceBytes};
    }
    ~Piece()
    {
        if (!bytes_.empty())
            ::munmap(bytes_.data(), bytes_.size());
    }
    Piece(Piece&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
    Piece& operator=(Piece&&) = delete;
    std::span<std::byte> bytes() const { return bytes_; }

private:
    std::span<std::byte> bytes_{};
};

void fillPattern(std::span<std::byte> block, std::uint64_t pattern, std::uint64_t number, std::uint64_t seed)
{
    constexpr std::uint64_t kOwnPlace = 4;
    constexpr int kFills[] = {0x00, 0xff, 0x55, 0xaa};
    if (pattern < kOwnPlace) {
        std::memset(block.data(), kFills[pattern], block.size());
    } else if (pattern == kOwnPlace) {
        for (std::size_t at = 0; at < block.size(); at += sizeof(std::uint64_t)) {
            const std::uint64_t place = number * kBlockBytes + at;
            std::memcpy(block.data() + at, &place, sizeof place);
        }
    } else {
        RandomPattern(seed).fill(block, number);
    }
}

/// ", physical 0x12345678" by /proc/self/pagemap; "" when the kernel hides it.
std::string physicalText(const std::byte* at)
{
    const auto place = std::bit_cast<std::uintptr_t>(at);
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const platform::Fd map(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
    std::uint64_t entry = 0;
    if (::pread(map.get(), &entry, sizeof entry, static_cast<off_t>(place / page * sizeof entry)) !=
        static_cast<ssize_t>(sizeof entry))
        return {};
    const std::uint64_t frame = entry & ((std::uint64_t{1} << 55U) - 1);
    return frame == 0 ? std::string{} : fmt::format(", physical {:#x}", frame * page + place % page);
}

Error miscompare(std::span<const std::byte> block, std::span<const std::byte> expected, std::uint64_t number)
{
    const auto [found, wanted] = std::ranges::mismatch(block, expected);
    const auto at = static_cast<std::uint64_t>(found - block.begin());
    return {ErrorCode::AgentFailed,
            fmt::format("memory lost written data: byte {:#x} of the tested range{} is {:#04x} "
                        "instead of {:#04x}",
                        number * kBlockBytes + at, physicalText(&*found), std::to_integer<unsigned>(*found),
                        std::to_integer<unsigned>(*wanted)),
            "replace the module; the BMC's event log may name it"};
}

/// One thread's part of the memory.
class Tester {
public:
    Tester(const MemoryBurnIn& order, BurnInClock& clock, std::uint64_t first)
        : order_(order), clock_(clock), firstBlock_(first / kBlockBytes), scratch_(kBlockBytes)
    {}

    /// Allocates up to @p bytes and tests them until the end of the time.
    void run(std::uint64_t bytes)
    {
        for (std::uint64_t pass = 0; !clock_.over(); ++pass) {
            if (!write(pass, bytes) || !verify(pass))
                return;
            if ((pass + 1) % kPatterns == 0)
                ++passes;
        }
    }

    std::uint64_t tested() const { return pieces_.size() * kPieceBytes; }
    std::uint64_t passes = 0;
    std::uint64_t bytesWritten = 0;
    std::uint64_t bytesRead = 0;

private:
    bool grow(std::uint64_t bytes)
    {
        if (full_ || tested() + kPieceBytes > std::max<std::uint64_t>(bytes, kPieceBytes))
            return false;
        full_ = availableBytes() < order_.keepFreeBytes + kPieceBytes;
        if (!full_)
            pieces_.emplace_back();
        full_ = full_ || pieces_.back().bytes().empty();
        if (full_ && !pieces_.empty() && pieces_.back().bytes().empty())
            pieces_.pop_back();
        return !full_;
    }

    bool write(std::uint64_t pass, std::uint64_t bytes)
    {
        for (std::size_t i = 0; i < pieces_.size() || grow(bytes); ++i) {
            if (clock_.over())
                return false;
            const std::span<std::byte> piece = pieces_[i].bytes();
            for (std::size_t at = 0; at < kPieceBytes; at += kBlockBytes)
                fillPattern(piece.subspan(at, kBlockBytes), pass % kPatterns, numberOf(i, at), pass);
            bytesWritten += kPieceBytes;
            if (order_.tamper)
                order_.tamper(piece);
        }
        return !pieces_.empty();
    }

    bool verify(std::uint64_t pass)
    {
        for (std::size_t i = 0; i < pieces_.size(); ++i) {
            if (clock_.over())
                return false;
            for (std::size_t at = 0; at < kPieceBytes; at += kBlockBytes)
                if (!verifyBlock(pass, i, at))
                    return false;
            bytesRead += kPieceBytes;
        }
        return true;
    }

    bool verifyBlock(std::uint64_t pass, std::size_t piece, std::size_t at)
    {
        const std::span<const std::byte> block = pieces_[piece].bytes().subspan(at, kBlockBytes);
        fillPattern(scratch_, pass % kPatterns, numberOf(piece, at), pass);
        if (std::memcmp(block.data(), scratch_.data(), kBlockBytes) == 0)
            return true;
        clock_.fail(miscompare(block, scratch_, numberOf(piece, at)));
        return false;
    }

    std::uint64_t numberOf(std::size_t piece, std::size_t at) const
    {
        return firstBlock_ + (piece * kPieceBytes + at) / kBlockBytes;
    }

    const MemoryBurnIn& order_;
    BurnInClock& clock_;
    std::uint64_t firstBlock_;
    std::vector<std::byte> scratch_;
    std::vector<Piece> pieces_{};
    bool full_ = false;
};

} // namespace

std::uint64_t memoryToTest(unsigned percent, std::uint64_t keepFreeBytes)
{
    const std::uint64_t available = availableBytes();
    const std::uint64_t asked = available / 100 * std::min(percent, 100U);
    return available <= keepFreeBytes ? 0 : std::min(asked, available - keepFreeBytes);
}

MemoryBurnInOutcome burnInMemory(const MemoryBurnIn& order, StepProgress& progress,
                                 const std::stop_token& stop)
{
    const std::uint64_t cpus = std::max(1U, std::thread::hardware_concurrency());
    const std::uint64_t each = order.bytes / cpus / kPieceBytes * kPieceBytes;
    BurnInClock clock(order.span, stop);
    const std::uint64_t count = each > 0 ? cpus : 1;
    std::vector<Tester> testers;
    testers.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i)
        testers.emplace_back(order, clock, i * each);
    {
        std::atomic<std::size_t> running{testers.size()};
        std::vector<std::jthread> threads;
        threads.reserve(testers.size());
        for (Tester& tester : testers)
            threads.emplace_back([&tester, &running, each] {
                tester.run(each);
                --running;
            });
        while (!clock.over() && running > 0) {
            clock.reportProgress(progress, fmt::format("{} MiB of memory", order.bytes >> 20U));
            std::this_thread::sleep_for(std::chrono::milliseconds{100});
        }
    }
    clock.finish();
    MemoryBurnInOutcome out{.passes = testers.front().passes, .seconds = clock.seconds()};
    for (const Tester& tester : testers) {
        out.bytesTested += tester.tested();
        out.passes = std::min(out.passes, tester.passes);
        out.bytesWritten += tester.bytesWritten;
        out.bytesRead += tester.bytesRead;
    }
    return out;
}

} // namespace bm::agent
