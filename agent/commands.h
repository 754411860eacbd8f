#pragma once
#include "agent/disk_deployer.h"

#include <filesystem>
#include <string>

namespace bm::agent {

struct RunOptions {
    std::filesystem::path commandLine = "/proc/cmdline";
    std::filesystem::path stateFolder = "/run/bm-agent";
    std::filesystem::path
        inventoryFile{};     ///< disks and the rest are taken from this JSON, not from /sys; for tests
    bool mayPowerOff = true; ///< off: power_off and reboot are only noted
};

/// Works for bmd until SIGTERM or SIGINT. @return exit status
int runAgent(const RunOptions& options);
/// Writes an image without a server and prints the outcome as JSON. @return exit status
int writeOnce(const DeployOrder& order, const std::filesystem::path& target);
/// Prints the inventory as JSON. @return exit status
int printInventory();

} // namespace bm::agent
