#pragma once
#include "common/platform/exec.h"
#include "common/platform/guarded.h"
#include "drivers/core/bmc_turns.h"
#include "drivers/ipmi/ipmi.h"
#include "drivers/ipmi/ipmi_texts.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace bm::drivers {

/// Selects the failures after which a call is repeated.
enum class Retry {
    Reading, ///< another reading follows soon: repeat only "busy" and "no session"
    Acting,  ///< also repeat when no answer came: every power and boot command may be sent twice
};

/// Runs ipmitool for one BMC at a time and parses its output. Thread-safe. argv contains no secret: the
/// password is in a file of mode 0600, removed after the call; the Kg key and an empty password are in the
/// environment (ipmitool 1.8.19 has no file option for them). ipmitool runs in a sandbox: it sends datagrams,
/// reads the password and its list of vendors, and writes no file.
class IpmitoolClient {
public:
    /// @param exec  borrowed, must outlive this object
    IpmitoolClient(platform::Exec& exec, IpmiSettings settings);

    /// The stdout of `ipmitool ... arguments`. Uses the configured cipher suite alone. Without one it tries
    /// the suite that this BMC accepted before, else 17; when the BMC refuses that suite, or the privilege
    /// level with it, 3 (or 17 after 3). The error then has both answers and the privilege level. bmcTarget()
    /// checks the address first; ipmitool gets it in numeric form.
    /// @throws Error as PowerDriver
    std::string call(const BmcAccess& bmc, const std::vector<std::string>& arguments, Retry retry,
                     const model::Deadline& deadline);
    std::optional<int> cipherSuite(const BmcAccess& bmc) const;
    BmcIdentity identify(const BmcAccess& bmc, const model::Deadline& deadline); ///< @throws Error as call()
    /// The IANA number of the BMC's manufacturer: a known one, else by identify(); nullopt when the BMC has
    /// no proper answer. @throws Error as call(), except BmcUnsupported, BmcRejected and BmcBadReply
    std::optional<std::uint32_t> manufacturer(const BmcAccess& bmc, const model::Deadline& deadline);
    /// The number that identify() or manufacturer() found. No network.
    std::optional<std::uint32_t> knownManufacturer(const BmcAccess& bmc);

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
    /// By BmcAccess::key; without a number: the BMC was asked and has none.
    platform::Guarded<std::map<std::string, std::optional<std::uint32_t>>> manufacturers_{};
    std::once_flag folderReady_;
};

} // namespace bm::drivers
