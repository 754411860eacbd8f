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
    std::optional<long> calls; ///< nullopt: every call
};

/// Parses "1.5", or the range "1,3"; nullopt for other texts.
std::optional<DelayRange> parseDelay(std::string_view text);
/// Parses "bmc-unreachable", or "bmc-busy:2" for the first two calls; nullopt for other texts.
std::optional<Fault> parseFault(std::string_view text);
/// The fake_* keys of driver_info: delays and faults of the machine and of its simulated agent.
std::vector<Property> fakeProperties();
/// The identity of a simulated machine and its settings: the fake_* keys without "fake_".
BmcAccess fakeAccess(const NodeAccess& node);
/// @throws Error InvalidInput: no identity, or an invalid setting
void requireGood(const BmcAccess& bmc);
/// The duration of a BMC's step: the setting step_delay. @throws Error InvalidInput
std::chrono::milliseconds stepDelay(const BmcAccess& bmc);
/// Throws the error of the setting step_fault: "bmc-busy", or for one step only: "firmware_update:bmc-busy".
void throwStepFault(const BmcAccess& bmc, std::string_view step);

} // namespace bm::drivers
