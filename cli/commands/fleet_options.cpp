#include "cli/commands/fleet_options.h"

namespace bm::cli {

using nlohmann::json;

bool FleetOptions::any() const
{
    const bool selects =
        !select.empty() || count || all || plan || !name.empty() || force || !ifOlderThan.empty();
    const bool limits = maxParallel || maxPerRack || canary || waveGrowth || !maxFail.empty() ||
                        !order.empty() || attempts || !retryDelay.empty();
    const bool gates = !drainUrl.empty() || !drainCommand.empty() || healthTcp || healthSsh ||
                       !healthHttp.empty() || phoneHome;
    return selects || limits || gates || hasRelayOptions();
}

namespace {

void assign(json& body, const char* key, const std::string& value)
{
    if (!value.empty())
        body[key] = value;
}

template <class Number> void assign(json& body, const char* key, const std::optional<Number>& value)
{
    if (value)
        body[key] = *value;
}

void assign(json& body, const char* key, bool value)
{
    if (value)
        body[key] = true;
}

} // namespace

json FleetOptions::body() const
{
    json body = json::object();
    assign(body, "select", select);
    assign(body, "count", count);
    assign(body, "all", all);
    assign(body, "name", name);
    assign(body, "max_parallel", maxParallel);
    assign(body, "max_per_rack", maxPerRack);
    assign(body, "canary", canary);
    assign(body, "wave_growth", waveGrowth);
    assign(body, "max_fail", maxFail);
    assign(body, "order", order);
    assign(body, "attempts", attempts);
    assign(body, "retry_delay", retryDelay);
    assign(body, "force", force);
    assign(body, "allow_unseen", allowUnseen);
    assign(body, "if_older_than", ifOlderThan);
    if (hasRelayOptions()) {
        json relay = json::object();
        assign(relay, "chains", relayChains);
        assign(relay, "cache_mib", relayCacheMib);
        assign(relay, "order", relayOrder);
        if (noRelay)
            relay["enabled"] = false;
        body["relay"] = relay;
    }
    json drain = json::object();
    assign(drain, "url", drainUrl);
    assign(drain, "command", drainCommand);
    if (!drain.empty()) {
        assign(drain, "deadline", drainDeadline);
        body["drain"] = drain;
    }
    json health = json::object();
    assign(health, "tcp", healthTcp);
    assign(health, "ssh", healthSsh);
    assign(health, "http", healthHttp);
    assign(health, "phone_home", phoneHome);
    if (!health.empty()) {
        assign(health, "deadline", healthDeadline);
        assign(health, "on_failure", onUnhealthy);
        body["health"] = health;
    }
    return body;
}

namespace {

void addSelection(CLI::App& command, FleetOptions& options)
{
    const std::string nodes = "Selecting nodes";
    command
        .add_option(
            "--select", options.select,
            "conditions: class=web,rack=r1..r4,state=available|active,trait=T,name=web-*,image=web:stable,"
            "imaged-before=6d,property.KEY=V; != negates")
        ->group(nodes);
    command.add_option("--count", options.count, "number of available nodes to take from the matching ones")
        ->group(nodes);
    command.add_flag("--all", options.all, "select the whole fleet")->group(nodes);
    command.add_flag("--force", options.force, "also write nodes that run this image already")->group(nodes);
    command
        .add_option("--if-older-than", options.ifOlderThan,
                    "only nodes without a deployment within this time, for example 6d")
        ->group(nodes);
    command
        .add_flag("--allow-unseen", options.allowUnseen,
                  "include nodes whose hardware no RAM disk has inspected")
        ->group(nodes);
}

void addLimits(CLI::App& command, FleetOptions& options)
{
    const std::string rollout = "Rollout";
    command.add_flag("--plan", options.plan, "show the plan and store it; bm rollout start runs it")
        ->group(rollout);
    command.add_option("--name", options.name, "name of the rollout")->group(rollout);
    command.add_option("--max-parallel", options.maxParallel, "nodes deployed at the same time")
        ->group(rollout);
    command
        .add_option("--max-per-rack", options.maxPerRack,
                    "nodes deployed at the same time in one rack (properties/rack)")
        ->group(rollout);
    command
        .add_option("--canary", options.canary,
                    "size of the first wave; one failure there pauses the rollout")
        ->group(rollout);
    command
        .add_option("--wave-growth", options.waveGrowth,
                    "growth factor of later waves; 0: one wave with all remaining nodes")
        ->group(rollout);
    command
        .add_option("--max-fail", options.maxFail,
                    "pause beyond this number or percentage of failed nodes (default: 10%)")
        ->group(rollout);
    command.add_option("--order", options.order, "order of the nodes: name, rack or last-imaged")
        ->group(rollout);
    command.add_option("--attempts", options.attempts, "attempts per node (default: 2)")->group(rollout);
    command
        .add_option("--retry-delay", options.retryDelay,
                    "delay before the second attempt, for example 30s; it doubles each time")
        ->group(rollout);
}

void addRelay(CLI::App& command, FleetOptions& options)
{
    const std::string relay = "Relay (nodes copy from nodes; bm rollout show --relay)";
    command
        .add_option("--relay-chains", options.relayChains,
                    "number of chains (default: one for each 64 nodes)")
        ->group(relay);
    command
        .add_option("--relay-cache", options.relayCacheMib,
                    "MiB of image data that each node keeps for other nodes")
        ->group(relay);
    command
        .add_option("--relay-order", options.relayOrder,
                    "order of the nodes in a chain: rack, address or join")
        ->group(relay);
    command.add_flag("--no-relay", options.noRelay, "each node copies everything from the server")
        ->group(relay);
}

void addGates(CLI::App& command, FleetOptions& options)
{
    const std::string gates = "Gates";
    command
        .add_option("--drain-url", options.drainUrl,
                    "URL that decides before a running node is rewritten: go, wait or refuse")
        ->group(gates);
    command
        .add_option("--drain-command", options.drainCommand,
                    "as --drain-url, but a program in the server's gates folder decides")
        ->group(gates);
    command
        .add_option("--drain-deadline", options.drainDeadline,
                    "how long the gate may answer wait (default: 30m)")
        ->group(gates);
    command
        .add_option("--health-tcp", options.healthTcp, "after boot, this TCP port must accept connections")
        ->group(gates);
    command
        .add_option("--health-ssh", options.healthSsh, "after boot, an SSH server must answer at this port")
        ->group(gates);
    command
        .add_option("--health-http", options.healthHttp,
                    "after boot, this URL must answer 2xx; bmd fills in {address} and {name}")
        ->group(gates);
    command.add_flag("--phone-home", options.phoneHome, "after boot, the system must call its one-time URL")
        ->group(gates);
    command
        .add_option("--health-deadline", options.healthDeadline,
                    "time limit of the health check (default: 15m)")
        ->group(gates);
    command
        .add_option(
            "--on-unhealthy", options.onUnhealthy,
            "after a failed health check: stop (pause the rollout), restore (the previous image) or continue")
        ->group(gates);
}

} // namespace

void addFleetOptions(CLI::App& command, FleetOptions& options)
{
    addSelection(command, options);
    addLimits(command, options);
    addRelay(command, options);
    addGates(command, options);
}

} // namespace bm::cli
