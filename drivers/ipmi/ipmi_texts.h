#pragma once
#include "common/model/error.h"
#include "common/model/power.h"
#include "drivers/core/bmc_access.h"

#include <optional>
#include <string>
#include <string_view>

namespace bm::drivers {

/// What a failed ipmitool call means. Pure values, made from its output by classify().
struct IpmiFailure {
    model::ErrorCode code = model::ErrorCode::BmcBadReply;
    std::string message; ///< ipmitool's own telling line, without its noise
    std::string hint;
    bool cipherRefused = false; ///< the BMC says that it does not have the cipher suite asked for
    bool wrongState = false;    ///< completion code 0xD5: not possible in the present power state
    bool transient = false;     ///< the same call may succeed a moment later
};

/// What ipmitool 1.8.18 and later say, run with -v (without it the reason of a refused login is not told).
/// @p output is stderr and stdout of a call that ended with a status other than 0. Any bytes are welcome.
/// Pure.
IpmiFailure classify(std::string_view output);

/// "Chassis Power is on". @throws Error BmcBadReply
model::PowerState parseChassisPower(std::string_view output);

/// `mc info`. Absent fields stay empty. @throws Error BmcBadReply when it is no such answer at all
BmcIdentity parseMcInfo(std::string_view output);

/// `chassis bootparam get 5`: what the machine starts from next; nothing: no override. @throws Error
/// BmcBadReply
std::optional<BootRequest> parseBootFlags(std::string_view output);

} // namespace bm::drivers
