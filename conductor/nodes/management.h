#pragma once
#include "conductor/core/context.h"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// What operators ask a node's BMC for at once, beside power. Each call blocks for as long as the BMC takes,
/// 30 s at most. @throws Error NotFound, NodeLocked (what changes the machine while an operation is at work),
/// InvalidInput (the node's interface cannot do it), BmcUnreachable ... as drivers tell
class Management {
public:
    explicit Management(Context context) : context_(std::move(context)) {}

    std::optional<drivers::BootRequest> bootDevice(const std::string& ident) const;
    void setBootDevice(const std::string& ident, model::BootDevice device, bool persistent,
                       const std::string& actor) const;
    void injectNmi(const std::string& ident, const std::string& actor) const;
    void resetBmc(const std::string& ident, bool warm, const std::string& actor) const;
    std::string sendRaw(const std::string& ident, const std::vector<std::uint8_t>& bytes,
                        const std::string& actor) const;
    /// Devices that the node may be told to start from.
    static std::vector<model::BootDevice> supportedDevices();

private:
    model::Node unlocked(const std::string& ident) const;
    void tell(const model::Node& node, std::string_view kind, const std::string& message,
              const std::string& actor) const;

    Context context_;
};

} // namespace bm::conductor
