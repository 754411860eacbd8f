#pragma once
#include "common/model/deadline.h"
#include "common/model/power.h"
#include "common/platform/guarded.h"
#include "drivers/core/bmc_access.h"
#include "drivers/core/remote_devices.h"
#include "drivers/fake/fake_settings.h"

#include <chrono>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace bm::drivers {

/// What a simulated machine remembers, while bmd runs.
struct FakeMachine {
    model::PowerState power = model::PowerState::Off;
    model::PowerState next = model::PowerState::Off;
    std::chrono::steady_clock::time_point changesAt{}; ///< when power becomes next
    BootRequest boot{};
    Values bios{};
    bool secureBoot = false;
    bool console = false;
    std::vector<Medium> media{};                 ///< the last one inserted first
    std::map<std::string, std::string> lights{}; ///< by name
    std::map<std::string, std::pair<std::string, long>>
        faultsUsed{}; ///< per setting: its text, and calls failed so far

    /// Power follows when its delay is over.
    void followPower()
    {
        if (std::chrono::steady_clock::now() >= changesAt)
            power = next;
    }
};

/// The machines behind all BmcAccess::key of one HardwareType, kept in memory. Thread-safe.
class FakeMachines {
public:
    /// Calls @p use with the machine as it is now, unless its setting @p faultSetting makes the call fail.
    /// @throws Error: the fault, InvalidInput, Aborted, DeadlineExceeded
    void with(const BmcAccess& bmc, const std::string& faultSetting, const model::Deadline& deadline,
              const std::function<void(FakeMachine&)>& use);
    /// How long a power call takes now.
    std::chrono::milliseconds delayOf(const BmcAccess& bmc);

private:
    platform::Guarded<std::unordered_map<std::string, FakeMachine>> machines_{};
    platform::Guarded<std::minstd_rand> random_{std::random_device{}()};
};

} // namespace bm::drivers
