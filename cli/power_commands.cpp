#include "cli/commands.h"
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
            throw model::Error(model::errorCodeFromText(operation.at("error").value("code", ""))
                                   .value_or(model::ErrorCode::Internal),
                               node + ": " + operation.at("error").value("message", ""),
                               operation.at("error").value("hint", ""));
        if (state == "done")
            return;
        std::this_thread::sleep_for(300ms);
    }
    throw model::Error(model::ErrorCode::DeadlineExceeded, node + ": no end within ten minutes",
                       "bm node timeline " + node);
}

int power(Shell& shell, const PowerOptions& options)
{
    if (options.verb == "status") {
        json rows = json::array();
        for (const std::string& node : options.nodes) {
            const json states = shell.client().get(nodePath(node, "/states"));
            rows.push_back({{"node", node},
                            {"power_state", states.at("power_state")},
                            {"target", states.at("target_power_state")}});
        }
        std::cout << renderList(rows, {{"NODE", "node"}, {"POWER", "power_state"}, {"TARGET", "target"}},
                                shell.format());
        return 0;
    }
    json body = {{"target", kTargets.at(options.verb)}};
    if (options.timeoutSeconds > 0)
        body["timeout"] = options.timeoutSeconds;
    for (const std::string& node : options.nodes)
        shell.client().send("PUT", nodePath(node, "/states/power"), body);
    for (const std::string& node : options.nodes) {
        if (options.wait)
            waitFor(shell, node);
        std::cout << node << ": " << (options.wait ? "done" : "ordered") << "\n";
    }
    return 0;
}

} // namespace

void addPowerCommands(CLI::App& app, Shell& shell)
{
    const auto options = std::make_shared<PowerOptions>();
    CLI::App* command =
        app.add_subcommand("power", "Switch machines: on, off, soft-off, reboot, soft-reboot, status");
    command->add_option("verb", options->verb, "on, off, soft-off, reboot, soft-reboot or status")
        ->required()
        ->check(CLI::IsMember({"on", "off", "soft-off", "reboot", "soft-reboot", "status"}));
    command->add_option("nodes", options->nodes, "names or uuids")->required();
    command->add_flag("--wait", options->wait, "until it is seen");
    command->add_option("--timeout", options->timeoutSeconds, "seconds until soft turns hard")
        ->check(CLI::Range(1, 3600));
    command->footer("Example:\n  bm power reboot rack1-07 --wait");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return power(shell, *options); }; });
}

} // namespace bm::cli
