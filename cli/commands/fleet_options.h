#pragma once
#include "cli/shell/shell.h"

#include <CLI/CLI.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bm::cli {

/// What turns `bm provision` into a rollout: which nodes, in what waves, behind which gates.
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

    bool asksOfRelay() const { return relayChains || relayCacheMib || !relayOrder.empty() || noRelay; }
    /// Whether any of them was given.
    bool any() const;
    /// As members of the body of POST /v1/rollouts.
    nlohmann::json body() const;
};

void addFleetOptions(CLI::App& command, FleetOptions& options);

/// Plans a rollout of @p image, shows the plan, asks, starts it and, with @p wait, shows it to its end.
/// @param deploy  members of POST /v1/nodes/{node}/provision but the image
/// @return the exit code
int provisionFleet(Shell& shell, const FleetOptions& options, const std::string& image,
                   const std::vector<std::string>& nodes, const nlohmann::json& deploy, bool yes, bool wait);

/// Shows @p rollout until it has ended or is paused. @return 0 when all went well, else 1
int watchRollout(Shell& shell, const std::string& rollout);

} // namespace bm::cli
