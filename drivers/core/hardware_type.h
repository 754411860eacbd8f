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

/// A key of driver_info that a hardware type reads.
struct Property {
    std::string key;
    std::string text; ///< description for people; "": accepted, but not listed
    bool required = false;
    bool secret = false;        ///< encrypted in the database, masked in answers and logs
    ValueCheck check = nullptr; ///< null: any value is valid
    /// A stricter check for writing a value; null: check. Earlier versions stored values that check allows.
    ValueCheck writeCheck = nullptr;
    /// Says where bmd sends the secrets, or how well they are protected on their way: a new value asks for
    /// the secrets again.
    bool guardsSecrets = false;
    /// A name, not a number: an integer is stored as its digits, and no other JSON number is accepted.
    bool isText = false;
};

/// The functions of an interface; null: the interface lacks it. Interfaces of one hardware type may share a
/// BMC client.
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

/// An implementation of an interface, in Ironic's terms: kind "power", name "ipmitool". Its slots are empty
/// when the conductor implements it through the agent ("direct", "agent") or when it does nothing ("noop",
/// "no-bios").
struct Interface {
    std::string kind;
    std::string name;
    Slots slots{};
};

/// The part of a node that its driver needs.
struct NodeAccess {
    std::string uuid;
    Values driverInfo;
    Values learned{};     ///< earlier results of BmcControl::learned
    std::string vendor{}; ///< properties/vendor
};

/// Ironic's "driver" of a node: its name, its driver_info keys, and its interfaces.
struct HardwareType {
    std::string name;      ///< "ipmi", "fake-hardware"
    std::string keyPrefix; ///< an unknown driver_info key with this prefix is an error; "": no check
    std::vector<Property> properties;
    std::vector<Interface>
        interfaces; ///< the default of each kind first; "power" and "management" are mandatory
    std::function<BmcAccess(const NodeAccess& node)> access; ///< requires a node without findings
    bool simulated = false;    ///< no real machine: the conductor simulates the agent
    bool needsBootPort = true; ///< a machine of it boots only from a port of its node
    bool hasFiles = true;      ///< its disks have file systems, so a capture may be of kind tree

    /// Errors in driver_info, one per key, each with its key; empty when it is valid.
    std::vector<std::string> findings(const Values& driverInfo) const;
    /// The error of writing @p value to the driver_info key @p key, or "". The error contains no secret.
    std::string writeFinding(const std::string& key, const std::string& value) const;
    /// The BMC access of the node. @throws Error InvalidInput naming the key
    BmcAccess accessTo(const NodeAccess& node) const;
    const Interface* find(std::string_view kind,
                          std::string_view interfaceName) const; ///< null when there is none
    /// The slots of the default interface of @p kind.
    const Slots& standard(std::string_view kind) const;
};

} // namespace bm::drivers
