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
    bool flag = false; ///< true or false; else a text
};

/// A method of vendor passthru, as Ironic lists it.
struct VendorMethod {
    std::string name;
    bool async = true;     ///< the caller gets no result
    bool exclusive = true; ///< refused while an operation is at work on the node
    std::string description;
    std::vector<VendorArgument> arguments{};
};

/// What a call of a vendor method did.
struct VendorOutcome {
    std::optional<model::EventKind> event{}; ///< that records the call on the node
    std::string message{};                   ///< of the event
    std::string json{};                      ///< result of a method that is not asynchronous
};

/// What a vendor's BMC can do beyond the other interfaces; rules as for PowerDriver.
class VendorMethods {
public:
    virtual ~VendorMethods() = default;
    virtual std::span<const VendorMethod> methods() const = 0;
    /// @p arguments: the ones of the method that the caller gave; a flag reads "true" or "false".
    /// @throws Error InvalidInput (arguments), and as PowerDriver
    virtual VendorOutcome call(const BmcAccess& bmc, std::string_view method, const Values& arguments,
                               const model::Deadline& deadline) = 0;
};

} // namespace bm::drivers
