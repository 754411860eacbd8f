#include "agent/hardware/burnin/burnin_disk.h"

#include "agent/base/aligned_buffer.h"
#include "agent/base/random_pattern.h"
#include "agent/hardware/burnin/burnin_clock.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>
#include <xxhash.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;

namespace {

constexpr std::uint64_t kWindowBytes = std::uint64_t{32} << 20U; ///< more than a disk's cache can answer
constexpr std::size_t kBlockBytes = std::size_t{1} << 20U;

/// The burn-in of one disk.
class DiskTester {
public:
    DiskTester(BlockDevice& device, const DiskBurnIn& order, const std::stop_token& stop)
        : device_(device), order_(order), clock_(order.span, stop), buffer_(kBlockBytes),
          end_(device.sizeBytes() / device.sectorBytes() * device.sectorBytes())
    {}

    DiskBurnInOutcome run(StepProgress& progress)
    {
        while (!clock_.over() && end_ > 0) {
            for (std::uint64_t at = 0; at < end_ && !clock_.over(); at += kWindowBytes) {
                window(at, std::min(at + kWindowBytes, end_));
                clock_.reportProgress(progress, device_.path().string());
            }
            if (!clock_.over())
                ++out_.passes;
        }
        clock_.finish();
        out_.seconds = clock_.seconds();
        return out_;
    }

private:
    /// Completes a piece even after the end of the time, so that a slow disk compares at least one.
    void window(std::uint64_t begin, std::uint64_t end)
    {
        std::vector<std::uint64_t> hashes;
        for (std::uint64_t at = begin; at < end; at += kBlockBytes)
            hashes.push_back(order_.write ? written(at, lengthAt(at, end)) : readOnce(at, lengthAt(at, end)));
        if (order_.write)
            device_.flush();
        for (std::size_t i = 0; i < hashes.size(); ++i) {
            const std::uint64_t at = begin + i * kBlockBytes;
            if (readOnce(at, lengthAt(at, end)) != hashes[i])
                throw Error(ErrorCode::AgentFailed,
                            fmt::format("{} does not return {}: the {} bytes from byte {} on differ",
                                        device_.path().string(),
                                        order_.write ? "the written data" : "the data of the first reading",
                                        lengthAt(at, end), at),
                            "replace the disk, or check its cable and controller");
        }
    }

    static std::size_t lengthAt(std::uint64_t at, std::uint64_t end)
    {
        return static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, end - at));
    }

    std::uint64_t written(std::uint64_t at, std::size_t length)
    {
        clock_.finish(); // when stopped
        pattern_.fill(buffer_.bytes(), (out_.passes << 40U) | at / kBlockBytes);
        device_.write(at, buffer_.first(length));
        out_.bytesWritten += length;
        return XXH3_64bits(buffer_.bytes().data(), length);
    }

    std::uint64_t readOnce(std::uint64_t at, std::size_t length)
    {
        clock_.finish();
        device_.read(at, buffer_.first(length));
        out_.bytesRead += length;
        if (order_.tamper)
            order_.tamper(at, buffer_.first(length));
        return XXH3_64bits(buffer_.bytes().data(), length);
    }

    BlockDevice& device_;
    const DiskBurnIn& order_;
    BurnInClock clock_;
    RandomPattern pattern_;
    AlignedBuffer buffer_;
    std::uint64_t end_;
    DiskBurnInOutcome out_{};
};

} // namespace

DiskBurnInOutcome burnInDisk(BlockDevice& device, const DiskBurnIn& order, StepProgress& progress,
                             const std::stop_token& stop)
{
    return DiskTester(device, order, stop).run(progress);
}

} // namespace bm::agent
