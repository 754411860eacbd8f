// `bm node check`: predicts whether a deployment of a node succeeds, without starting one.
#include "cli/commands/node_subcommands.h"
#include "cli/shell/findings.h"
#include "cli/views/timeline.h"
#include "common/model/error.h"
#include "common/model/event_kinds.h"
#include "common/wire/agent/disk_rules.h"
#include "common/wire/agent/inventory.h"
#include "common/wire/agent/root_device.h"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>
#include <iostream>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

constexpr std::int64_t kLongAgoDays = 90;

struct CheckOptions {
    std::string node;
    std::string image;
};

/// One node and the findings about it.
struct Checked {
    std::string name;
    json node;
    std::optional<wire::Inventory> inventory{};
    json findings = json::array();

    void add(json found) { findings.push_back(std::move(found)); }
};

void checkState(Checked& checked)
{
    const json& node = checked.node;
    const std::string state = plainText(node.at("provision_state"));
    const bool failed = state.ends_with("failed") || state == "error";
    checked.add(failed ? finding("state", "warning",
                                 "the node is \"" + state + "\": " + plainText(node.at("last_error")),
                                 "bm node timeline " + checked.name)
                       : finding("state", "ok", "the node is \"" + state + "\""));
    if (node.at("maintenance") == true)
        checked.add(
            finding("state", "error",
                    "the node is in maintenance:  " + plainText(node.value("maintenance_reason", json())),
                    "bm node set " + checked.name + " --no-maintenance"));
    if (node.value("protected", false))
        checked.add(finding("state", "warning", "the node is protected: no deployment overwrites it",
                            "bm node set " + checked.name + " protected=false"));
}

void checkSettings(Shell& shell, Checked& checked)
{
    const json verdicts = shell.client().get(nodePath(checked.name, "/validate"));
    bool all = true;
    for (const auto& [interface, verdict] : verdicts.items()) {
        if (!verdict.is_object() || verdict.value("result", true))
            continue;
        all = false;
        checked.add(finding("settings", interface == "deploy" || interface == "boot" ? "warning" : "error",
                            interface + ": " + plainText(verdict.value("reason", json())),
                            "bm node set " + checked.name + " FIELD=VALUE"));
    }
    if (all)
        checked.add(finding("settings", "ok", "the settings are complete"));
}

void checkBmc(Shell& shell, Checked& checked)
{
    const json answer =
        shell.client().get("/v1/doctor?check=bmc&seconds=30&node=" + platform::urlEncode(checked.name));
    bool answers = true;
    for (json found : answer.at("findings")) {
        if (found.at("severity") == "ok")
            continue;
        answers = answers && found.at("severity") != "error";
        found["subject"] = nullptr;
        checked.add(std::move(found));
    }
    if (!answers)
        return;
    const json& cipher = valueAt(checked.node, "driver_internal_info/ipmi_cipher_suite");
    checked.add(finding("bmc", "ok",
                        "the BMC answers; the machine is " + plainText(checked.node.at("power_state")) +
                            (cipher.is_null() ? "" : ", cipher suite " + plainText(cipher))));
}

void checkNic(Checked& checked, const std::string& mac)
{
    const std::vector<wire::Nic>& nics = checked.inventory->nics;
    const auto nic = std::ranges::find(nics, mac, &wire::Nic::mac);
    if (nic == nics.end())
        return checked.add(
            finding("ports", "warning", "the RAM disk saw no NIC " + mac,
                    "check the MAC address, or whether the card was replaced: bm node show " + checked.name));
    checked.add(
        finding("ports", nic->carrier ? "ok" : "warning",
                fmt::format("{} is {}{}{}", mac, nic->name, nic->carrier ? ", with link" : ", without link",
                            nic->speedMbps > 0 ? fmt::format(", {} Mbit/s", nic->speedMbps) : ""),
                nic->carrier ? "" : "check cable and switch port"));
}

void checkPorts(Shell& shell, Checked& checked)
{
    const json ports =
        shell.client().get("/v1/ports/detail?node=" + platform::urlEncode(checked.name)).at("ports");
    const bool knowsNics = checked.inventory && !checked.inventory->nics.empty();
    std::size_t booting = 0;
    for (const json& port : ports) {
        booting += port.value("pxe_enabled", true) ? 1U : 0U;
        if (knowsNics)
            checkNic(checked, plainText(port.at("address")));
    }
    if (booting == 0)
        checked.add(finding("ports", "error", "no port of the node may boot",
                            "bm node set " + checked.name + " --mac 52:54:00:12:34:56"));
    else if (!knowsNics)
        checked.add(finding("ports", "ok", fmt::format("{} ports may boot", booting)));
}

void readInventoryOf(Shell& shell, Checked& checked)
{
    try {
        json found =
            valueAt(checked.node, "driver_internal_info/inventory"); // stored at the last RAM disk boot
        if (!found.is_object())
            found = shell.client().get(nodePath(checked.name, "/inventory")).at("inventory");
        checked.inventory = wire::inventoryFromJson(found.dump());
    } catch (const Error& error) {
        if (error.code() != ErrorCode::NotFound) {
            checked.add(finding("contact", "warning",
                                std::string("the hardware inventory cannot be read:  ") + error.what(),
                                "the next RAM disk boot reports it again: bm node inspect " + checked.name));
            return;
        }
        checked.add(finding("contact", "warning",
                            "no RAM disk has run on the node yet, so its disks and NICs are unknown",
                            "boot one: bm node inspect or bm node provide"));
    }
}

void checkContact(Shell& shell, Checked& checked)
{
    const json answer = shell.client().get(nodePath(checked.name, "/events?limit=10000"));
    std::int64_t latest = 0;
    for (const json& event : answer.at("events"))
        if (event.value("kind", "") == model::toText(model::EventKind::AgentContact) ||
            event.value("kind", "") == model::toText(model::EventKind::AgentLookup))
            latest = std::max(latest, millisOf(event.value("at", "")));
    if (latest == 0)
        return;
    const std::int64_t days = (static_cast<std::int64_t>(std::time(nullptr)) - latest / 1000) / 86'400;
    checked.add(finding("contact", days > kLongAgoDays ? "warning" : "ok",
                        fmt::format("the last contact with the agent was {}",
                                    days == 0 ? std::string("today") : fmt::format("{} days ago", days)),
                        days > kLongAgoDays ? "the hardware inventory may be out of date" : ""));
}

/// The root device hints of the node: instance_info first, then properties.
std::string storedHintsOf(const json& node)
{
    for (const char* path : {"instance_info/root_device", "properties/root_device"})
        if (const json& hints = valueAt(node, path); !hints.is_null() && hints != "")
            return hints.is_string() ? hints.get<std::string>() : hints.dump();
    return "{}";
}

/// Names the disks that no step writes.
void checkSkips(Checked& checked)
{
    const json& stored = valueAt(checked.node, "properties/skip_block_devices");
    const wire::SkipList skips = wire::skipListFrom(stored.is_null() ? "" : stored.dump());
    wire::applySkips(checked.inventory->disks, skips);
    for (const wire::Disk& disk : checked.inventory->disks)
        if (disk.skipped)
            checked.add(finding("disks", "ok", "bm never writes " + wire::describe(disk)));
    for (std::size_t i = 0; i < skips.size(); ++i)
        if (std::ranges::none_of(checked.inventory->disks,
                                 [&](const wire::Disk& disk) { return wire::matches(disk, skips[i]); }))
            checked.add(finding("disks", "warning",
                                fmt::format("properties/skip_block_devices[{}] ({}) matches no disk", i,
                                            wire::textOf(skips[i])),
                                "check the disk's cable and controller, or correct the hints"));
}

void checkDisks(Shell& shell, Checked& checked, const std::string& image)
{
    std::uint64_t needed = 0;
    if (!image.empty()) {
        const json found = shell.client().get("/v1/images/" + platform::urlEncode(image));
        needed = found.value("size_bytes", std::uint64_t{0});
        if (found.value("state", "") != "ready")
            checked.add(finding("image", "error", image + " is " + found.value("state", "?") + ", not ready",
                                "bm image show " + image));
    }
    if (!checked.inventory)
        return;
    try {
        checkSkips(checked);
        const json& internal = valueAt(checked.node, "driver_internal_info");
        std::optional<wire::RememberedDisk> remembered;
        if (const json& disk = valueAt(internal, "deployed_disk"); disk.is_object())
            remembered = wire::RememberedDisk{disk.value("wwn", ""), disk.value("serial", ""),
                                              disk.value("wwn_with_extension", disk.value("wwn", ""))};
        const wire::Disk& disk = wire::pickRootDevice(checked.inventory->disks,
                                                      wire::parseRootDeviceHints(storedHintsOf(checked.node)),
                                                      wire::RootDevicePolicy::Single, remembered);
        const std::string what = fmt::format("{} {} ({}) takes the image", disk.name, disk.model,
                                             humanBytes(static_cast<double>(disk.sizeBytes)));
        if (needed > disk.sizeBytes)
            checked.add(finding("image", "error",
                                fmt::format("{} needs {}, but {} has {}", image,
                                            humanBytes(static_cast<double>(needed)), disk.name,
                                            humanBytes(static_cast<double>(disk.sizeBytes))),
                                "deploy a smaller image, or select a larger disk: --root-device"));
        else
            checked.add(finding("disks", "ok", what));
        if (!image.empty() && needed <= disk.sizeBytes)
            checked.add(finding("image", "ok",
                                fmt::format("{} ({}) fits", image, humanBytes(static_cast<double>(needed)))));
    } catch (const Error& error) {
        checked.add(finding("disks", "error", error.what(), error.hint()));
    }
}

int check(Shell& shell, const CheckOptions& options)
{
    Checked checked;
    checked.name = shell.node(options.node);
    checked.node = shell.client().get(nodePath(checked.name));
    checkState(checked);
    checkSettings(shell, checked);
    checkBmc(shell, checked);
    readInventoryOf(shell, checked);
    checkContact(shell, checked);
    checkPorts(shell, checked);
    checkDisks(shell, checked, options.image);
    return showFindings(shell, checked.findings);
}

} // namespace

void addNodeCheck(CLI::App& node, Shell& shell)
{
    const auto options = std::make_shared<CheckOptions>();
    CLI::App* command =
        node.add_subcommand("check", "Check whether a deployment would work: settings, BMC, NICs, disks");
    command->add_option("node", options->node, "name or uuid")->required();
    command->add_option("--image", options->image, "also check that this image fits the disk");
    command->footer("Examples:\n  bm node check rack1-07\n  bm node check rack1-07 --image debian-12\n\n"
                    "Exit code: 0 when no finding is an error, else 1.");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return check(shell, *options); }; });
}

} // namespace bm::cli
