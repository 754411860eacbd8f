// capture_disk: the disk, or the files on it, become an image in the server's store.
#include "agent/capture/capture_step.h"

#include "agent/capture/capture_plan.h"
#include "agent/capture/capture_send.h"
#include "agent/capture/disk_capture.h"
#include "agent/capture/disk_overlay.h"
#include "agent/capture/generaliser.h"
#include "agent/capture/tree_capture.h"
#include "agent/disk/kernel_disks.h"
#include "agent/step/chosen_disk.h"
#include "common/model/error.h"
#include "common/wire/steps/capture_disk.h"

#include <fmt/format.h>

namespace bm::agent {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using wire::Disk;

namespace {

constexpr std::chrono::minutes kPrepareDeadline{30};

std::vector<wire::CapturedPartition> partitionsOfPlan(const CapturePlan& plan)
{
    std::vector<wire::CapturedPartition> out;
    for (const FreeSpace& space : plan.found)
        out.push_back({space.name, space.kind != FileSystem::None && space.distrust.empty(), space.distrust});
    return out;
}

std::uint64_t bytesOf(const std::vector<ByteRange>& ranges)
{
    std::uint64_t total = 0;
    for (const ByteRange& range : ranges)
        total += range.end - range.begin;
    return total;
}

wire::CaptureDiskResult captureWhole(const StepContext& context, const std::string& url,
                                     const BlockDevice& device, const Deadline& deadline)
{
    context.progress.message("reading the maps of used blocks");
    const CapturePlan plan = planCapture(device, context.exec, context.log, deadline);
    const std::uint64_t used = bytesOf(plan.used);
    context.log.info(
        fmt::format("an image of {} MiB, {} MiB of it in use", plan.imageBytes >> 20U, used >> 20U));
    const SentImage sent = sendCapture(
        context, url, plan.imageBytes, [&](std::uint64_t firstBlock, images::BlockWriter& writer) {
            readImage(device, plan, firstBlock, writer, context.progress, context.stop);
        });
    return {.contentId = sent.contentId,
            .imageBytes = plan.imageBytes,
            .bytesSent = sent.bytesSent,
            .bytesUsed = used,
            .configDriveLeftOut = plan.configDriveLeftOut,
            .partitions = partitionsOfPlan(plan)};
}

/// The disk itself, or an overlay in RAM when the capture changes files.
wire::CaptureDiskResult capture(const StepContext& context, const wire::CaptureDiskArguments& in,
                                const std::string& url, const Disk& disk)
{
    const Deadline deadline = Deadline::in(kPrepareDeadline, context.stop);
    releaseDisk(context.exec, disk.name, context.log, deadline);
    const bool tree = in.kind == "tree";
    if (!tree && !in.generalise)
        return captureWhole(context, url, {disk.name, BlockDevice::Access::Read}, deadline);
    context.progress.message("creating an overlay of the disk in RAM");
    const DiskOverlay overlay(context.exec, disk.name, disk.sizeBytes, context.log, deadline);
    const BlockDevice device(overlay.path(), BlockDevice::Access::Write);
    if (tree)
        return captureTree(context, url, device, in.generalise, deadline);
    const std::vector<std::string> generalised = generaliseDisk(device, context.log);
    wire::CaptureDiskResult result = captureWhole(context, url, device, deadline);
    result.generalised = generalised;
    return result;
}

} // namespace

model::JsonText captureDiskStep(const StepContext& context)
{
    const auto in = wire::fromJson<wire::CaptureDiskArguments>(context.arguments.text, "capture_disk");
    const auto start = std::chrono::steady_clock::now();
    const std::string url = absoluteUrl(context, in.captureUrl);
    if (!url.starts_with("http://") && !url.starts_with("https://"))
        throw Error(ErrorCode::InvalidInput, fmt::format("capture_disk: \"{}\" is not an http(s) URL", url));
    const Disk disk = chooseDiskToRead(in.disk, context);
    context.log.info(fmt::format("capturing {}: {} MiB", disk.name, disk.sizeBytes >> 20U));
    wire::CaptureDiskResult result = capture(context, in, url, disk);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result.seconds = roundedSeconds(seconds);
    result.disk = wire::identityOf(disk);
    context.log.info(fmt::format("captured in {:.1f} s", seconds));
    return wire::toJson(result);
}

} // namespace bm::agent
