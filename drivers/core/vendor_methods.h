#pragma once
#include "common/model/deadline.h"
#include "common/model/event_kinds.h"
#include "drivers/core/bmc_access.h"
#include "drivers/core/driver_values.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bm::drivers {

/// An argument of a vendor method.
struct VendorArgument {
    std::string name;
    bool flag = false; ///< boolean; otherwise a text
};

/// A method of vendor passthru, as Ironic lists it.
struct VendorMethod {
    std::string name;
    bool async = true;     ///< the caller receives no result
    bool exclusive = true; ///< refused while the node runs an operation
    std::string description;
    std::vector<VendorArgument> arguments{};
};

/// The result of a vendor method.
struct VendorOutcome {
    std::optional<model::EventKind> event{}; ///< kind of the node event to record; nullopt: none
    std::string message{};                   ///< text of the event
    std::string json{};                      ///< result of a synchronous method
};

/// Vendor functions of a BMC beyond the other interfaces; rules as for PowerDriver.
class VendorMethods {
public:
    virtual ~VendorMethods() = default;
    virtual std::span<const VendorMethod> methods() const = 0;
    /// @param arguments  those of the method's arguments that the caller gave; a flag is "true" or "false"
    /// @throws Error InvalidInput (arguments), and as PowerDriver
    virtual VendorOutcome call(const BmcAccess& bmc, std::string_view method, const Values& arguments,
                               const model::Deadline& deadline) = 0;
};

} // namespace bm::drivers
