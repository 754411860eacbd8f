// capture_disk: the disk becomes an image in the server's store.
#include "agent/capture_plan.h"
#include "agent/capture_upload.h"
#include "agent/chosen_disk.h"
#include "agent/disk_capture.h"
#include "agent/disk_overlay.h"
#include "agent/generaliser.h"
#include "agent/kernel_disks.h"
#include "common/model/error.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <thread>

namespace bm::agent {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using nlohmann::json;
using wire::Disk;

namespace {

constexpr std::chrono::minutes kPrepareDeadline{30};
constexpr int kMostThreads = 8; ///< of compression: each holds about 4 MiB
constexpr int kTries = 3;

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

/// One disk on its way into the store.
class DiskToStore {
public:
    DiskToStore(const StepContext& context, std::string url, std::string path)
        : context_(context), url_(std::move(url)), device_(std::move(path), BlockDevice::Access::Read)
    {}

    const BlockDevice& device() const { return device_; }

    json run()
    {
        context_.progress.message("reading the maps of used blocks");
        const Deadline deadline = Deadline::in(kPrepareDeadline, context_.stop);
        const CapturePlan plan = planCapture(device_, context_.exec, context_.log, deadline);
        const std::uint64_t used = bytesOf(plan.used);
        context_.progress.total(plan.imageBytes);
        context_.progress.message("capturing");
        context_.log.note(
            fmt::format("an image of {} MiB, {} MiB of it in use", plan.imageBytes >> 20U, used >> 20U));
        std::string contentId;
        for (int attempt = 1;; ++attempt) {
            try {
                contentId = send(plan);
                break;
            } catch (const Error& error) {
                if (error.code() != ErrorCode::Unavailable || attempt == kTries)
                    throw;
                context_.log.trouble(error.message());
            }
        }
        return {{"content_id", contentId},
                {"image_bytes", plan.imageBytes},
                {"bytes_used", used},
                {"bytes_sent", sent_},
                {"config_drive_left_out", plan.configDriveLeftOut},
                {"partitions", partitionsOfPlan(plan)}};
    }

private:
    std::string send(const CapturePlan& plan)
    {
        CaptureUpload upload(url_, context_.token, context_.log, context_.stop);
        const std::uint64_t from = upload.begin(plan.imageBytes);
        if (from > 0)
            context_.log.note(fmt::format("{} MiB are there already", from));
        context_.progress.add(from * images::kBlockBytes -
                              std::min(context_.progress.bytesDone(), from * images::kBlockBytes));
        const int threads =
            std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMostThreads);
        images::BlockWriter writer([&](const images::BlockEntry& entry,
                                       std::span<const std::byte> frame) { upload.put(entry, frame); },
                                   {.threads = threads});
        readImage(device_, plan, from, writer, context_.progress, context_.stop);
        writer.finish();
        const std::string contentId = upload.finish();
        sent_ += upload.bytesSent();
        return contentId;
    }

    const StepContext& context_;
    std::string url_;
    BlockDevice device_;
    std::uint64_t sent_ = 0;
};

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
    const Deadline deadline = Deadline::in(kPrepareDeadline, context.stop);
    releaseDisk(context.exec, disk.name, context.log, deadline);
    std::optional<DiskOverlay> overlay;
    json generalised = json::array();
    if (in.flag("generalise")) {
        context.progress.message("generalising a copy of the disk in RAM");
        overlay.emplace(context.exec, disk.name, disk.sizeBytes, context.log, deadline);
        const BlockDevice device(overlay->path(), BlockDevice::Access::Write);
        generalised = generaliseDisk(device, context.log);
    }
    json result = DiskToStore(context, url, overlay ? overlay->path() : disk.name).run();
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    result["seconds"] = std::round(seconds * 1000) / 1000;
    result["disk"] = identityOf(disk);
    result["generalised"] = std::move(generalised);
    context.log.note(fmt::format("captured in {:.1f} s", seconds));
    return resultText(result);
}

} // namespace bm::agent
