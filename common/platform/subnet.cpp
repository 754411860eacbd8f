#include "common/platform/subnet.h"

#include "common/model/error.h"
#include "common/platform/ip_address.h"

#include <optional>

namespace bm::platform {

bool isInSubnet(const std::string& address, const std::string& subnet)
{
    const auto refuse = [](const std::string& text, const char* what, const char* hint) {
        throw model::Error(model::ErrorCode::InvalidInput, "\"" + text.substr(0, 80) + "\" is no " + what,
                           hint);
    };
    const std::optional<IpAddress> one = ipFromText(address);
    if (!one)
        refuse(address, "IP address", "");
    const std::optional<IpNetwork> net = networkFromText(subnet);
    if (!net)
        refuse(subnet, "subnet", "for example 10.0.0.0/8");
    return net->contains(*one);
}

} // namespace bm::platform
