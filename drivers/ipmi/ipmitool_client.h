#pragma once
#include "common/platform/exec.h"
#include "drivers/core/bmc_turns.h"
#include "drivers/ipmi/ipmi.h"
#include "drivers/ipmi/ipmi_texts.h"

#include <mutex>
#include <string>
#include <vector>

namespace bm::drivers {

/// How a call may be repeated when it fails in passing.
enum class Retry {
    Reading, ///< asked again soon anyway: only "busy" and "no session" are worth another try
    Acting,  ///< also when nothing answered: every power and boot command may be sent twice
};

/// Runs ipmitool for one BMC at a time and makes values or Errors of what it says. Thread-safe.
/// argv holds no secret: the password goes by a file of mode 0600 that is removed after the call, the Kg key
/// and an empty password by the environment (ipmitool 1.8.19 has no file for them).
class IpmitoolClient {
public:
    /// @param exec borrowed, must outlive this
    IpmitoolClient(platform::Exec& exec, IpmiSettings settings);

    /// stdout of `ipmitool ... arguments`. Cipher suite 17, then 3 only where the BMC says that it has no 17.
    /// @throws Error as PowerDriver tells
    std::string call(const BmcAccess& bmc, const std::vector<std::string>& arguments, Retry retry,
                     const model::Deadline& deadline);
    std::optional<int> cipherSuite(const BmcAccess& bmc) const;

private:
    struct Outcome;
    Outcome attempt(const BmcAccess& bmc, const std::vector<std::string>& arguments,
                    const model::Deadline& deadline);
    Outcome runOnce(const BmcAccess& bmc, int suite, const std::vector<std::string>& arguments,
                    const model::Deadline& deadline);
    void prepareFolder();
    platform::Command commandFor(const BmcAccess& bmc, int suite,
                                 const std::vector<std::string>& arguments) const;

    platform::Exec& exec_;
    IpmiSettings settings_;
    BmcTurns turns_;
    std::once_flag folderReady_;
};

} // namespace bm::drivers
