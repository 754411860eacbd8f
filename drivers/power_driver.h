#pragma once
#include "common/model/deadline.h"
#include "drivers/bmc_access.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bm::drivers {

/// Power of BMCs. Calls block until @p deadline at most, may be repeated without harm, and never overlap for
/// one BMC. Thread-safe. Errors: BmcUnreachable, BmcAuthFailed, BmcBusy, BmcUnsupported, BmcSessionLimit,
/// BmcRejected, BmcBadReply, BmcResting (an authentication failure was seen: the BMC rests until its
/// credentials change).
class PowerDriver {
public:
    virtual ~PowerDriver() = default;
    virtual std::string_view name() const noexcept = 0;    ///< "ipmitool"; stable
    virtual void validate(const BmcAccess& bmc) const = 0; ///< no network. @throws Error InvalidInput
    /// One reading per BMC, in order; a BMC that fails does not fail the others.
    virtual std::vector<PowerReading> readPower(std::span<const BmcAccess> bmcs,
                                                const model::Deadline& deadline) = 0;
    virtual void setPower(const BmcAccess& bmc, model::PowerAction action,
                          const model::Deadline& deadline) = 0;
};

/// Boot device and identity of BMCs; same rules.
class ManagementDriver {
public:
    virtual ~ManagementDriver() = default;
    virtual void setBootDevice(const BmcAccess& bmc, const BootRequest& request,
                               const model::Deadline& deadline) = 0;
    /// What the machine will start from next; nothing: as its firmware likes.
    virtual std::optional<BootRequest> bootDevice(const BmcAccess& bmc, const model::Deadline& deadline) = 0;
    /// A non-maskable interrupt: a running kernel writes its dump.
    virtual void injectNmi(const BmcAccess& bmc, const model::Deadline& deadline) = 0;
    /// Restarts the BMC itself. @p warm: it keeps its network.
    virtual void resetBmc(const BmcAccess& bmc, bool warm, const model::Deadline& deadline) = 0;
    /// Sends @p bytes (network function, command, data) as they are. @return what the BMC answers, in hex
    virtual std::string sendRaw(const BmcAccess& bmc, std::span<const std::uint8_t> bytes,
                                const model::Deadline& deadline) = 0;
    virtual BmcIdentity identify(const BmcAccess& bmc, const model::Deadline& deadline) = 0;
    /// The cipher suite found to work for this BMC, to be remembered; nothing: not applicable or not known
    /// yet.
    virtual std::optional<int> cipherSuite(const BmcAccess& bmc) const = 0;
};

} // namespace bm::drivers
