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
    return selects || limits || gates || asksOfRelay();
}

namespace {

void put(json& body, const char* key, const std::string& value)
{
    if (!value.empty())
        body[key] = value;
}

template <class Number> void put(json& body, const char* key, const std::optional<Number>& value)
{
    if (value)
        body[key] = *value;
}

void put(json& body, const char* key, bool value)
{
    if (value)
        body[key] = true;
}

} // namespace

json FleetOptions::body() const
{
    json body = json::object();
    put(body, "select", select);
    put(body, "count", count);
    put(body, "all", all);
    put(body, "name", name);
    put(body, "max_parallel", maxParallel);
    put(body, "max_per_rack", maxPerRack);
    put(body, "canary", canary);
    put(body, "wave_growth", waveGrowth);
    put(body, "max_fail", maxFail);
    put(body, "order", order);
    put(body, "attempts", attempts);
    put(body, "retry_delay", retryDelay);
    put(body, "force", force);
    put(body, "allow_unseen", allowUnseen);
    put(body, "if_older_than", ifOlderThan);
    if (asksOfRelay()) {
        json relay = json::object();
        put(relay, "chains", relayChains);
        put(relay, "cache_mib", relayCacheMib);
        put(relay, "order", relayOrder);
        if (noRelay)
            relay["enabled"] = false;
        body["relay"] = relay;
    }
    json drain = json::object();
    put(drain, "url", drainUrl);
    put(drain, "command", drainCommand);
    if (!drain.empty()) {
        put(drain, "deadline", drainDeadline);
        body["drain"] = drain;
    }
    json health = json::object();
    put(health, "tcp", healthTcp);
    put(health, "ssh", healthSsh);
    put(health, "http", healthHttp);
    put(health, "phone_home", phoneHome);
    if (!health.empty()) {
        put(health, "deadline", healthDeadline);
        put(health, "on_failure", onUnhealthy);
        body["health"] = health;
    }
    return body;
}

namespace {

void addSelection(CLI::App& command, FleetOptions& options)
{
    const std::string nodes = "Which nodes";
    command
        .add_option(
            "--select", options.select,
            "conditions: class=web,rack=r1..r4,state=available|active,trait=T,name=web-*,image=web:stable,"
            "imaged-before=6d,property.KEY=V; != negates")
        ->group(nodes);
    command.add_option("--count", options.count, "so many of those that match and are available")
        ->group(nodes);
    command.add_flag("--all", options.all, "the whole fleet is meant")->group(nodes);
    command.add_flag("--force", options.force, "write what is on a node already, too")->group(nodes);
    command
        .add_option("--if-older-than", options.ifOlderThan,
                    "only what was not imaged within this time, as 6d")
        ->group(nodes);
    command.add_flag("--allow-unseen", options.allowUnseen, "take nodes of which nothing was ever seen")
        ->group(nodes);
}

void addLimits(CLI::App& command, FleetOptions& options)
{
    const std::string rollout = "Rollout";
    command
        .add_flag("--plan", options.plan, "show what would happen and keep it as a plan: bm rollout start")
        ->group(rollout);
    command.add_option("--name", options.name, "what the rollout is called")->group(rollout);
    command.add_option("--max-parallel", options.maxParallel, "nodes at work at the same time")
        ->group(rollout);
    command.add_option("--max-per-rack", options.maxPerRack, "of them, in one rack (properties/rack)")
        ->group(rollout);
    command.add_option("--canary", options.canary, "nodes that go first; one that fails pauses")
        ->group(rollout);
    command
        .add_option("--wave-growth", options.waveGrowth,
                    "each later wave is so many times larger; 0: all the rest")
        ->group(rollout);
    command.add_option("--max-fail", options.maxFail, "failed nodes beyond 3 or 5% pause; else 10%")
        ->group(rollout);
    command.add_option("--order", options.order, "name, rack or last-imaged")->group(rollout);
    command.add_option("--attempts", options.attempts, "per node, the first included; else 2")
        ->group(rollout);
    command.add_option("--retry-delay", options.retryDelay, "before the second attempt, as 30s; doubles")
        ->group(rollout);
}

void addRelay(CLI::App& command, FleetOptions& options)
{
    const std::string relay = "Relay (from node to node; bm rollout show --relay)";
    command.add_option("--relay-chains", options.relayChains, "so many chains; else one for each 64 nodes")
        ->group(relay);
    command.add_option("--relay-cache", options.relayCacheMib, "MiB that each node keeps for others")
        ->group(relay);
    command.add_option("--relay-order", options.relayOrder, "rack, address or join")->group(relay);
    command.add_flag("--no-relay", options.noRelay, "each node takes all from the server")->group(relay);
}

void addGates(CLI::App& command, FleetOptions& options)
{
    const std::string gates = "Gates";
    command
        .add_option("--drain-url", options.drainUrl,
                    "asked before a running node is taken: go, wait or refuse")
        ->group(gates);
    command
        .add_option("--drain-command", options.drainCommand,
                    "the same by a program in the server's gates folder")
        ->group(gates);
    command.add_option("--drain-deadline", options.drainDeadline, "until when it may say wait; else 30m")
        ->group(gates);
    command.add_option("--health-tcp", options.healthTcp, "after boot: this TCP port is open")->group(gates);
    command.add_option("--health-ssh", options.healthSsh, "after boot: an ssh server answers at this port")
        ->group(gates);
    command
        .add_option("--health-http", options.healthHttp,
                    "after boot: this answers 2xx; {address} and {name} are filled in")
        ->group(gates);
    command.add_flag("--phone-home", options.phoneHome, "after boot: the system calls its one-time address")
        ->group(gates);
    command.add_option("--health-deadline", options.healthDeadline, "for it to pass; else 15m")->group(gates);
    command
        .add_option("--on-unhealthy", options.onUnhealthy,
                    "stop (pause the rollout), restore (the previous image) or continue")
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
