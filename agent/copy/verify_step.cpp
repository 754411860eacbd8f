// verify_disk: compares a deployed disk with its image. Writes nothing.
#include "agent/copy/verify_step.h"

#include "agent/base/aligned_buffer.h"
#include "agent/copy/manifest_fetch.h"
#include "agent/disk/file_systems.h"
#include "agent/disk/gpt.h"
#include "agent/disk/kernel_disks.h"
#include "agent/step/chosen_disk.h"
#include "common/model/error.h"
#include "common/wire/steps/verify_disk.h"
#include "images/blocks/block_decoder.h"
#include "images/blocks/digest.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {

using images::kBlockBytes;
using images::Manifest;
using model::Deadline;
using model::Error;
using model::ErrorCode;
using wire::Disk;

namespace {

constexpr std::chrono::minutes kVerifyReleaseDeadline{2};
constexpr std::chrono::minutes kProbeDeadline{1};

enum class Found : std::uint8_t { Same, Changed, Unreadable };

Found compare(const Manifest& manifest, std::size_t block, const BlockDevice& device,
              const AlignedBuffer& buffer)
{
    const std::uint64_t length = manifest.rawLength(block);
    const std::uint64_t sector = device.sectorBytes();
    if (block * kBlockBytes + length > device.sizeBytes())
        return Found::Changed;
    try {
        device.read(block * kBlockBytes, buffer.first((length + sector - 1) / sector * sector));
    } catch (const Error& error) {
        if (error.code() != ErrorCode::DiskFailed)
            throw;
        return Found::Unreadable;
    }
    const std::span<const std::byte> bytes = buffer.first(length);
    const images::BlockEntry& entry = manifest.blocks[block];
    const bool same = entry.hole ? images::isAllZero(bytes) : images::sha256(bytes) == entry.sha256;
    return same ? Found::Same : Found::Changed;
}

/// The partitions that contain the differing blocks.
std::vector<wire::VerifiedPartition> byPartition(const BlockDevice& device, const std::vector<Found>& found,
                                                 const StepContext& context)
{
    std::vector<wire::VerifiedPartition> out;
    for (const Extent& partition : partitionsOf(device)) {
        const ByteRange part = bytesOf(partition, device);
        std::uint64_t changed = 0;
        for (std::uint64_t block = part.begin / kBlockBytes;
             block < found.size() && block * kBlockBytes < part.end; ++block)
            changed += found[block] == Found::Same ? 0U : 1U;
        out.push_back({part.begin, part.end - part.begin,
                       contentNameAt(device, part, context.exec, Deadline::in(kProbeDeadline, context.stop)),
                       changed});
    }
    return out;
}

wire::VerifyDiskResult verify(const Manifest& manifest, const BlockDevice& device, const StepContext& context)
{
    std::vector<Found> found(manifest.blocks.size(), Found::Same);
    const AlignedBuffer buffer(kBlockBytes);
    context.progress.total(manifest.sizeBytes);
    for (std::size_t i = 0; i < found.size(); ++i) {
        if (context.stop.stop_requested())
            throw Error(ErrorCode::Aborted, "stopped while verifying");
        found[i] = compare(manifest, i, device, buffer);
        context.progress.add(manifest.rawLength(i));
    }
    const auto count = [&](Found what) {
        return static_cast<std::uint64_t>(std::ranges::count(found, what));
    };
    return {.blocks = found.size(),
            .blocksChanged = count(Found::Changed),
            .blocksUnreadable = count(Found::Unreadable),
            .partitions = byPartition(device, found, context)};
}

} // namespace

model::JsonText verifyDiskStep(const StepContext& context)
{
    const auto in = wire::fromJson<wire::VerifyDiskArguments>(context.arguments.text, "verify_disk");
    const auto start = std::chrono::steady_clock::now();
    const Disk disk = chooseDiskToRead(in.disk, context);
    releaseDisk(context.exec, disk.name, context.log, Deadline::in(kVerifyReleaseDeadline, context.stop));
    const Manifest manifest = fetchManifest({.location = absoluteUrl(context, in.image.manifestUrl),
                                             .sha256 = in.image.manifestSha256,
                                             .sizeBytes = in.image.sizeBytes},
                                            context.token, context.stop);
    const BlockDevice device(disk.name, BlockDevice::Access::Read);
    context.progress.message("comparing the disk with its image");
    wire::VerifyDiskResult result = verify(manifest, device, context);
    result.seconds =
        roundedSeconds(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    result.disk = wire::identityOf(disk);
    context.log.info(
        fmt::format("{} of {} blocks differ from the image", result.blocksChanged, manifest.blocks.size()));
    return wire::toJson(result);
}

} // namespace bm::agent
