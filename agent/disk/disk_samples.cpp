#include "agent/disk/disk_samples.h"

#include "agent/base/aligned_buffer.h"
#include "agent/base/stop_wait.h"
#include "common/model/error.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <xxhash.h>

namespace bm::agent {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 10U;
constexpr std::size_t kBeforeAndAfter = 256; ///< 16 MiB; some seconds on a rotating disk
constexpr std::size_t kProof = 1024;

struct Piece {
    std::uint64_t offset = 0;
    std::size_t bytes = 0;
};

/// One random offset in each of @p count equal parts, and both ends. The samples cover a small disk
/// completely.
std::vector<Piece> placesOn(const BlockDevice& device, std::size_t count)
{
    const std::uint64_t sector = device.sectorBytes();
    const std::uint64_t end = device.sizeBytes() / sector * sector;
    std::vector<Piece> places;
    if (end <= count * kPieceBytes) {
        for (std::uint64_t at = 0; at < end; at += kPieceBytes)
            places.push_back({at, static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, end - at))});
        return places;
    }
    std::mt19937_64 random{std::random_device{}()};
    places.reserve(count);
    const std::uint64_t part = end / count;
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::uint64_t room =
            std::uniform_int_distribution<std::uint64_t>(0, part - kPieceBytes)(random);
        places.push_back({(i * part + room) / sector * sector, kPieceBytes});
    }
    places.front().offset = 0;
    places.back().offset = end - kPieceBytes;
    return places;
}

/// All bytes are equal.
bool isOneByteRepeated(std::span<const std::byte> bytes)
{
    return std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0;
}

bool isZero(std::span<const std::byte> bytes)
{
    return bytes.front() == std::byte{0} && isOneByteRepeated(bytes);
}

} // namespace

DiskSamples::DiskSamples(const BlockDevice& device, const std::stop_token& stop)
{
    const AlignedBuffer buffer(kPieceBytes);
    for (const Piece& place : placesOn(device, kBeforeAndAfter)) {
        throwIfStopped(stop);
        if (place.bytes != kPieceBytes)
            continue;
        try {
            device.read(place.offset, buffer.bytes());
        } catch (const model::Error&) {
            continue; // a locked or failing disk is erased all the same
        }
        if (!isOneByteRepeated(buffer.bytes()))
            samples_.push_back({place.offset, XXH3_64bits(buffer.bytes().data(), kPieceBytes)});
    }
}

std::optional<std::uint64_t> DiskSamples::firstUnchanged(const BlockDevice& device,
                                                         const std::stop_token& stop) const
{
    const AlignedBuffer buffer(kPieceBytes);
    for (const Sample& sample : samples_) {
        throwIfStopped(stop);
        device.read(sample.offset, buffer.bytes());
        if (XXH3_64bits(buffer.bytes().data(), kPieceBytes) == sample.hash)
            return sample.offset;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> firstNonZero(const BlockDevice& device, const std::stop_token& stop)
{
    const AlignedBuffer buffer(kPieceBytes);
    for (const Piece& place : placesOn(device, kProof)) {
        throwIfStopped(stop);
        device.read(place.offset, buffer.first(place.bytes));
        if (!isZero(buffer.first(place.bytes)))
            return place.offset;
    }
    return std::nullopt;
}

} // namespace bm::agent
