#include "cli/commands/commands.h"
#include "cli/commands/fleet_options.h"
#include "cli/views/confirm.h"
#include "cli/views/rollout_view.h"
#include "common/model/error.h"

#include <chrono>
#include <fmt/format.h>
#include <iostream>
#include <thread>
#include <unistd.h>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;
using namespace std::chrono_literals;

namespace {

struct RolloutOptions {
    std::string rollout;
    std::string state;
    std::string nodeState;
    std::string reason;
    std::vector<std::string> nodes;
    bool failedOnly = false;
    bool relay = false;
    bool wait = false;
    bool yes = false;
};

std::string rolloutPath(const std::string& rollout, const std::string& rest = {})
{
    return "/v1/rollouts/" + platform::urlEncode(rollout) + rest;
}

const std::vector<Column> kListColumns{{"NAME", "name"},
                                       {"STATE", "state"},
                                       {"IMAGE", "image"},
                                       {"NODES", "nodes/total"},
                                       {"DONE", "nodes/done"},
                                       {"FAILED", "nodes/failed"},
                                       {"SKIPPED", "nodes/skipped"},
                                       {"CREATED", "created_at"},
                                       {"BY", "actor", true},
                                       {"UUID", "uuid", true},
                                       {"REASON", "reason", true}};

const std::vector<Column> kPlanColumns{{"NODE", "node"},           {"RACK", "rack"},  {"WAVE", "wave_shown"},
                                       {"DO", "verdict"},          {"WHY", "reason"}, {"HINT", "hint", true},
                                       {"UUID", "node_uuid", true}};

const std::vector<Column> kRolloutNodeColumns{
    {"NODE", "node"},       {"WAVE", "wave_shown"}, {"STATE", "state"},   {"TRY", "attempts"},
    {"STEP", "step"},       {"%", "percent"},       {"REASON", "reason"}, {"RACK", "rack", true},
    {"HINT", "hint", true}, {"GATE", "gate", true}};

json nodesOf(Shell& shell, const std::string& rollout, const std::string& state = {})
{
    json nodes = shell.client()
                     .get(rolloutPath(
                         rollout, "/nodes" + (state.empty() ? "" : "?state=" + platform::urlEncode(state))))
                     .at("nodes");
    for (json& node : nodes) {
        node["wave_shown"] =
            node.value("verdict", "") == "write" ? json(node.value("wave", 0) + 1) : json(nullptr);
        const double total = node.value("bytes_total", 0.0);
        node["percent"] =
            total > 0 ? json(static_cast<int>(node.value("bytes_done", 0.0) * 100 / total)) : json(nullptr);
    }
    return nodes;
}

int list(Shell& shell, const RolloutOptions& options)
{
    const std::string query = options.state.empty() ? "" : "?state=" + platform::urlEncode(options.state);
    json rollouts = shell.client().get("/v1/rollouts" + query).at("rollouts");
    shell.print(rollouts, kListColumns);
    return 0;
}

const std::vector<Column> kRelayColumns{
    {"CHAIN", "chain"},         {"NODE", "node"},        {"STATE", "state"},
    {"FROM", "source"},         {"MIB/S", "rate_shown"}, {"FETCHED", "from_shown"},
    {"SERVED", "served_shown"}, {"SLOW", "slow_shown"},  {"ADDRESS", "address", true}};

std::string mib(double bytes)
{
    return fmt::format("{:.0f} MiB", bytes / (1 << 20));
}

/// One row per node of the relay: its sources, chain by chain, in chain order.
json relayRows(const json& relay)
{
    json rows = json::array();
    int chain = 0;
    for (const json& one : relay.at("chains")) {
        ++chain;
        for (json node : one.at("nodes")) {
            node["chain"] = chain;
            node["rate_shown"] = fmt::format("{:.1f}", node.value("bytes_per_second", 0.0) / (1 << 20));
            node["served_shown"] = mib(node.value("bytes_served", 0.0));
            node["slow_shown"] = node.value("slow", false) ? json("slow disk or link") : json(nullptr);
            std::string from;
            for (const auto& [source, bytes] : node.at("bytes_from").items())
                from += fmt::format("{}{} {}", from.empty() ? "" : ", ", source, mib(bytes.get<double>()));
            node["from_shown"] = from;
            rows.push_back(std::move(node));
        }
    }
    return rows;
}

int showRelay(Shell& shell, const RolloutOptions& options)
{
    const json relay = shell.client().get(rolloutPath(options.rollout, "/relay"));
    if (!shell.view().table()) {
        shell.print(relay);
        return 0;
    }
    std::cout << fmt::format("The server sent {}.\n", mib(relay.value("server_bytes", 0.0)));
    shell.print(relayRows(relay), kRelayColumns);
    return 0;
}

int show(Shell& shell, const RolloutOptions& options)
{
    if (options.relay)
        return showRelay(shell, options);
    json rollout = shell.client().get(rolloutPath(options.rollout));
    rollout.erase("links");
    const json nodes = nodesOf(shell, options.rollout, options.nodeState);
    if (!shell.view().table()) {
        rollout["rollout_nodes"] = nodes;
        shell.print(rollout);
        return 0;
    }
    std::cout << rolloutSummary(rollout) << "\n";
    shell.print(nodes, rollout.value("state", "") == "planned" ? kPlanColumns : kRolloutNodeColumns);
    return 0;
}

int verb(Shell& shell, const RolloutOptions& options, const std::string& name)
{
    json body = json::object();
    if (!options.reason.empty())
        body["reason"] = options.reason;
    if (!options.nodes.empty())
        body["nodes"] = options.nodes;
    if (name == "abort") {
        const json rollout = shell.client().get(rolloutPath(options.rollout));
        confirmMany("abort rollout " + options.rollout + ", which interrupts the running deployments",
                    rollout.at("nodes").value("working", std::size_t{0}), options.yes);
    }
    const json rollout = shell.client().send("POST", rolloutPath(options.rollout, "/" + name), body);
    if (options.wait)
        return watchRollout(shell, options.rollout);
    std::cout << rolloutSummary(rollout);
    return 0;
}

int start(Shell& shell, const RolloutOptions& options)
{
    const json nodes = nodesOf(shell, options.rollout);
    const auto writes = static_cast<std::size_t>(std::count_if(
        nodes.begin(), nodes.end(), [](const json& node) { return node.value("verdict", "") == "write"; }));
    confirmMany(fmt::format("start rollout {} and write {} nodes", options.rollout, writes), writes,
                options.yes);
    return verb(shell, options, "start");
}

int remove(Shell& shell, const RolloutOptions& options)
{
    shell.client().remove(rolloutPath(options.rollout));
    std::cout << options.rollout << ": deleted\n";
    return 0;
}

/// Summarises a plan in one line.
std::string planSummary(const json& rollout, const json& nodes)
{
    std::size_t write = 0;
    std::size_t skip = 0;
    std::size_t refuse = 0;
    for (const json& node : nodes) {
        const std::string verdict = node.value("verdict", "");
        ++(verdict == "write" ? write : verdict == "skip" ? skip : refuse);
    }
    const json& left = rollout.at("seconds_left");
    return fmt::format("{}: write {}, skip {}, refuse {}; {} to copy{}\n", rollout.value("image", ""), write,
                       skip, refuse, humanBytes(rollout.value("bytes_total", 0.0)),
                       left.is_number() ? "; about " + humanDuration(left.get<std::int64_t>()) +
                                              ", estimated from earlier deployments"
                                        : "; no earlier deployment to estimate the duration from");
}

void addVerb(CLI::App& group, Shell& shell, const std::shared_ptr<RolloutOptions>& options,
             const std::string& name, const std::string& help, const std::string& example)
{
    CLI::App* command = group.add_subcommand(name, help);
    command->add_option("rollout", options->rollout, "name or uuid")->required();
    if (name == "retry")
        command->add_option("nodes", options->nodes, "retry only these failed nodes");
    if (name == "pause" || name == "abort")
        command->add_option("--reason", options->reason, "reason, shown with the rollout");
    if (name == "abort")
        command->add_flag("--yes", options->yes, "do not ask");
    if (name != "pause")
        command->add_flag("--wait", options->wait, "show progress until the rollout ends");
    command->footer("Example:\n  " + example);
    command->callback([&shell, options, name] {
        shell.action = [&shell, options, name] { return verb(shell, *options, name); };
    });
}

} // namespace

int watchRollout(Shell& shell, const std::string& rollout)
{
    const bool quiet = !shell.view().table();
    RolloutView view(quiet ? std::cerr : std::cout, !quiet && ::isatty(STDOUT_FILENO) == 1);
    while (true) {
        const json state = shell.client().get(rolloutPath(rollout));
        view.show(state, nodesOf(shell, rollout));
        const std::string text = state.value("state", "");
        if (text == "running" || text == "aborting") {
            std::this_thread::sleep_for(1s);
            continue;
        }
        view.finish();
        if (quiet)
            shell.print(state);
        if (text == "done")
            return 0;
        std::cerr << "bm: rollout " << rollout << " is " << text << ": " << plainText(state.at("reason"))
                  << "\n";
        if (state.at("hint").is_string())
            std::cerr << "hint: " << state.at("hint").get<std::string>() << "\n";
        return 1;
    }
}

int provisionFleet(Shell& shell, const FleetOptions& options, const std::string& image,
                   const std::vector<std::string>& nodes, const json& deploy, bool yes, bool wait)
{
    json body = options.body();
    body["image"] = image;
    body["plan"] = true;
    if (!nodes.empty())
        body["nodes"] = nodes;
    if (!deploy.empty())
        body["deploy"] = deploy;
    const json rollout = shell.client().send("POST", "/v1/rollouts", body);
    const std::string name = rollout.at("name").get<std::string>();
    const json planned = nodesOf(shell, name);
    if (shell.view().table() || options.plan)
        shell.print(planned, kPlanColumns);
    const auto writes =
        static_cast<std::size_t>(std::count_if(planned.begin(), planned.end(), [](const json& node) {
            return node.value("verdict", "") == "write";
        }));
    std::cerr << planSummary(rollout, planned);
    if (options.plan) {
        std::cerr << "plan " << name << "; start it: bm rollout start " << name << "\n";
        return 0;
    }
    try {
        if (writes == 0)
            throw Error(ErrorCode::Conflict, "no node would be written", "the plan above says why");
        confirmMany(fmt::format("write {} to {} nodes", image, writes), writes, yes);
    } catch (const Error&) {
        shell.client().remove(rolloutPath(name)); // remove the plan that was not confirmed
        throw;
    }
    shell.client().send("POST", rolloutPath(name, "/start"), json::object());
    if (wait)
        return watchRollout(shell, name);
    std::cout << name << ": started; to watch it: bm rollout watch " << name << "\n";
    return 0;
}

void addRolloutCommands(CLI::App& app, Shell& shell)
{
    CLI::App* group =
        app.add_subcommand("rollout", "Deploy images to many nodes, in waves: list, show, watch, pause ...");
    group->require_subcommand(1);
    group->fallthrough();
    const auto options = std::make_shared<RolloutOptions>();
    CLI::App* listing = group->add_subcommand("list", "List all rollouts, newest first");
    listing->add_option(
        "--state", options->state,
        "only rollouts in this state: planned, running, paused, aborting, done, failed or aborted");
    listing->footer("Example:\n  bm rollout list --state paused");
    listing->callback(
        [&shell, options] { shell.action = [&shell, options] { return list(shell, *options); }; });
    CLI::App* showing = group->add_subcommand("show", "Show one rollout with its nodes");
    showing->add_option("rollout", options->rollout, "name or uuid")->required();
    showing->add_option("--node-state", options->nodeState, "only nodes in this state, for example failed");
    showing->add_flag("--relay", options->relay, "show the relay: sources and bytes of each node");
    showing->footer("Examples:\n  bm rollout show web-stable-7 --node-state failed -o wide\n"
                    "  bm rollout show web-stable-7 --relay");
    showing->callback(
        [&shell, options] { shell.action = [&shell, options] { return show(shell, *options); }; });
    CLI::App* watching = group->add_subcommand("watch", "Show a rollout until it ends or pauses");
    watching->add_option("rollout", options->rollout, "name or uuid")->required();
    watching->footer("Example:\n  bm rollout watch web-stable-7");
    watching->callback([&shell, options] {
        shell.action = [&shell, options] { return watchRollout(shell, options->rollout); };
    });
    CLI::App* starting = group->add_subcommand("start", "Start a plan, unless the fleet changed since then");
    starting->add_option("rollout", options->rollout, "name or uuid")->required();
    starting->add_flag("--yes", options->yes, "do not ask");
    starting->add_flag("--wait", options->wait, "show progress until the rollout ends");
    starting->footer("Example:\n  bm provision web:stable --select class=web --canary 2 --plan\n  bm rollout "
                     "start web-stable-7");
    starting->callback(
        [&shell, options] { shell.action = [&shell, options] { return start(shell, *options); }; });
    addVerb(*group, shell, options, "pause",
            "Pause a rollout: no new deployments start, running ones continue",
            "bm rollout pause web-stable-7");
    addVerb(*group, shell, options, "resume", "Resume a rollout; earlier failures no longer count",
            "bm rollout resume web-stable-7");
    addVerb(*group, shell, options, "abort", "Abort a rollout and its running deployments",
            "bm rollout abort web-stable-7");
    addVerb(*group, shell, options, "retry", "Deploy the failed nodes again",
            "bm rollout retry web-stable-7 --wait");
    CLI::App* removing = group->add_subcommand("delete", "Delete a plan or an ended rollout");
    removing->add_option("rollout", options->rollout, "name or uuid")->required();
    removing->footer("Example:\n  bm rollout delete web-stable-7");
    removing->callback(
        [&shell, options] { shell.action = [&shell, options] { return remove(shell, *options); }; });
}

} // namespace bm::cli
