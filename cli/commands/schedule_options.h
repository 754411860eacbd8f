#pragma once
#include "cli/commands/fleet_options.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace bm::cli {

/// The options of the schedule commands; empty when not given.
struct ScheduleOptions {
    std::string name;
    std::vector<std::string> names;
    std::string rename;
    bool yes = false;
    int count = 10;

    std::optional<std::string> cron, at, zone, window, missed, overlap;
    std::vector<std::string> maintenance, blackout;
    bool paused = false;

    std::optional<std::string> image;
    std::vector<std::string> nodes;
    FleetOptions fleet;
    std::string rolloutFile;
    std::vector<std::string> sshKeys;
};

void addScheduleOptions(CLI::App& command, ScheduleOptions& options);
/// The body of POST /v1/schedules when @p whole, else a merge patch of the given options.
/// @throws Error InvalidInput, NotFound (a file)
nlohmann::json scheduleBody(const ScheduleOptions& options, bool whole);

} // namespace bm::cli
