#include "agent/tree/tree_step.h"

#include "agent/start/disk_start.h"
#include "agent/step/chosen_disk.h"
#include "agent/tree/tree_deployer.h"
#include "common/model/error.h"
#include "common/wire/steps/write_tree.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using wire::Disk;

namespace {

TreeOrder orderFrom(const wire::WriteTreeArguments& in, const StepContext& context)
{
    TreeOrder order{imageOrderFrom(in.image, in.configDriveUrl, context, "write_tree")};
    order.layout = layout::layoutFromJson(nlohmann::json::parse(in.layout.text));
    order.contentBytes = in.contentBytes;
    return order;
}

wire::WriteTreeResult resultOf(const std::vector<Disk>& disks, const TreeOutcome& outcome)
{
    wire::WriteTreeResult result{.disk = wire::identityOf(disks.front()),
                                 .entries = outcome.entries,
                                 .bytesWritten = outcome.contentBytes,
                                 .bytesFetched = outcome.bytesFetched,
                                 .filesDigest = outcome.manifestDigest,
                                 .preserved = outcome.preserved,
                                 .seconds = roundedSeconds(std::max(outcome.seconds, 0.001)),
                                 .megabytesPerSecond =
                                     megabytesPerSecond(outcome.contentBytes, outcome.seconds)};
    for (const Disk& disk : disks)
        result.disks.push_back(wire::identityOf(disk));
    return result;
}

} // namespace

model::JsonText writeTreeStep(const StepContext& context)
{
    const auto in = wire::fromJson<wire::WriteTreeArguments>(context.arguments.text, "write_tree");
    const TreeOrder order = orderFrom(in, context);
    const std::vector<Disk> disks = chooseDisks(in.disk, context, order.layout.mirror);
    context.disks.refuseProtected(disks, howChosen(in.disk, disks));
    std::vector<std::filesystem::path> paths;
    for (const Disk& disk : disks) {
        context.log.info(fmt::format("copying the tree to {}: {} MiB, serial {}", disk.name,
                                     disk.sizeBytes >> 20U,
                                     disk.serial.empty() ? std::string("unknown") : disk.serial));
        paths.emplace_back(disk.name);
    }
    DiskStart start({paths.begin(), paths.end()}, context);
    const TreeOutcome outcome =
        deployTree(order, paths, context.exec, context.progress, context.log, context.stop);
    context.log.info(
        fmt::format("{} entries copied in {:.1f} s, {} MiB fetched, read back without a difference",
                    outcome.entries, outcome.seconds, outcome.bytesFetched >> 20U));
    wire::WriteTreeResult result = resultOf(disks, outcome);
    result.boot = start.registerDisks(in.image.name);
    return wire::toJson(result);
}

} // namespace bm::agent
