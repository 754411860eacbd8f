#include "drivers/ipmi/bmc_target.h"

#include "common/model/error.h"
#include "common/platform/log.h"
#include "common/text/printable.h"
#include "common/text/text.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

namespace bm::drivers {
namespace {

using model::Error;
using model::ErrorCode;
using platform::IpAddress;

constexpr const char* kGetent = "/usr/bin/getent";

/// The addresses in the output of `getent ahosts`: "10.0.0.1        STREAM bmc1".
std::vector<IpAddress> addressesIn(std::string_view out)
{
    std::vector<IpAddress> found;
    while (!out.empty()) {
        const std::vector<std::string_view> words = text::words(text::takeLine(out));
        if (!words.empty())
            if (const std::optional<IpAddress> address = platform::ipFromText(words.front()))
                found.push_back(*address);
    }
    return found;
}

std::vector<IpAddress> resolved(const BmcAccess& bmc, platform::Exec& exec, const model::Deadline& deadline)
{
    if (const std::optional<IpAddress> numeric = platform::ipFromText(bmc.host))
        return {*numeric};
    platform::Command command;
    command.argv = {kGetent, "ahosts", "--", bmc.host};
    std::vector<IpAddress> found = addressesIn(exec.run(command, deadline).out);
    if (found.empty())
        throw Error(ErrorCode::BmcUnreachable, fmt::format("BMC {}: the name has no address", bmc.key),
                    "ipmi_address does not resolve here: check the name and this machine's name servers");
    return found;
}

} // namespace

std::string bmcTarget(const BmcAccess& bmc, const platform::OutgoingPolicy& policy, platform::Exec& exec,
                      const model::Deadline& deadline)
{
    std::optional<std::string> why;
    for (const IpAddress& address : resolved(bmc, exec, deadline)) {
        why = policy.bmcRefusal(address, bmc.port);
        if (!why)
            return platform::toText(address);
        platform::logWarning("outgoing", "refused for BMC {}: {} is {}", text::printable(bmc.key),
                             platform::toText(address), *why);
    }
    throw Error(ErrorCode::InvalidInput, fmt::format("BMC {} leads to {}", bmc.key, why.value_or("nothing")),
                "bmd asks BMCs only at the addresses that bmc.networks permits; docs/security.md lists the "
                "rules");
}

} // namespace bm::drivers
