#include "cli/client/assignments.h"
#include "cli/commands/commands.h"
#include "cli/commands/node_subcommands.h"
#include "cli/views/confirm.h"
#include "common/model/error.h"
#include "common/text/host_address.h"
#include "common/text/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <iostream>
#include <unistd.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

struct NodeOptions {
    std::string node;
    std::vector<std::string> nodes;
    std::vector<std::string> assignments;
    std::vector<std::string> macs;
    std::string maintenanceReason;
    std::string passwordFile;
    bool maintenance = false;
    bool noMaintenance = false;
    bool yes = false;
};

int show(Shell& shell, const NodeOptions& options)
{
    const std::string ident = shell.node(options.node);
    json node = shell.client().get(nodePath(ident));
    node.erase("links");
    for (const char* noise : {"ports", "portgroups", "states", "volume"})
        node.erase(noise);
    const json ports = shell.client().get("/v1/ports/detail?node=" + platform::urlEncode(ident)).at("ports");
    node["macs"] = json::array();
    for (const json& port : ports)
        node["macs"].push_back(port.at("address"));
    shell.print(node);
    return 0;
}

void setMacs(Shell& shell, const std::string& node, const NodeOptions& options)
{
    if (options.macs.empty())
        return;
    const std::string uuid = shell.client().get(nodePath(node)).at("uuid").get<std::string>();
    for (const std::string& mac : options.macs)
        shell.client().send("POST", "/v1/ports", {{"node_uuid", uuid}, {"address", mac}});
}

/// A new hardware type brings its own interfaces, except those that the command names.
std::string resetOf(const std::vector<std::string>& assignments)
{
    const bool driver = std::ranges::any_of(
        assignments, [](const std::string& assignment) { return assignment.starts_with("driver="); });
    return driver ? "?reset_interfaces=true" : "";
}

void sendPatch(Shell& shell, const std::string& node, const std::vector<std::string>& assignments)
{
    const json changes = patchOf(assignments);
    try {
        shell.client().send("PATCH", nodePath(node, resetOf(assignments)), changes);
    } catch (const Error& error) {
        throw refusalOf(assignments, error);
    }
}

void setOne(Shell& shell, const std::string& node, const NodeOptions& options)
{
    if (options.maintenance)
        shell.client().send("PUT", nodePath(node, "/maintenance"), {{"reason", options.maintenanceReason}});
    if (options.noMaintenance)
        shell.client().remove(nodePath(node, "/maintenance"));
    setMacs(shell, node, options);
    if (!options.assignments.empty())
        sendPatch(shell, node, options.assignments);
    std::cout << node << ": changed\n";
}

int set(Shell& shell, const NodeOptions& options)
{
    if (isGlob(options.node) && !options.macs.empty())
        throw Error(ErrorCode::InvalidInput, "--mac takes one node, not a glob",
                    "one call for each node: bm node set NODE --mac 52:54:00:12:34:56");
    for (const std::string& node : shell.nodes({options.node}))
        setOne(shell, node, options);
    return 0;
}

int remove(Shell& shell, const NodeOptions& options)
{
    const std::vector<std::string> nodes = shell.nodes(options.nodes);
    confirmMany(fmt::format("delete {} nodes", nodes.size()), nodes.size(), options.yes);
    for (const std::string& node : nodes) {
        shell.client().remove(nodePath(node));
        std::cout << node << ": deleted\n";
    }
    return 0;
}

/// The digits of a stored number. @throws Error InvalidInput: not a number
std::string numberOf(const json& info, const char* key)
{
    std::string value = plainText(info.at(key));
    if (!text::parseNumber<std::uint16_t>(value))
        throw Error(ErrorCode::InvalidInput, std::string("driver_info/") + key + " is not a number",
                    std::string("bm node set NODE driver_info/") + key + "=NUMBER");
    return value;
}

/// Opens the serial console over IPMI: runs ipmitool in this terminal. The password comes from a file, or
/// ipmitool asks for it.
int console(Shell& shell, const NodeOptions& options)
{
    const json node = shell.client().get(nodePath(options.node));
    json info = node.at("driver_info");
    if (!info.contains("ipmi_cipher_suite") && node.at("driver_internal_info").contains("ipmi_cipher_suite"))
        info["ipmi_cipher_suite"] = node.at("driver_internal_info").at("ipmi_cipher_suite");
    if (!info.contains("ipmi_address"))
        throw Error(ErrorCode::InvalidInput,
                    "node " + options.node + " has no IPMI address, so no serial console",
                    "driver_info/ipmi_address");
    // This program runs with the operator's rights: it parses text of the server.
    const std::optional<text::HostAddress> address =
        text::HostAddress::parseStored(plainText(info.at("ipmi_address")));
    if (!address)
        throw Error(ErrorCode::InvalidInput,
                    "node " + options.node + ": driver_info/ipmi_address is not a host name or IP address",
                    "bm node set " + options.node + " driver_info/ipmi_address=ADDRESS");
    std::vector<std::string> argv{"ipmitool",
                                  "-I",
                                  "lanplus",
                                  "-H",
                                  address->text(),
                                  "-U",
                                  plainText(info.value("ipmi_username", json("")))};
    if (info.contains("ipmi_port"))
        argv.insert(argv.end(), {"-p", numberOf(info, "ipmi_port")});
    if (info.contains("ipmi_cipher_suite"))
        argv.insert(argv.end(), {"-C", numberOf(info, "ipmi_cipher_suite")});
    if (options.passwordFile == "-")
        throw Error(ErrorCode::InvalidInput, "--password-file -: standard input is the console's",
                    "name a file, or leave the option out: ipmitool asks for the password");
    if (!options.passwordFile.empty())
        argv.insert(argv.end(), {"-f", options.passwordFile});
    else
        argv.emplace_back("-a");
    argv.insert(argv.end(), {"sol", "activate"});
    std::cerr << "console of " << options.node << "; type ~. to leave it\n";
    std::vector<char*> raw;
    raw.reserve(argv.size() + 1);
    for (std::string& word : argv)
        raw.push_back(word.data());
    raw.push_back(nullptr);
    ::execvp(raw[0], raw.data());
    throw Error(ErrorCode::NotFound, "ipmitool cannot be started", "apt-get install ipmitool");
}

void addSet(CLI::App& node, Shell& shell, const std::shared_ptr<NodeOptions>& options)
{
    CLI::App* set_ = node.add_subcommand(
        "set", "Change a node: FIELD=VALUE, driver_info/KEY=VALUE; an empty value removes the field");
    set_->add_option("node", options->node, "name, glob or uuid")->required();
    set_->add_option("assignments", options->assignments,
                     "for example: properties/rack=r1 or driver_info/ipmi_port=623");
    set_->add_option("--mac", options->macs, "add a NIC by its MAC address");
    set_->add_flag("--maintenance", options->maintenance, "put the node into maintenance");
    set_->add_flag("--no-maintenance", options->noMaintenance, "end the node's maintenance");
    set_->add_option("--reason", options->maintenanceReason,
                     "reason of the maintenance (with --maintenance)");
    set_->footer("Example:\n  bm node set rack1-07 properties/rack=r1 resource_class=web protected=true\n"
                 "  bm node set 'rack1-*' properties/rack=r1\n"
                 "  bm node set rack1-07 'extra/rate:=1.5'     (FIELD:=JSON)");
    set_->callback([&shell, options] { shell.action = [&shell, options] { return set(shell, *options); }; });
}

using Action = int (*)(Shell&, const NodeOptions&);

CLI::App* addOne(CLI::App& node, Shell& shell, const std::shared_ptr<NodeOptions>& options, const char* name,
                 const char* help, Action action)
{
    CLI::App* command = node.add_subcommand(name, help);
    command->callback([&shell, options, action] {
        shell.action = [&shell, options, action] { return action(shell, *options); };
    });
    return command;
}

} // namespace

void addNodeCommands(CLI::App& app, Shell& shell)
{
    CLI::App* node = app.add_subcommand("node", "Machines: enrol, list, show, set, check, inspect, clean, "
                                                "service, rescue, timeline, console, delete ...");
    node->require_subcommand(1);
    node->fallthrough();
    const auto options = std::make_shared<NodeOptions>();
    addNodeEnrol(*node, shell);
    addNodeList(*node, shell);
    CLI::App* showing = addOne(*node, shell, options, "show", "Show everything about one node", show);
    showing->add_option("node", options->node, "name or uuid")->required();
    showing->footer("Examples:\n  bm node show rack1-07\n  bm node show rack1-07 --columns uuid --no-header");
    addSet(*node, shell, options);
    CLI::App* removing = addOne(*node, shell, options, "delete", "Delete nodes", remove);
    removing->add_option("nodes", options->nodes, "names, globs or uuids")->required();
    removing->add_flag("--yes", options->yes, "do not ask");
    removing->footer("Example:\n  bm node delete 'rack9-*'");
    addNodeTimeline(*node, shell);
    addNodeCheck(*node, shell);
    addNodeReport(*node, shell);
    addNodeUnknown(*node, shell);
    addNodeVerbs(*node, shell);
    addNodeRebootOk(*node, shell);
    CLI::App* consoling =
        addOne(*node, shell, options, "console", "Open the serial console over IPMI, with ipmitool", console);
    consoling->add_option("node", options->node, "name or uuid")->required();
    consoling->add_option("--password-file", options->passwordFile,
                          "file with the BMC's password (default: ipmitool asks for it)");
    consoling->footer("Example:\n  bm node console rack1-07 --password-file ~/bmc.password");
}

} // namespace bm::cli
