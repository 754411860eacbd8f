
#include "agent/copy/write_image_step.h"

#include "agent/copy/disk_deployer.h"
#include "agent/disk/file_system_growth.h"
#include "agent/disk/kernel_disks.h"
#include "agent/start/disk_start.h"
#include "agent/step/chosen_disk.h"
#include "common/model/error.h"

#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bm::agent {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using nlohmann::json;
using wire::Disk;
using wire::JsonReader;

namespace {

constexpr std::chrono::minutes kReleaseDeadline{2};
constexpr std::chrono::minutes kGrowDeadline{10};

DeployOrder orderFrom(const JsonReader& in, const StepContext& context)
{
    DeployOrder order{imageOrderFrom(in, context, "write_image")};
    order.growLastPartition = in.flag("grow_last_partition");
    order.full = in.has("full") && in.flag("full");
    order.resume = context.resume;
    order.relay = context.relay;
    order.relaySettings = context.relaySettings;
    return order;
}

json resultOf(const Disk& disk, const DeployOutcome& outcome)
{
    const double seconds = std::max(outcome.seconds, 0.001);
    return {{"disk", identityOf(disk)},
            {"bytes_written", outcome.bytesWritten},
            {"bytes_fetched", outcome.bytesFetched},
            {"bytes_present", outcome.bytesPresent},
            {"blocks_root", outcome.blocksRoot},
            {"decision", {{"only_differing", outcome.decision.onlyDiffering}, {"why", outcome.decision.why}}},
            {"seconds", std::round(seconds * 1000) / 1000},
            {"mb_per_s", std::round(static_cast<double>(outcome.imageBytes) / 1e5 / seconds) / 10}};
}

json resultOf(const FileSystemGrowth& growth)
{
    return {{"kind", growth.fileSystem},
            {"bytes_before", growth.bytesBefore},
            {"bytes_after", growth.bytesAfter},
            {"trouble", growth.trouble}};
}

/// The chosen one and those that get the same, given free by whatever the kernel made of them.
std::vector<Disk> disksFor(DeployOrder& order, const JsonReader& in, const StepContext& context)
{
    std::vector<Disk> disks{chooseDisk(in, context)};
    for (const Disk& disk : chooseMoreDisks(in, context, disks.front())) {
        order.moreDisks.emplace_back(disk.name);
        disks.push_back(disk);
    }
    for (const Disk& disk : disks) {
        context.log.note(fmt::format("writing to {}: {} MiB, serial {}", disk.name, disk.sizeBytes >> 20U,
                                     disk.serial.empty() ? std::string("unknown") : disk.serial));
        releaseDisk(context.exec, disk.name, context.log, Deadline::in(kReleaseDeadline, context.stop));
    }
    return disks;
}

/// Each of several disks; all were compared with the same manifest, block by block.
json eachOf(const std::vector<Disk>& disks, const DeployOutcome& outcome)
{
    json all = json::array();
    for (const Disk& disk : disks) {
        all.push_back(identityOf(disk));
        all.back()["blocks_root"] = outcome.blocksRoot;
    }
    return all;
}

json grow(const std::string& disk, const StepContext& context)
{
    return resultOf(
        growLastFileSystem(disk, context.exec, context.log, Deadline::in(kGrowDeadline, context.stop)));
}

} // namespace

model::JsonText writeImageStep(const StepContext& context)
{
    const json arguments = wire::parseObject(context.arguments.text, "write_image");
    const JsonReader in(arguments, "write_image");
    DeployOrder order = orderFrom(in, context);
    const std::vector<Disk> disks = disksFor(order, in, context);
    std::vector<std::string> names;
    names.reserve(disks.size());
    for (const Disk& disk : disks)
        names.push_back(disk.name);
    DiskStart start(names, context);
    const DeployOutcome outcome =
        deployDisk(order, names.front(), context.progress, context.log, context.stop);
    context.log.note(fmt::format("image written to {} in {:.1f} s, {} MiB fetched, read back and the same",
                                 fmt::join(names, ", "), outcome.seconds, outcome.bytesFetched >> 20U));
    json result = resultOf(disks.front(), outcome);
    if (disks.size() > 1)
        result["disks"] = eachOf(disks, outcome);
    if (order.growLastPartition) {
        context.progress.message("growing the file system");
        for (const std::string& name : names) // the first one's is told
            result.emplace("file_system", grow(name, context));
    }
    result["boot"] = start.settle(in.object("image").text("name"));
    return resultText(result);
}

} // namespace bm::agent
