#pragma once
#include "common/model/error.h"
#include "common/model/power.h"
#include "drivers/core/bmc_access.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bm::drivers {

/// The boot device selectors, second byte of the boot flags (IPMI 2.0, table 28-14).
constexpr std::uint8_t kDiskSelector = 0x08;
constexpr std::uint8_t kRemoteMediaSelector = 0x24;
/// The selector of @p device.
std::uint8_t bootSelector(model::BootDevice device) noexcept;

/// The meaning of a failed ipmitool call, from classify().
struct IpmiFailure {
    model::ErrorCode code = model::ErrorCode::BmcBadReply;
    std::string message; ///< the line of ipmitool's output with the reason
    std::string hint;
    bool cipherRefused = false; ///< the BMC does not support the requested cipher suite
    /// The BMC denies the privilege level, not the password. Some BMCs say so of a cipher suite that they
    /// lack, or whose highest privilege level is lower.
    bool roleRefused = false;
    bool wrongState = false; ///< completion code 0xD5: not possible in the current power state
    bool transient = false;  ///< the same call may succeed a moment later
    /// Another cipher suite may succeed, and trying it locks no account.
    bool mayTryOtherSuite() const { return cipherRefused || roleRefused; }
};

/// Interprets the output of ipmitool 1.8.18 and later, run with -v (without it ipmitool hides the reason of a
/// refused login). @p output is stderr and stdout of a call with a non-zero exit status; any bytes are
/// allowed. Pure.
IpmiFailure classify(std::string_view output);

/// Parses "Chassis Power is on". @throws Error BmcBadReply
model::PowerState parseChassisPower(std::string_view output);

/// Parses `mc info`. Missing fields remain empty. @throws Error BmcBadReply for any other text
BmcIdentity parseMcInfo(std::string_view output);

/// Parses `chassis bootparam get 5`: the next boot device; nullopt without an override. @p uefiDisk: the
/// selector of the disk in UEFI mode. @throws Error BmcBadReply
std::optional<BootRequest> parseBootFlags(std::string_view output, std::uint8_t uefiDisk = kDiskSelector);

} // namespace bm::drivers
