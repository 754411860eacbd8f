
#include "agent/copy/write_image_step.h"

#include "agent/copy/disk_deployer.h"
#include "agent/disk/file_system_growth.h"
#include "agent/disk/kernel_disks.h"
#include "agent/start/disk_start.h"
#include "agent/step/chosen_disk.h"
#include "common/model/error.h"
#include "common/wire/steps/write_image.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bm::agent {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using wire::Disk;

namespace {

constexpr std::chrono::minutes kReleaseDeadline{2};
constexpr std::chrono::minutes kGrowDeadline{10};

DeployOrder orderFrom(const wire::WriteImageArguments& in, const StepContext& context)
{
    DeployOrder order{imageOrderFrom(in.image, in.configDriveUrl, context, "write_image")};
    order.copy = in.copy;
    order.resume = context.resume;
    return order;
}

wire::WriteImageResult resultOf(const Disk& disk, const DeployOutcome& outcome)
{
    return {.disk = wire::identityOf(disk),
            .bytesWritten = outcome.bytesWritten,
            .bytesFetched = outcome.bytesFetched,
            .bytesPresent = outcome.bytesPresent,
            .blocksRoot = outcome.blocksRoot,
            .decision = {outcome.decision.onlyDiffering, outcome.decision.why},
            .seconds = roundedSeconds(std::max(outcome.seconds, 0.001)),
            .megabytesPerSecond = megabytesPerSecond(outcome.imageBytes, outcome.seconds)};
}

/// The chosen disk and the further disks for the same image. Stops the kernel's arrays and volumes on them.
std::vector<Disk> disksFor(const wire::WriteImageArguments& in, const StepContext& context)
{
    std::vector<Disk> disks{chooseDisk(in.disk, context)};
    const MachineDisks::Chosen chosen = howChosen(in.disk, disks);
    for (const Disk& disk :
         chooseMoreDisks(in.copy.moreDisks.value_or(std::vector<model::JsonText>{}), context, disks.front()))
        disks.push_back(disk);
    context.disks.refuseProtected(disks, chosen);
    for (const Disk& disk : disks) {
        context.log.info(fmt::format("writing to {}: {} MiB, serial {}", disk.name, disk.sizeBytes >> 20U,
                                     disk.serial.empty() ? std::string("unknown") : disk.serial));
        releaseDisk(context.exec, disk.name, context.log, Deadline::in(kReleaseDeadline, context.stop));
    }
    return disks;
}

/// The result of each of several disks; all were compared with the same manifest, block by block.
std::vector<wire::WrittenDisk> eachOf(const std::vector<Disk>& disks, const DeployOutcome& outcome)
{
    std::vector<wire::WrittenDisk> all;
    all.reserve(disks.size());
    for (const Disk& disk : disks)
        all.push_back({wire::identityOf(disk), outcome.blocksRoot});
    return all;
}

wire::GrownFileSystem grow(const std::string& disk, const StepContext& context)
{
    const FileSystemGrowth growth =
        growLastFileSystem(disk, context.exec, context.log, Deadline::in(kGrowDeadline, context.stop));
    return {growth.fileSystem, growth.bytesBefore, growth.bytesAfter, growth.trouble};
}

} // namespace

model::JsonText writeImageStep(const StepContext& context)
{
    const auto in = wire::fromJson<wire::WriteImageArguments>(context.arguments.text, "write_image");
    const DeployOrder order = orderFrom(in, context);
    const std::vector<Disk> disks = disksFor(in, context);
    std::vector<std::string> names;
    names.reserve(disks.size());
    for (const Disk& disk : disks)
        names.push_back(disk.name);
    DiskStart start(names, context);
    const DeployOutcome outcome =
        deployDisks(order, {names.begin(), names.end()}, context.progress, context.log, context.stop);
    context.log.info(
        fmt::format("image written to {} in {:.1f} s, {} MiB fetched, read back without a difference",
                    fmt::join(names, ", "), outcome.seconds, outcome.bytesFetched >> 20U));
    wire::WriteImageResult result = resultOf(disks.front(), outcome);
    if (disks.size() > 1)
        result.disks = eachOf(disks, outcome);
    if (order.copy.growLastPartition) {
        context.progress.message("growing the file system");
        for (const std::string& name : names) {
            const wire::GrownFileSystem grown = grow(name, context);
            if (!result.fileSystem) // of the first disk
                result.fileSystem = grown;
        }
    }
    result.boot = start.registerDisks(in.image.name);
    return wire::toJson(result);
}

} // namespace bm::agent
