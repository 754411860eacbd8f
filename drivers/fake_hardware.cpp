#include "drivers/fake_hardware.h"

#include "common/model/error.h"
#include "common/platform/guarded.h"
#include "drivers/hardware_types.h"

#include <charconv>
#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bm::drivers {
namespace {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using model::PowerAction;
using model::PowerState;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr double kLongestDelaySeconds = 3600;

struct Range {
    double low = 0;
    double high = 0;
};

struct Fault {
    ErrorCode code;
    std::optional<long> calls; ///< nothing: every call
};

std::optional<double> seconds(std::string_view text)
{
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc{} && end == text.data() + text.size() && value >= 0 &&
                      value <= kLongestDelaySeconds;
    return good ? std::optional(value) : std::nullopt;
}

/// "1.5", or "1,3": a range.
std::optional<Range> parseDelay(std::string_view text)
{
    const std::size_t comma = text.find(',');
    const std::optional<double> low = seconds(text.substr(0, comma));
    const std::optional<double> high =
        comma == std::string_view::npos ? low : seconds(text.substr(comma + 1));
    if (!low || !high || *low > *high)
        return std::nullopt;
    return Range{*low, *high};
}

/// "bmc-unreachable", or "bmc-busy:2": the first two calls.
std::optional<Fault> parseFault(std::string_view text)
{
    const std::size_t colon = text.find(':');
    const std::optional<ErrorCode> code = model::errorCodeFromText(text.substr(0, colon));
    if (!code)
        return std::nullopt;
    if (colon == std::string_view::npos)
        return Fault{*code, std::nullopt};
    const std::string_view digits = text.substr(colon + 1);
    long calls = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), calls);
    if (error != std::errc{} || end != digits.data() + digits.size() || calls < 0)
        return std::nullopt;
    return Fault{*code, calls};
}

constexpr std::string_view kDelayHelp =
    "is no delay: give seconds (\"1.5\") or a range (\"1,3\"), at most 3600";
constexpr std::string_view kFaultHelp =
    "is no fault: give an error code (\"bmc-unreachable\"), with \":N\" for the first N calls";

struct Machine {
    PowerState power = PowerState::Off;
    PowerState next = PowerState::Off;
    steady_clock::time_point changesAt{}; ///< when power becomes next
    BootRequest boot{};
    std::map<std::string, std::pair<std::string, long>>
        faultsUsed{}; ///< per setting: its text, and calls failed so far

    void settle()
    {
        if (steady_clock::now() >= changesAt)
            power = next;
    }
};

/// The machines behind all BmcAccess::key of one HardwareType, kept in memory.
class Machines {
public:
    /// Calls @p use with the machine, settled, unless @p faultSetting says that the call fails. @throws Error
    template <class Use>
    void with(const BmcAccess& bmc, const std::string& faultSetting, const Deadline& deadline, const Use& use)
    {
        if (deadline.stop.stop_requested())
            throw Error(ErrorCode::Aborted,
                        fmt::format("stopped before asking simulated machine {}", bmc.key));
        if (deadline.over())
            throw Error(ErrorCode::DeadlineExceeded,
                        fmt::format("no time left to ask simulated machine {}", bmc.key));
        const auto machines = machines_.lock();
        Machine& machine = (*machines)[bmc.key];
        failIfTold(machine, bmc, faultSetting);
        machine.settle();
        use(machine);
    }
    milliseconds delayOf(const BmcAccess& bmc)
    {
        const auto found = bmc.settings.find("power_delay");
        const Range range =
            found == bmc.settings.end() ? Range{} : parseDelay(found->second).value_or(Range{});
        const auto random = random_.lock();
        const double span = std::uniform_real_distribution<double>(range.low, range.high)(*random);
        return milliseconds(static_cast<milliseconds::rep>(span * 1000));
    }

private:
    static void failIfTold(Machine& machine, const BmcAccess& bmc, const std::string& setting)
    {
        const auto found = bmc.settings.find(setting);
        const std::optional<Fault> fault =
            found == bmc.settings.end() ? std::nullopt : parseFault(found->second);
        if (!fault)
            return;
        auto& [text, used] = machine.faultsUsed[setting];
        if (text != found->second) { // set anew: counts anew
            text = found->second;
            used = 0;
        }
        if (fault->calls && used >= *fault->calls)
            return;
        ++used;
        throw Error(fault->code,
                    fmt::format("simulated machine {}: told to fail by fake_{}", bmc.key, setting),
                    fmt::format("take fake_{} out of the node's driver_info", setting));
    }

    platform::Guarded<std::unordered_map<std::string, Machine>> machines_{};
    platform::Guarded<std::minstd_rand> random_{std::random_device{}()};
};

void requireGood(const BmcAccess& bmc)
{
    const std::vector<std::string> findings = validateFakeSettings(bmc.settings);
    if (bmc.key.empty() || !findings.empty())
        throw Error(ErrorCode::InvalidInput,
                    bmc.key.empty() ? "a simulated machine without an identity" : findings.front(),
                    "correct the node's driver_info");
}

class FakePower final : public PowerDriver {
public:
    explicit FakePower(std::shared_ptr<Machines> machines) : machines_(std::move(machines)) {}
    std::string_view name() const noexcept override { return "fake"; }
    void validate(const BmcAccess& bmc) const override { requireGood(bmc); }

    std::vector<PowerReading> readPower(std::span<const BmcAccess> bmcs, const Deadline& deadline) override
    {
        std::vector<PowerReading> readings;
        readings.reserve(bmcs.size());
        for (const BmcAccess& bmc : bmcs)
            readings.push_back(readOne(bmc, deadline));
        return readings;
    }

    void setPower(const BmcAccess& bmc, PowerAction action, const Deadline& deadline) override
    {
        requireGood(bmc);
        const milliseconds delay = machines_->delayOf(bmc);
        machines_->with(bmc, "power_fault", deadline, [&](Machine& machine) {
            if (action == PowerAction::Reset && machine.power != PowerState::On)
                throw Error(ErrorCode::BmcRejected,
                            fmt::format("simulated machine {} is off: nothing to reset", bmc.key),
                            "not possible in the machine's present power state");
            const PowerState wanted = action == PowerAction::Off || action == PowerAction::SoftOff
                                          ? PowerState::Off
                                          : PowerState::On;
            if (wanted == machine.next) // on its way, or there: safe to repeat
                return;
            machine.next = wanted;
            machine.changesAt = steady_clock::now() + delay;
        });
    }

private:
    PowerReading readOne(const BmcAccess& bmc, const Deadline& deadline) noexcept
    {
        try {
            PowerReading reading;
            requireGood(bmc);
            machines_->with(bmc, "power_fault", deadline,
                            [&](const Machine& machine) { reading.state = machine.power; });
            return reading;
        } catch (const Error& error) {
            return {PowerState::Unknown, error};
        } catch (const std::exception& error) {
            return {PowerState::Unknown, Error(ErrorCode::Internal, error.what())};
        }
    }

    std::shared_ptr<Machines> machines_; ///< shared with the management driver of the same HardwareType
};

class FakeManagement final : public ManagementDriver {
public:
    explicit FakeManagement(std::shared_ptr<Machines> machines) : machines_(std::move(machines)) {}

    void setBootDevice(const BmcAccess& bmc, const BootRequest& request, const Deadline& deadline) override
    {
        requireGood(bmc);
        machines_->with(bmc, "boot_device_fault", deadline,
                        [&](Machine& machine) { machine.boot = request; });
    }
    std::optional<BootRequest> bootDevice(const BmcAccess& bmc, const Deadline& deadline) override
    {
        requireGood(bmc);
        BootRequest request;
        machines_->with(bmc, "boot_device_fault", deadline,
                        [&](const Machine& machine) { request = machine.boot; });
        return request;
    }
    void injectNmi(const BmcAccess& bmc, const Deadline& deadline) override
    {
        requireGood(bmc);
        machines_->with(bmc, "power_fault", deadline, [](const Machine&) {});
    }
    void resetBmc(const BmcAccess& bmc, bool /*warm*/, const Deadline& deadline) override
    {
        injectNmi(bmc, deadline);
    }
    std::string sendRaw(const BmcAccess& bmc, std::span<const std::uint8_t> bytes,
                        const Deadline& deadline) override
    {
        injectNmi(bmc, deadline);
        return fmt::format("{:02x}", fmt::join(bytes, " "));
    }
    BmcIdentity identify(const BmcAccess& bmc, const Deadline& deadline) override
    {
        requireGood(bmc);
        machines_->with(bmc, "identify_fault", deadline, [](const Machine&) {});
        return {"bm", "simulated machine", "1.0", "2.0"};
    }
    std::optional<int> cipherSuite(const BmcAccess& /*bmc*/) const override { return std::nullopt; }

private:
    std::shared_ptr<Machines> machines_; ///< shared with the power driver of the same HardwareType
};

} // namespace

std::vector<std::string> validateFakeSettings(const std::map<std::string, std::string>& settings)
{
    std::vector<std::string> findings;
    for (const auto& [name, value] : settings) {
        if (name == "power_delay" && !parseDelay(value))
            findings.push_back(fmt::format("fake_{}: '{}' {}", name, value, kDelayHelp));
        const bool fault = name == "power_fault" || name == "boot_device_fault" || name == "identify_fault";
        if (fault && !parseFault(value))
            findings.push_back(fmt::format("fake_{}: '{}' {}", name, value, kFaultHelp));
    }
    return findings;
}

HardwareType makeFakeHardware()
{
    auto machines = std::make_shared<Machines>();
    return {"fake-hardware", std::make_unique<FakePower>(machines),
            std::make_unique<FakeManagement>(machines), true};
}

} // namespace bm::drivers
