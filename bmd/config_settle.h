#pragma once
#include "bmd/config.h"

#include <string>
#include <vector>

namespace bm::bmd {

/// Something that does not fit together: the key at fault and what is the matter.
struct Misfit {
    std::string key;
    std::string message;
};

/// Fills in what follows from other keys (paths below state_dir, the interface's address, what the listeners
/// and the conductor take from the provisioning network) and says what does not fit together.
std::vector<Misfit> settle(Config& config);

} // namespace bm::bmd
