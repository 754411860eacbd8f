#pragma once
#include "bmd/config.h"

#include <string>
#include <vector>

namespace bm::bmd {

/// Two settings that contradict each other: the key to change and the reason.
struct ConfigConflict {
    std::string key;
    std::string message;
};

/// Fills in values that derive from other keys: paths below state_dir, the interface's address, the addresses
/// of listeners and conductor in the provisioning network. @return the contradictions between settings
std::vector<ConfigConflict> completeConfig(Config& config);

} // namespace bm::bmd
