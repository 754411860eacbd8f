#include "agent/hardware/erase/overwriting.h"

#include "agent/base/aligned_buffer.h"
#include "agent/base/random_pattern.h"
#include "agent/base/stop_wait.h"
#include "agent/disk/disk_samples.h"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <system_error>

namespace bm::agent {
namespace {

constexpr std::uint64_t kStride = std::uint64_t{1} << 30U; ///< between two checks of the stop token
constexpr std::size_t kWriteBytes = std::size_t{4} << 20U;

using Each = std::function<std::error_code(std::uint64_t offset, std::uint64_t length)>;

/// Discards all sectors, in strides. @return the first failure
std::error_code overAll(const BlockDevice& device, ProgressShare& share, const std::stop_token& stop,
                        const Each& each)
{
    const std::uint64_t end = device.sizeBytes() / device.sectorBytes() * device.sectorBytes();
    for (std::uint64_t at = 0; at < end; at += kStride) {
        throwIfStopped(stop);
        if (const std::error_code failed = each(at, std::min(kStride, end - at)))
            return failed;
        share.reach(std::min(at + kStride, end), end);
    }
    return {};
}

std::optional<std::string> proof(BlockDevice& device, const std::stop_token& stop)
{
    device.flush();
    if (const std::optional<std::uint64_t> at = firstNonZero(device, stop))
        return fmt::format("byte {} and on are not zeros afterwards", *at);
    return std::nullopt;
}

void overwriteOnce(BlockDevice& device, const std::function<void(std::uint64_t)>& wrote,
                   const std::stop_token& stop)
{
    const RandomPattern pattern;
    const AlignedBuffer buffer(kWriteBytes);
    const std::uint64_t end = device.sizeBytes() / device.sectorBytes() * device.sectorBytes();
    for (std::uint64_t at = 0; at < end; at += kWriteBytes) {
        throwIfStopped(stop);
        pattern.fill(buffer.bytes(), at / kWriteBytes);
        const auto piece = static_cast<std::size_t>(std::min<std::uint64_t>(kWriteBytes, end - at));
        device.write(at, buffer.first(piece));
        wrote(at + piece);
    }
    device.flush();
}

} // namespace

std::optional<std::string> discardSecurely(BlockDevice& device, ProgressShare& share,
                                           const std::stop_token& stop)
{
    const std::error_code failed =
        overAll(device, share, stop, [&](std::uint64_t offset, std::uint64_t length) {
            return device.discard(offset, length, BlockDevice::Discard::Secure);
        });
    if (failed)
        return "secure discard: " + failed.message();
    device.flush();
    return std::nullopt;
}

std::optional<std::string> discardToZeros(BlockDevice& device, ProgressShare& share,
                                          const std::stop_token& stop)
{
    const std::error_code failed =
        overAll(device, share, stop, [&](std::uint64_t offset, std::uint64_t length) {
            return device.discard(offset, length, BlockDevice::Discard::Plain);
        });
    if (failed)
        return "discard: " + failed.message();
    return proof(device, stop);
}

std::optional<std::string> zeroAll(BlockDevice& device, ProgressShare& share, const std::stop_token& stop)
{
    overAll(device, share, stop, [&](std::uint64_t offset, std::uint64_t length) {
        device.zero(offset, length, stop);
        return std::error_code{};
    });
    return proof(device, stop);
}

std::optional<std::string> shred(BlockDevice& device, unsigned passes, ProgressShare& share,
                                 const std::stop_token& stop)
{
    const std::uint64_t all = device.sizeBytes() * (passes + 1U) + 1;
    for (unsigned pass = 0; pass < passes; ++pass) {
        const std::uint64_t before = device.sizeBytes() * pass;
        overwriteOnce(
            device, [&](std::uint64_t done) { share.reach(before + done, all); }, stop);
    }
    return zeroAll(device, share, stop);
}

} // namespace bm::agent
