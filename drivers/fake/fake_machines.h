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

/// The state of a simulated machine, for the lifetime of bmd.
struct FakeMachine {
    model::PowerState power = model::PowerState::Unknown; ///< until it is switched, as Ironic's fake power
    model::PowerState next = model::PowerState::Unknown;
    std::chrono::steady_clock::time_point changesAt{}; ///< the time when power becomes next
    BootRequest boot{};
    Values bios{};
    bool secureBoot = false;
    bool console = false;
    std::vector<Medium> media{};                 ///< the latest first
    std::map<std::string, std::string> lights{}; ///< by name
    std::map<std::string, std::pair<std::string, long>>
        faultsUsed{}; ///< per setting: its text and the number of failed calls

    /// Applies a power change whose delay has passed.
    void followPower()
    {
        if (std::chrono::steady_clock::now() >= changesAt)
            power = next;
    }
};

/// All machines of one HardwareType, by BmcAccess::key, in memory. Thread-safe.
class FakeMachines {
public:
    /// Calls @p use with the machine, unless the setting @p faultSetting makes the call fail.
    /// @throws Error: the fault, InvalidInput, Aborted, DeadlineExceeded
    void with(const BmcAccess& bmc, const std::string& faultSetting, const model::Deadline& deadline,
              const std::function<void(FakeMachine&)>& use);
    /// The duration of a power call, drawn at each call.
    std::chrono::milliseconds delayOf(const BmcAccess& bmc);

private:
    platform::Guarded<std::unordered_map<std::string, FakeMachine>> machines_{};
    platform::Guarded<std::minstd_rand> random_{std::random_device{}()};
};

} // namespace bm::drivers
