#include "conductor/fleet/selection/verdict.h"

#include "common/model/duration.h"
#include "common/wire/json/stored_json.h"
#include "conductor/core/node_disks.h"
#include "conductor/images/deployment_refusals.h"
#include "conductor/nodes/boot_port.h"

#include <algorithm>
#include <fmt/format.h>

namespace bm::conductor::fleet {

using model::Node;
using model::PlanVerdict;
using model::RolloutNode;
using nlohmann::json;

namespace {

/// The reason for not writing a node; no code: the node is written.
struct Reason {
    std::string code;
    std::string text;
    std::string hint;
    bool skip = false;
};

struct Case {
    db::Transaction& tx;
    const Context& context;
    const PlanCriteria& by;
    const Selected& selected;
    const Node& node;
    std::string name;
    json inventory; ///< of the agent's last boot; {} none
};

Reason nodeOptsOut(const Case& c)
{
    if (const auto taken = c.by.taken.find(c.node.id.uuid); taken != c.by.taken.end())
        return {"node-locked", "in rollout " + taken->second,
                "wait for it, or: bm rollout abort " + taken->second};
    if (c.node.isProtected)
        return {"node-protected",
                "protected" + (c.node.protectedReason.empty() ? "" : ": " + c.node.protectedReason),
                "bm node set " + c.name + " protected=false"};
    if (c.node.maintenance)
        return {"conflict",
                "in maintenance" + (c.node.maintenanceReason.empty() ? "" : ": " + c.node.maintenanceReason),
                "bm node set " + c.name + " --no-maintenance"};
    if (c.node.retired)
        return {"conflict", "retired" + (c.node.retiredReason.empty() ? "" : ": " + c.node.retiredReason),
                "bm node set " + c.name + " retired=false"};
    return {};
}

Reason stateFits(const Case& c)
{
    if (const auto current = db::OperationRepository{}.current(c.tx, c.node.id))
        return {"node-locked", "busy: " + std::string(model::toText(current->kind)),
                "bm node timeline " + c.name};
    if (model::deployStart(c.node.state) == model::DeployStart::None)
        return {"invalid-transition", "in state " + std::string(model::toText(c.node.state)),
                "no deployment starts from there: bm abort " + c.name};
    return {};
}

Reason machineSeen(const Case& c)
{
    if (!hasBootPort(c.tx, c.context, c.node))
        return {"invalid-input", "no boot MAC", "bm node set " + c.name + " --mac 52:54:00:..."};
    const bool powerKnown = c.node.power != model::PowerState::Unknown;
    if (!powerKnown && c.node.lastErrorCode.starts_with("bmc-"))
        return {c.node.lastErrorCode, "BMC not answering: " + c.node.lastError, "bm node check " + c.name};
    const bool seen = powerKnown || !c.inventory.empty() || c.selected.lastDeployed ||
                      c.node.state != model::State::Enroll; // verified at least
    if (!seen && !c.by.request.allowUnseen)
        return {"conflict", "never seen",
                "inspect it first: bm node check " + c.name + "; or --allow-unseen"};
    if (!powerKnown && seen && c.node.state != model::State::Enroll)
        return {"bmc-unreachable", "BMC not answering", "bm node check " + c.name};
    return {};
}

std::uint64_t largestDisk(const Node& node, const json& inventory)
{
    std::uint64_t largest = 0;
    if (skipsDisks(node)) {
        for (const wire::Disk& disk : lastSeenDisks(node))
            largest = std::max(largest, disk.candidate ? disk.sizeBytes : 0);
        return largest;
    }
    if (inventory.contains("disks") && inventory.at("disks").is_array())
        for (const json& disk : inventory.at("disks"))
            if (disk.is_object() && disk.value("candidate", true))
                largest = std::max(largest, disk.value("size_bytes", std::uint64_t{0}));
    return largest;
}

std::string capability(const json& properties, std::string_view wanted)
{
    const std::string all = wire::textMember(properties, "capabilities");
    for (std::size_t begin = 0; begin < all.size();) {
        const std::size_t end = std::min(all.find(',', begin), all.size());
        const std::string one = all.substr(begin, end - begin);
        if (one.starts_with(std::string(wanted) + ":"))
            return one.substr(wanted.size() + 1);
        begin = end + 1;
    }
    return {};
}

Reason imageFits(const Case& c)
{
    const model::Image& image = c.by.image;
    const json properties = wire::valueOf(c.node.properties);
    std::uint64_t disk = largestDisk(c.node, c.inventory);
    if (disk == 0)
        disk = std::strtoull(wire::textMember(properties, "local_gb").c_str(), nullptr, 10) << 30U;
    const std::uint64_t needed =
        std::max(image.sizeBytes, wire::valueOf(image.description).value("content_bytes", std::uint64_t{0}));
    const bool writes = image.kind != model::ImageKind::Ramdisk;
    if (writes && disk > 0 && disk < needed)
        return {"disk-too-small",
                fmt::format("disk too small: {:.1f} GiB, the image needs {:.1f} GiB",
                            static_cast<double>(disk) / (1U << 30U),
                            static_cast<double>(needed) / (1U << 30U)),
                "a smaller image, or a larger disk"};
    std::string architecture = c.inventory.value("cpu_arch", "");
    if (architecture.empty())
        architecture = wire::textMember(properties, "cpu_arch");
    if (!image.architecture.empty() && !architecture.empty() && architecture != image.architecture)
        return {"conflict",
                "wrong architecture: " + architecture + ", the image is for " + image.architecture,
                "bm image set " + image.name + " --arch corrects the image's"};
    const std::string mode = c.node.bootMode.empty() ? capability(properties, "boot_mode") : c.node.bootMode;
    if (!image.bootMode.empty() && !mode.empty() && mode != image.bootMode)
        return {"conflict",
                "wrong boot mode: " + mode + " as last seen, the image boots by " + image.bootMode,
                "bm image set " + image.name + " --boot-mode corrects the image's"};
    return {};
}

/// The deployment refuses the same.
Reason optionsFit(const Case& c)
{
    const std::vector<model::Error> refusals = deploymentRefusals(c.node, c.by.image, c.by.request.deploy);
    if (refusals.empty())
        return {};
    const model::Error& first = refusals.front();
    return {std::string(model::toText(first.code())), first.message(), first.hint()};
}

Reason alreadyDeployed(const Case& c)
{
    const bool onIt =
        c.node.state == model::State::Active &&
        wire::textMember(wire::valueOf(c.node.instanceInfo), "image_checksum") == c.by.image.contentId;
    if (onIt && !c.by.request.force && !c.by.request.ifOlderThan)
        return {"already", "already on " + c.by.image.name, "--force writes it again", true};
    if (c.by.request.ifOlderThan && c.selected.lastDeployed &&
        *c.selected.lastDeployed > c.by.now - *c.by.request.ifOlderThan)
        return {
            "already",
            "imaged " +
                model::toText(std::chrono::floor<std::chrono::minutes>(c.by.now - *c.selected.lastDeployed)) +
                " ago",
            "", true};
    return {};
}

} // namespace

void judge(db::Transaction& tx, const Context& context, const PlanCriteria& by, const Selected& selected,
           RolloutNode& row)
{
    const Node& node = selected.node;
    const auto agent = db::AgentRepository{}.find(tx, node.id);
    const Case c{tx,
                 context,
                 by,
                 selected,
                 node,
                 node.name.empty() ? node.id.uuid : node.name,
                 agent ? wire::valueOf(agent->inventory) : json::object()};
    for (const auto& question :
         {nodeOptsOut, alreadyDeployed, stateFits, machineSeen, imageFits, optionsFit}) {
        const Reason reason = question(c);
        if (reason.code.empty())
            continue;
        row.verdict = reason.skip ? PlanVerdict::Skip : PlanVerdict::Refuse;
        row.state = model::RolloutNodeState::Skipped;
        row.reasonCode = reason.code;
        row.reason = reason.text;
        row.hint = reason.hint;
        return;
    }
    row.verdict = PlanVerdict::Write;
    if (by.image.kind != model::ImageKind::Ramdisk)
        row.reason = skippedDisksText(node);
}

} // namespace bm::conductor::fleet
