#pragma once
#include "common/model/deadline.h"
#include "common/platform/exec.h"
#include "common/platform/outgoing_policy.h"
#include "drivers/core/bmc_access.h"

#include <string>

namespace bm::drivers {

/// The address of @p bmc for ipmitool: numeric, and permitted by the rule for BMCs, so that ipmitool resolves
/// nothing itself. A name is resolved by getent, a child with a deadline; its first permitted address counts.
/// @throws Error InvalidInput (no address is permitted), BmcUnreachable (the name is unknown)
std::string bmcTarget(const BmcAccess& bmc, const platform::OutgoingPolicy& policy, platform::Exec& exec,
                      const model::Deadline& deadline);

} // namespace bm::drivers
