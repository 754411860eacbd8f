#pragma once
#include "common/model/deadline.h"
#include "drivers/core/bmc_access.h"
#include "drivers/core/driver_values.h"

#include <optional>
#include <string>

namespace bm::drivers {

/// A BMC setting that an operator should change.
struct BmcWeakness {
    std::string message;
    std::string hint;
};

/// Control of the BMC itself; rules as for PowerDriver.
class BmcControl {
public:
    virtual ~BmcControl() = default;
    virtual BmcIdentity identify(const BmcAccess& bmc, const model::Deadline& deadline) = 0;
    /// Sends the machine a non-maskable interrupt: a running kernel writes its dump.
    virtual void injectNmi(const BmcAccess& bmc, const model::Deadline& deadline) = 0;
    /// Restarts the BMC. @p warm: a warm reset keeps its network connection.
    virtual void resetBmc(const BmcAccess& bmc, bool warm, const model::Deadline& deadline) = 0;
    /// The facts about this BMC that earlier calls found. The conductor stores them in driver_internal_info
    /// and returns them as NodeAccess::learned. No network.
    virtual Values learned(const BmcAccess& bmc) const = 0;
    /// A weakness that an earlier call detected. No network.
    virtual std::optional<BmcWeakness> weakness(const BmcAccess& bmc) const = 0;
};

} // namespace bm::drivers
