#pragma once
#include "agent/copy/disk_deployer.h"
#include "agent/tree/tree_deployer.h"

#include <filesystem>
#include <string>
#include <vector>

namespace bm::agent {

struct RunOptions {
    std::filesystem::path commandLine = "/proc/cmdline";
    std::filesystem::path stateFolder = "/run/bm-agent";
    std::filesystem::path inventoryFile{}; ///< the inventory as JSON instead of /sys; for tests
    bool mayPowerOff = true;               ///< false: only logs power_off and reboot
};

/// The relay without a conductor: the command line names the source.
struct WriteRelay {
    std::filesystem::path tokenFile{};  ///< empty: no relay
    std::vector<std::string> sources{}; ///< "10.77.0.101:6387"
    RelaySettings settings{};
    std::size_t cacheMib = 0;
};

/// Works for bmd until SIGTERM or SIGINT. @return exit status
int runAgent(const RunOptions& options);
/// Writes an image without a server and prints the outcome as JSON. @return exit status
int writeOnce(DeployOrder order, const std::vector<std::filesystem::path>& disks, const WriteRelay& relay);
/// Lays a tree onto disks without a server and prints the outcome as JSON. @return exit status
int writeTreeOnce(TreeOrder order, const std::string& layoutFile, const std::vector<std::string>& disks,
                  const WriteRelay& relay);
/// Prints the inventory as JSON. @return exit status
int printInventory();

} // namespace bm::agent
