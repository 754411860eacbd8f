#include "cli/assignments.h"
#include "cli/commands.h"
#include "cli/inventory_file.h"
#include "cli/node_subcommands.h"
#include "cli/timeline.h"
#include "common/model/error.h"

#include <fmt/format.h>
#include <iostream>
#include <unistd.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

struct NodeOptions {
    std::string file;
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

int enrol(Shell& shell, const NodeOptions& options)
{
    const json inventory = readInventory(options.file);
    const json answer = shell.client().send("POST", "/v1/nodes/batch", inventory);
    const json results = answer.is_array() ? answer : answer.value("nodes", json::array());
    std::map<std::string, int> counts;
    for (const json& entry : results)
        counts[entry.value("result", "error")] += 1;
    if (shell.format() == Format::Table) {
        std::cout << renderList(results, {{"NAME", "name"}, {"RESULT", "result"}, {"UUID", "uuid"}},
                                Format::Table);
        for (const json& entry : results)
            if (entry.contains("error") && entry.at("error").is_object())
                std::cerr << fmt::format(
                    "bm: {}: {} [{}]\nhint: {}\n", plainText(entry.value("name", json())),
                    entry.at("error").value("message", ""), entry.at("error").value("code", ""),
                    entry.at("error").value("hint", ""));
        std::cout << fmt::format("{} created, {} changed, {} unchanged, {} failed\n", counts["created"],
                                 counts["updated"], counts["unchanged"], counts["error"]);
    } else {
        std::cout << renderList(results, {}, shell.format());
    }
    return counts["error"] == 0 ? 0 : 1;
}

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

void setOne(Shell& shell, const std::string& node, const NodeOptions& options)
{
    if (options.maintenance)
        shell.client().send("PUT", nodePath(node, "/maintenance"), {{"reason", options.maintenanceReason}});
    if (options.noMaintenance)
        shell.client().remove(nodePath(node, "/maintenance"));
    setMacs(shell, node, options);
    if (!options.assignments.empty())
        shell.client().send("PATCH", nodePath(node), patchOf(options.assignments));
    std::cout << node << ": changed\n";
}

int set(Shell& shell, const NodeOptions& options)
{
    if (isGlob(options.node) && !options.macs.empty())
        throw Error(ErrorCode::InvalidInput, "--mac adds a NIC to one node, not to a glob's");
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

int timeline(Shell& shell, const NodeOptions& options)
{
    json events = json::array();
    std::int64_t after = 0;
    for (int page = 0; page < 1000; ++page) {
        const json answer =
            shell.client().get(nodePath(options.node, "/events?limit=1000&after=" + std::to_string(after)));
        for (const json& event : answer.at("events"))
            events.push_back(event);
        if (answer.at("events").empty())
            break;
        after = answer.at("events").back().at("sequence").get<std::int64_t>();
    }
    if (shell.format() != Format::Table)
        std::cout << renderList(events, {}, shell.format());
    else
        std::cout << renderTimeline(events);
    return 0;
}

/// The serial console over IPMI, by ipmitool in this terminal; its password comes from a file or is asked for
/// by it.
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
    std::vector<std::string> argv{"ipmitool",
                                  "-I",
                                  "lanplus",
                                  "-H",
                                  plainText(info.at("ipmi_address")),
                                  "-U",
                                  plainText(info.value("ipmi_username", json("")))};
    if (info.contains("ipmi_port"))
        argv.insert(argv.end(), {"-p", plainText(info.at("ipmi_port"))});
    if (info.contains("ipmi_cipher_suite"))
        argv.insert(argv.end(), {"-C", plainText(info.at("ipmi_cipher_suite"))});
    if (!options.passwordFile.empty())
        argv.insert(argv.end(), {"-f", options.passwordFile});
    else
        argv.emplace_back("-a");
    argv.insert(argv.end(), {"sol", "activate"});
    std::cerr << "console of " << options.node << "; leave it with ~.\n";
    std::vector<char*> raw;
    for (std::string& word : argv)
        raw.push_back(word.data());
    raw.push_back(nullptr);
    ::execvp(raw[0], raw.data());
    throw Error(ErrorCode::NotFound, "ipmitool cannot be started", "apt-get install ipmitool");
}

void addSet(CLI::App& node, Shell& shell, const std::shared_ptr<NodeOptions>& options)
{
    CLI::App* set_ = node.add_subcommand(
        "set", "Change a node: FIELD=VALUE, driver_info/KEY=VALUE; an empty value removes");
    set_->add_option("node", options->node, "name, glob or uuid")->required();
    set_->add_option("assignments", options->assignments,
                     "as properties/rack=r1 or driver_info/ipmi_port=623");
    set_->add_option("--mac", options->macs, "add a NIC by its MAC address");
    set_->add_flag("--maintenance", options->maintenance, "take it out of service");
    set_->add_flag("--no-maintenance", options->noMaintenance, "put it back into service");
    set_->add_option("--reason", options->maintenanceReason, "why (with --maintenance)");
    set_->footer("Example:\n  bm node set rack1-07 properties/rack=r1 resource_class=web protected=true\n"
                 "  bm node set 'rack1-*' properties/rack=r1");
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
    CLI::App* node =
        app.add_subcommand("node", "Machines: enrol, list, show, set, delete, timeline, console");
    node->require_subcommand(1);
    node->fallthrough();
    const auto options = std::make_shared<NodeOptions>();
    CLI::App* enrolling = addOne(*node, shell, options, "enrol",
                                 "Take machines in from an inventory; again is no change", enrol);
    enrolling
        ->add_option("-f,--file", options->file,
                     "inventory in `baremetal create` format, YAML or JSON; - is stdin")
        ->required();
    enrolling->footer("Example:\n  bm node enrol -f inventory.yaml\n\ninventory.yaml:\n  nodes:\n    - name: "
                      "rack1-07\n      driver: ipmi\n"
                      "      driver_info: {ipmi_address: 10.0.4.17, ipmi_username: root, ipmi_password_file: "
                      "/root/bmc.password}\n"
                      "      ports: [{address: \"52:54:00:12:34:56\"}]");
    addNodeList(*node, shell);
    CLI::App* showing = addOne(*node, shell, options, "show", "Everything about one node", show);
    showing->add_option("node", options->node, "name or uuid")->required();
    addSet(*node, shell, options);
    CLI::App* removing = addOne(*node, shell, options, "delete", "Forget nodes", remove);
    removing->add_option("nodes", options->nodes, "names, globs or uuids")->required();
    removing->add_flag("--yes", options->yes, "do not ask");
    CLI::App* telling =
        addOne(*node, shell, options, "timeline", "What happened to a node, with times", timeline);
    telling->add_option("node", options->node, "name or uuid")->required();
    telling->footer("Example:\n  bm node timeline rack1-07");
    CLI::App* consoling =
        addOne(*node, shell, options, "console", "Its serial console over IPMI, by ipmitool", console);
    consoling->add_option("node", options->node, "name or uuid")->required();
    consoling->add_option("--password-file", options->passwordFile,
                          "file with the BMC's password; else it is asked for");
}

} // namespace bm::cli
