#pragma once
#include "common/model/error.h"
#include "drivers/core/hardware_type.h"

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

namespace bm::drivers {

/// Seconds, from low to high.
struct DelayRange {
    double low = 0;
    double high = 0;
};

struct Fault {
    model::ErrorCode code;
    std::optional<long> calls; ///< nothing: every call
};

/// "1.5", or "1,3": a range. Nothing: no delay in these words.
std::optional<DelayRange> parseDelay(std::string_view text);
/// "bmc-unreachable", or "bmc-busy:2": the first two calls. Nothing: no fault in these words.
std::optional<Fault> parseFault(std::string_view text);
/// The fake_* keys of driver_info: delays and faults of the machine and of its simulated agent.
std::vector<Property> fakeProperties();
/// How a simulated machine is told from others, and its settings: fake_* keys without "fake_".
BmcAccess fakeAccess(const NodeAccess& node);
/// @throws Error InvalidInput: no identity, or a setting that says nothing
void requireGood(const BmcAccess& bmc);
/// How long a step of the BMC takes: the setting step_delay. @throws Error InvalidInput
std::chrono::milliseconds stepDelay(const BmcAccess& bmc);
/// Fails as the setting step_fault says: "bmc-busy", or for one step only: "firmware_update:bmc-busy".
void throwStepFault(const BmcAccess& bmc, std::string_view step);

} // namespace bm::drivers
