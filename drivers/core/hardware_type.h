#pragma once
#include "drivers/core/bmc_access.h"
#include "drivers/core/bmc_control.h"
#include "drivers/core/boot_control.h"
#include "drivers/core/driver_values.h"
#include "drivers/core/firmware_control.h"
#include "drivers/core/power_driver.h"
#include "drivers/core/remote_devices.h"
#include "drivers/core/vendor_methods.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bm::drivers {

/// A key of driver_info that a hardware type understands.
struct Property {
    std::string key;
    std::string text; ///< for people; "": accepted, and not listed
    bool required = false;
    bool secret = false;        ///< sealed in the database, masked in answers and logs
    ValueCheck check = nullptr; ///< null: any value is good
};

/// The slots of an interface; null: the interface cannot do that. Shared where interfaces of one type have
/// the same BMC client behind them.
struct Slots {
    std::shared_ptr<PowerDriver> power{};
    std::shared_ptr<BootControl> boot{};
    std::shared_ptr<BootModeControl> bootMode{};
    std::shared_ptr<BmcControl> bmc{};
    std::shared_ptr<VendorMethods> vendor{};
    std::shared_ptr<BiosSettings> bios{};
    std::shared_ptr<FirmwareUpdates> firmware{};
    std::shared_ptr<VirtualMedia> media{};
    std::shared_ptr<Indicators> indicators{};
    std::shared_ptr<Console> console{};
};

/// An implementation of a kind of interface, as Ironic calls it: kind "power", name "ipmitool". An interface
/// that the conductor implements by the agent ("direct", "agent"), or that does nothing ("noop", "no-bios"),
/// has empty slots.
struct Interface {
    std::string kind;
    std::string name;
    Slots slots{};
};

/// A node as its driver sees it.
struct NodeAccess {
    std::string uuid;
    Values driverInfo;
    Values learned{}; ///< what BmcControl::learned told earlier
};

/// Ironic's "driver" of a node: what it is called, which keys it reads, what its interfaces can do.
struct HardwareType {
    std::string name; ///< "ipmi", "fake-hardware"
    std::string
        keyPrefix; ///< a key of driver_info that begins so and is no property is a mistake; "": none is
    std::vector<Property> properties;
    std::vector<Interface> interfaces; ///< of each kind the default first; "power" and "management" at least
    std::function<BmcAccess(const NodeAccess& node)> access; ///< of a node without findings
    bool simulated = false; ///< no machine behind it: the conductor plays the agent

    /// What is missing or wrong, one line per finding, each naming its key; empty: good.
    std::vector<std::string> findings(const Values& driverInfo) const;
    /// How the node's BMC is reached. @throws Error InvalidInput naming the key
    BmcAccess accessTo(const NodeAccess& node) const;
    const Interface* find(std::string_view kind, std::string_view interfaceName) const; ///< null: none
    /// The slots of the default interface of @p kind.
    const Slots& standard(std::string_view kind) const;
};

} // namespace bm::drivers
