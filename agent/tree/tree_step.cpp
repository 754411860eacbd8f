#include "agent/tree/tree_step.h"

#include "agent/start/disk_start.h"
#include "agent/step/chosen_disk.h"
#include "agent/tree/tree_deployer.h"
#include "common/model/error.h"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>

namespace bm::agent {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using wire::Disk;
using wire::JsonReader;

namespace {

TreeOrder orderFrom(const JsonReader& in, const StepContext& context)
{
    TreeOrder order{imageOrderFrom(in, context, "write_tree")};
    order.layout = layout::layoutFromJson(in.value("layout"));
    order.contentBytes = in.number("content_bytes");
    return order;
}

json resultOf(const std::vector<Disk>& disks, const TreeOutcome& outcome)
{
    json all = json::array();
    for (const Disk& disk : disks)
        all.push_back(identityOf(disk));
    const double seconds = std::max(outcome.seconds, 0.001);
    return {{"disk", identityOf(disks.front())},
            {"disks", all},
            {"entries", outcome.entries},
            {"bytes_written", outcome.contentBytes},
            {"bytes_fetched", outcome.bytesFetched},
            {"files_digest", outcome.manifestDigest},
            {"preserved", outcome.preserved},
            {"seconds", std::round(seconds * 1000) / 1000},
            {"mb_per_s", std::round(static_cast<double>(outcome.contentBytes) / 1e5 / seconds) / 10}};
}

} // namespace

model::JsonText writeTreeStep(const StepContext& context)
{
    const json arguments = wire::parseObject(context.arguments.text, "write_tree");
    const JsonReader in(arguments, "write_tree");
    const TreeOrder order = orderFrom(in, context);
    const std::vector<Disk> disks = chooseDisks(in, context, order.layout.mirror);
    std::vector<std::filesystem::path> paths;
    for (const Disk& disk : disks) {
        context.log.note(fmt::format("copying the tree to {}: {} MiB, serial {}", disk.name,
                                     disk.sizeBytes >> 20U,
                                     disk.serial.empty() ? std::string("unknown") : disk.serial));
        paths.emplace_back(disk.name);
    }
    DiskStart start({paths.begin(), paths.end()}, context);
    const TreeOutcome outcome =
        deployTree(order, paths, context.exec, context.progress, context.log, context.stop);
    context.log.note(fmt::format("{} entries copied in {:.1f} s, {} MiB fetched, read back and the same",
                                 outcome.entries, outcome.seconds, outcome.bytesFetched >> 20U));
    json result = resultOf(disks, outcome);
    result["boot"] = start.settle(in.object("image").text("name"));
    return resultText(result);
}

} // namespace bm::agent
