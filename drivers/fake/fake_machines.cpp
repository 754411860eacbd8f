#include "drivers/fake/fake_machines.h"

#include "common/model/error.h"

#include <optional>

#include <fmt/format.h>

namespace bm::drivers {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using std::chrono::milliseconds;

namespace {

void failIfRequested(FakeMachine& machine, const BmcAccess& bmc, const std::string& setting)
{
    const auto found = bmc.settings.find(setting);
    const std::optional<Fault> fault = found == bmc.settings.end() ? std::nullopt : parseFault(found->second);
    if (!fault)
        return;
    auto& [text, used] = machine.faultsUsed[setting];
    if (text != found->second) { // a changed setting counts its calls again
        text = found->second;
        used = 0;
    }
    if (fault->calls && used >= *fault->calls)
        return;
    ++used;
    throw Error(fault->code,
                fmt::format("simulated machine {}: fake_{} requests this failure", bmc.key, setting),
                fmt::format("remove fake_{} from the node's driver_info", setting));
}

} // namespace

void FakeMachines::with(const BmcAccess& bmc, const std::string& faultSetting, const Deadline& deadline,
                        const std::function<void(FakeMachine&)>& use)
{
    requireGood(bmc);
    if (deadline.stop.stop_requested())
        throw Error(ErrorCode::Aborted, fmt::format("stopped before calling simulated machine {}", bmc.key));
    if (deadline.over())
        throw Error(ErrorCode::DeadlineExceeded,
                    fmt::format("no time left to call simulated machine {}", bmc.key));
    const auto machines = machines_.lock();
    FakeMachine& machine = (*machines)[bmc.key];
    failIfRequested(machine, bmc, faultSetting);
    machine.followPower();
    use(machine);
}

milliseconds FakeMachines::delayOf(const BmcAccess& bmc)
{
    const auto found = bmc.settings.find("power_delay");
    const DelayRange range =
        found == bmc.settings.end() ? DelayRange{} : parseDelay(found->second).value_or(DelayRange{});
    const auto random = random_.lock();
    const double span = std::uniform_real_distribution<double>(range.low, range.high)(*random);
    return milliseconds(static_cast<milliseconds::rep>(span * 1000));
}

} // namespace bm::drivers
