#pragma once
#include "common/model/event_kinds.h"
#include "conductor/core/context.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// Operators' calls of a node's BMC other than power. Each call blocks for as long as the BMC takes,
/// 30 s at most. @throws Error NotFound, NodeLocked (a call that changes the machine while an operation is at
/// work), InvalidInput (the node's interface cannot do it), BmcUnreachable ... as reported by the drivers
class Management {
public:
    explicit Management(Context context) : context_(std::move(context)) {}

    std::optional<drivers::BootRequest> bootDevice(const std::string& ident) const;
    void setBootDevice(const std::string& ident, model::BootDevice device, bool persistent,
                       const std::string& actor) const;
    /// Devices that the node can start from; none when its interface does not set the boot device.
    std::vector<model::BootDevice> supportedDevices(const std::string& ident) const;
    void setBootMode(const std::string& ident, model::BootMode mode, const std::string& actor) const;
    void setSecureBoot(const std::string& ident, bool on, const std::string& actor) const;
    void injectNmi(const std::string& ident, const std::string& actor) const;

    std::vector<drivers::Indicator> indicators(const std::string& ident) const;
    std::string indicatorState(const std::string& ident, const drivers::Indicator& indicator) const;
    void setIndicatorState(const std::string& ident, const drivers::Indicator& indicator,
                           const std::string& state) const;
    std::vector<drivers::Medium> media(const std::string& ident) const;
    void insertMedium(const std::string& ident, const drivers::Medium& medium) const;
    void ejectMedia(const std::string& ident, const std::vector<std::string>& deviceTypes) const;
    void setConsole(const std::string& ident, bool on, const std::string& actor) const;

    /// Methods of vendor passthru that the node's vendor interface has.
    std::vector<drivers::VendorMethod> vendorMethods(const std::string& ident) const;
    drivers::VendorOutcome callVendor(const std::string& ident, const drivers::VendorMethod& method,
                                      const drivers::Values& arguments, const std::string& actor) const;

private:
    model::Node found(const std::string& ident) const;
    model::Node unlocked(const std::string& ident) const;
    void recordCall(const model::Node& node, model::EventKind kind, const std::string& message,
                    const std::string& actor) const;

    Context context_;
};

} // namespace bm::conductor
