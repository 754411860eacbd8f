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

#include <cmath>
#include <fmt/format.h>

namespace bm::agent {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using nlohmann::json;
using wire::Disk;

namespace {

constexpr std::chrono::minutes kPrepareDeadline{30};

json partitionsOfPlan(const CapturePlan& plan)
{
    json out = json::array();
    for (const FreeSpace& space : plan.found)
        out.push_back({{"file_system", toText(space.kind)},
                       {"mapped", space.kind != FileSystem::None && space.distrust.empty()},
                       {"why", space.distrust}});
    return out;
}

std::uint64_t bytesOf(const std::vector<ByteRange>& ranges)
{
    std::uint64_t total = 0;
    for (const ByteRange& range : ranges)
        total += range.end - range.begin;
    return total;
}

json captureWhole(const StepContext& context, const std::string& url, const BlockDevice& device,
                  const Deadline& deadline)
{
    context.progress.message("reading the maps of used blocks");
    const CapturePlan plan = planCapture(device, context.exec, context.log, deadline);
    const std::uint64_t used = bytesOf(plan.used);
    context.log.note(
        fmt::format("an image of {} MiB, {} MiB of it in use", plan.imageBytes >> 20U, used >> 20U));
    const SentImage sent = sendCapture(
        context, url, plan.imageBytes, [&](std::uint64_t firstBlock, images::BlockWriter& writer) {
            readImage(device, plan, firstBlock, writer, context.progress, context.stop);
        });
    return {{"content_id", sent.contentId},
            {"image_bytes", plan.imageBytes},
            {"bytes_used", used},
            {"bytes_sent", sent.bytesSent},
            {"config_drive_left_out", plan.configDriveLeftOut},
            {"partitions", partitionsOfPlan(plan)}};
}

/// The disk itself, or, where files are changed on the way, a copy of it in RAM.
json capture(const StepContext& context, const wire::JsonReader& in, const std::string& url, const Disk& disk)
{
    const Deadline deadline = Deadline::in(kPrepareDeadline, context.stop);
    releaseDisk(context.exec, disk.name, context.log, deadline);
    const bool tree = in.text("kind") == "tree";
    const bool generalise = in.flag("generalise");
    if (!tree && !generalise) {
        json result = captureWhole(context, url, {disk.name, BlockDevice::Access::Read}, deadline);
        result["generalised"] = json::array();
        return result;
    }
    context.progress.message("laying a copy of the disk in RAM");
    const DiskOverlay overlay(context.exec, disk.name, disk.sizeBytes, context.log, deadline);
    const BlockDevice device(overlay.path(), BlockDevice::Access::Write);
    if (tree)
        return captureTree(context, url, device, generalise, deadline);
    const std::vector<std::string> generalised = generaliseDisk(device, context.log);
    json result = captureWhole(context, url, device, deadline);
    result["generalised"] = generalised;
    return result;
}

} // namespace

model::JsonText captureDiskStep(const StepContext& context)
{
    const json arguments = wire::parseObject(context.arguments.text, "capture_disk");
    const wire::JsonReader in(arguments, "capture_disk");
    const auto start = std::chrono::steady_clock::now();
    const std::string url = absoluteUrl(context, in.text("capture_url"));
    if (!url.starts_with("http://") && !url.starts_with("https://"))
        throw Error(ErrorCode::InvalidInput, fmt::format("capture_disk: \"{}\" is no http(s) URL", url));
    const Disk disk = chooseDisk(in, context);
    context.log.note(fmt::format("capturing {}: {} MiB", disk.name, disk.sizeBytes >> 20U));
    json result = capture(context, in, url, disk);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result["seconds"] = std::round(seconds * 1000) / 1000;
    result["disk"] = identityOf(disk);
    context.log.note(fmt::format("captured in {:.1f} s", seconds));
    return resultText(result);
}

} // namespace bm::agent
