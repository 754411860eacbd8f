#pragma once
#include "common/model/deadline.h"
#include "drivers/core/bmc_access.h"

#include <span>
#include <string_view>
#include <vector>

namespace bm::drivers {

/// Power control of BMCs. Calls block until @p deadline at most, may be repeated without harm, and never
/// overlap for one BMC. Thread-safe. Errors: BmcUnreachable, BmcAuthFailed, BmcBusy, BmcUnsupported,
/// BmcSessionLimit, BmcRejected, BmcBadReply, BmcResting (after an authentication failure, until the
/// credentials change). The same rules apply to every other interface of a hardware type.
class PowerDriver {
public:
    virtual ~PowerDriver() = default;
    virtual std::string_view name() const noexcept = 0;    ///< "ipmitool"; stable
    virtual void validate(const BmcAccess& bmc) const = 0; ///< no network. @throws Error InvalidInput
    /// One reading per BMC, in order. The failure of one BMC does not affect the others.
    virtual std::vector<PowerReading> readPower(std::span<const BmcAccess> bmcs,
                                                const model::Deadline& deadline) = 0;
    virtual void setPower(const BmcAccess& bmc, model::PowerAction action,
                          const model::Deadline& deadline) = 0;
};

} // namespace bm::drivers
