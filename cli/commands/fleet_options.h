#pragma once
#include "cli/shell/shell.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bm::cli {

/// The options that turn `bm provision` into a rollout: node selection, waves, gates.
struct FleetOptions {
    std::string select;
    std::optional<std::uint64_t> count;
    bool all = false;
    bool plan = false;
    std::string name;
    std::optional<std::uint64_t> maxParallel;
    std::optional<std::uint64_t> maxPerRack;
    std::optional<std::uint64_t> canary;
    std::optional<std::uint64_t> waveGrowth;
    std::string maxFail;
    std::string order;
    std::optional<std::uint64_t> attempts;
    std::string retryDelay;
    bool force = false;
    bool allowUnseen = false;
    std::string ifOlderThan;
    std::optional<std::uint64_t> relayChains;
    std::optional<std::uint64_t> relayCacheMib;
    std::string relayOrder;
    bool noRelay = false;
    std::string drainUrl;
    std::string drainCommand;
    std::string drainDeadline;
    std::optional<std::uint16_t> healthTcp;
    std::optional<std::uint16_t> healthSsh;
    std::string healthHttp;
    bool phoneHome = false;
    std::string healthDeadline;
    std::string onUnhealthy;

    bool hasRelayOptions() const { return relayChains || relayCacheMib || !relayOrder.empty() || noRelay; }
    /// True if the operator gave one of them.
    bool any() const;
    /// The members for the body of POST /v1/rollouts.
    nlohmann::json body() const;
};

void addFleetOptions(CLI::App& command, FleetOptions& options);

/// Plans a rollout of @p image, prints the plan, asks for confirmation and starts it. With @p wait, shows its
/// progress until it ends.
/// @param deploy  members of POST /v1/nodes/{node}/provision except the image
/// @return the exit code
int provisionFleet(Shell& shell, const FleetOptions& options, const std::string& image,
                   const std::vector<std::string>& nodes, const nlohmann::json& deploy, bool yes, bool wait);

/// Shows @p rollout until it ends or pauses. @return 0 when all nodes succeeded, else 1
int watchRollout(Shell& shell, const std::string& rollout);

} // namespace bm::cli
