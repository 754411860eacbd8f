// `bm node enrol`: creates the nodes of an inventory; --provide also makes them available.
#include "cli/client/inventory_file.h"
#include "cli/commands/chassis_enrolment.h"
#include "cli/commands/node_subcommands.h"
#include "cli/shell/node_watch.h"
#include "cli/views/terminal.h"
#include "common/model/error.h"
#include "common/model/states.h"

#include <fmt/format.h>
#include <iostream>
#include <map>
#include <optional>
#include <unistd.h>

namespace bm::cli {

using model::DeployStart;
using model::Error;
using model::ErrorCode;
using model::State;
using nlohmann::json;

namespace {

constexpr std::size_t kBatch = 500; // nodes in one request, small enough for visible progress

struct EnrolOptions {
    std::string file;
    bool provide = false;
    bool wait = false;
    int timeoutMinutes = 60;
};

json enrolAll(Shell& shell, const json& nodes)
{
    const bool tell = nodes.size() > kBatch && ::isatty(STDERR_FILENO) == 1;
    json results = json::array();
    for (std::size_t begin = 0; begin < nodes.size() || begin == 0; begin += kBatch) {
        json batch = {{"nodes", json::array()}};
        for (std::size_t i = begin; i < std::min(begin + kBatch, nodes.size()); ++i)
            batch["nodes"].push_back(nodes[i]);
        const json answer = shell.client().send("POST", "/v1/nodes/batch", batch);
        for (const json& entry : answer.at("nodes"))
            results.push_back(entry);
        if (tell)
            std::cerr << Control{"\r"} << fmt::format("enrolled: {} of {}", results.size(), nodes.size())
                      << Control{"\033[K"} << std::flush;
    }
    if (tell)
        std::cerr << Control{"\r\033[K"};
    return results;
}

void printResults(Shell& shell, const json& results, std::map<std::string, int>& counts)
{
    shell.print(results, {{"NAME", "name"}, {"RESULT", "result"}, {"UUID", "uuid"}});
    if (!shell.view().table())
        return;
    for (const json& entry : results)
        if (entry.contains("error") && entry.at("error").is_object())
            printNodeFailure(plainText(entry.value("name", json())), entry.at("error").value("message", ""),
                             entry.at("error").value("code", ""), entry.at("error").value("hint", ""));
    std::cout << fmt::format("{} created, {} changed, {} unchanged, {} failed\n", counts["created"],
                             counts["updated"], counts["unchanged"], counts["error"]);
}

/// True if `provide` applies: the node runs no instance and no operation.
bool canBeProvided(std::optional<State> state)
{
    const DeployStart start = state ? model::deployStart(*state) : DeployStart::None;
    return start == DeployStart::Verify || start == DeployStart::Manage || start == DeployStart::Clean;
}
bool isBeingProvided(std::optional<State> state)
{
    return state == State::Verifying || state == State::Cleaning || state == State::CleanWait;
}

struct Provided {
    std::vector<std::string> begun;
    std::size_t ready = 0;
    std::size_t unchanged = 0; ///< run an instance or another operation
    std::size_t refused = 0;
};

Provided provideAll(Shell& shell, const json& results)
{
    std::vector<std::string> nodes;
    for (const json& entry : results)
        if (entry.value("result", "error") != "error")
            nodes.push_back(entry.at("name").is_string() ? entry.at("name").get<std::string>()
                                                         : entry.at("uuid").get<std::string>());
    const std::vector<json> found = fieldsOf(shell.client(), nodes, "provision_state");
    Provided provided;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        const std::optional<State> state = model::stateFromText(plainText(found[i].at("provision_state")));
        if (state == State::Available)
            ++provided.ready;
        else if (isBeingProvided(state))
            provided.begun.push_back(nodes[i]);
        else if (!canBeProvided(state))
            ++provided.unchanged;
        else
            try {
                shell.client().send("POST", nodePath(nodes[i], "/provide"), nullptr);
                provided.begun.push_back(nodes[i]);
            } catch (const Error& error) {
                printNodeFailure(nodes[i], error.what(), std::string(model::toText(error.code())),
                                 error.hint());
                ++provided.refused;
            }
    }
    return provided;
}

int enrol(Shell& shell, const EnrolOptions& options)
{
    if (options.wait && !options.provide)
        throw Error(ErrorCode::InvalidInput, "--wait needs --provide", "add --provide");
    const EnrolledChassis enrolled = enrolChassis(shell, readInventory(options.file));
    const json results = enrolAll(shell, enrolled.nodes);
    std::map<std::string, int> counts;
    for (const json& entry : results)
        counts[entry.value("result", "error")] += 1;
    printResults(shell, results, counts);
    bool good = counts["error"] == 0 && enrolled.failed == 0;
    if (options.provide) {
        const Provided provided = provideAll(shell, results);
        std::cerr << fmt::format("{} becoming available, {} already available, {} unchanged, {} refused\n",
                                 provided.begun.size(), provided.ready, provided.unchanged, provided.refused);
        good = good && provided.refused == 0;
        if (options.wait)
            good = watchNodes(shell, provided.begun, std::chrono::minutes{options.timeoutMinutes}) && good;
    }
    return good ? 0 : 1;
}

} // namespace

void addNodeEnrol(CLI::App& node, Shell& shell)
{
    const auto options = std::make_shared<EnrolOptions>();
    CLI::App* command =
        node.add_subcommand("enrol", "Enrol the machines of an inventory; a repeated run changes nothing");
    command
        ->add_option("-f,--file", options->file,
                     "inventory in `baremetal create` format, YAML or JSON; - is stdin")
        ->required();
    command->add_flag("--provide", options->provide,
                      "make nodes without an instance available: verify and clean them");
    command->add_flag("--wait", options->wait, "show progress until all nodes are available or failed");
    command->add_option("--timeout", options->timeoutMinutes, "minutes to wait")
        ->check(CLI::Range(1, 100'000));
    command->footer(
        "Examples:\n  bm node enrol -f inventory.yaml\n  bm node enrol -f inventory.yaml --provide --wait\n\n"
        "inventory.yaml:\n  nodes:\n    - name: rack1-07\n      driver: ipmi\n"
        "      driver_info: {ipmi_address: 10.0.4.17, ipmi_username: root, ipmi_password_file: "
        "/root/bmc.password}\n      ports: [{address: \"52:54:00:12:34:56\"}]");
    command->callback(
        [&shell, options] { shell.action = [&shell, options] { return enrol(shell, *options); }; });
}

} // namespace bm::cli
