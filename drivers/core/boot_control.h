#pragma once
#include "common/model/deadline.h"
#include "common/model/node.h"
#include "drivers/core/bmc_access.h"

#include <optional>
#include <vector>

namespace bm::drivers {

/// Selection of the boot device; rules as for PowerDriver.
class BootControl {
public:
    virtual ~BootControl() = default;
    virtual std::vector<model::BootDevice> supportedDevices() const = 0;
    virtual void setBootDevice(const BmcAccess& bmc, const BootRequest& request,
                               const model::Deadline& deadline) = 0;
    /// True for a UEFI machine whose firmware undoes new boot entries when its BMC sets a boot device. May
    /// call the BMC.
    virtual bool undoesBootEntries(const BmcAccess& /*bmc*/, const model::Deadline& /*deadline*/)
    {
        return false;
    }
    /// The next boot device; nullopt: the firmware decides.
    virtual std::optional<BootRequest> bootDevice(const BmcAccess& bmc, const model::Deadline& deadline) = 0;
};

/// Selection of UEFI or BIOS boot; rules as for PowerDriver.
class BootModeControl {
public:
    virtual ~BootModeControl() = default;
    virtual void setBootMode(const BmcAccess& bmc, model::BootMode mode, const model::Deadline& deadline) = 0;
    virtual void setSecureBoot(const BmcAccess& bmc, bool on, const model::Deadline& deadline) = 0;
};

} // namespace bm::drivers
