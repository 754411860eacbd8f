#include "cli/commands/commands.h"
#include "cli/views/confirm.h"
#include "common/model/error.h"

#include <chrono>
#include <iostream>
#include <thread>

namespace bm::cli {

using nlohmann::json;
using namespace std::chrono_literals;

namespace {

struct PowerOptions {
    std::string verb;
    std::vector<std::string> nodes;
    bool wait = false;
    bool yes = false;
    int timeoutSeconds = 0;
};

const std::map<std::string, std::string> kTargets{{"on", "power on"},
                                                  {"off", "power off"},
                                                  {"reboot", "rebooting"},
                                                  {"soft-off", "soft power off"},
                                                  {"soft-reboot", "soft rebooting"}};

void waitFor(Shell& shell, const std::string& node)
{
    const auto end = std::chrono::steady_clock::now() + 10min;
    while (std::chrono::steady_clock::now() < end) {
        const json operation = shell.client().get(nodePath(node, "/operation"));
        const std::string state = operation.value("state", "");
        if (state == "failed" || state == "aborted")
            throw FailedWork(operation.at("error"), node);
        if (state == "done")
            return;
        std::this_thread::sleep_for(300ms);
    }
    throw model::Error(model::ErrorCode::DeadlineExceeded,
                       node + ": the operation has not ended within ten minutes", "bm node timeline " + node);
}

int status(Shell& shell, const std::vector<std::string>& nodes)
{
    json rows = json::array();
    const std::vector<json> found = fieldsOf(shell.client(), nodes, "power_state,target_power_state");
    for (std::size_t i = 0; i < nodes.size(); ++i)
        rows.push_back({{"node", nodes[i]},
                        {"power_state", found[i].at("power_state")},
                        {"target", found[i].at("target_power_state")}});
    shell.print(rows, {{"NODE", "node"}, {"POWER", "power_state"}, {"TARGET", "target"}});
    return 0;
}

int power(Shell& shell, const PowerOptions& options)
{
    const std::vector<std::string> nodes = shell.nodes(options.nodes);
    if (options.verb == "status")
        return status(shell, nodes);
    if (options.verb != "on")
        confirmMany("switch " + std::to_string(nodes.size()) + " nodes (" + options.verb + ")", nodes.size(),
                    options.yes);
    json body = {{"target", kTargets.at(options.verb)}};
    if (options.timeoutSeconds > 0)
        body["timeout"] = options.timeoutSeconds;
    for (const std::string& node : nodes)
        shell.client().send("PUT", nodePath(node, "/states/power"), body);
    for (const std::string& node : nodes) {
        if (options.wait)
            waitFor(shell, node);
        std::cout << node << ": " << (options.wait ? "done" : "started") << "\n";
    }
    return 0;
}

} // namespace

void addPowerCommands(CLI::App& app, Shell& shell)
{
    const auto options = std::make_shared<PowerOptions>();
    CLI::App* command = app.add_subcommand(
        "power", "Control the power of nodes: on, off, soft-off, reboot, soft-reboot, status");
    command->add_option("verb", options->verb, "on, off, soft-off, reboot, soft-reboot or status")
        ->required()
        ->check(CLI::IsMember({"on", "off", "soft-off", "reboot", "soft-reboot", "status"}));
    command->add_option("nodes", options->nodes, "names, globs or uuids")->required();
    command->add_flag("--wait", options->wait, "wait until the BMC reports the new power state");
    command->add_flag("--yes", options->yes, "do not ask");
    command
        ->add_option("--timeout", options->timeoutSeconds,
                     "seconds until a soft power-off becomes a hard one")
        ->check(CLI::Range(1, 3600));
    command->footer("Example:\n  bm power reboot rack1-07 --wait\n  bm power status 'rack1-*'");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return power(shell, *options); }; });
}

} // namespace bm::cli
