#include "drivers/fake/fake_hardware.h"

#include "common/model/error.h"
#include "drivers/fake/fake_devices.h"
#include "drivers/fake/fake_machines.h"

#include <chrono>
#include <exception>
#include <memory>

#include <fmt/format.h>

namespace bm::drivers {
namespace {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using model::PowerAction;
using model::PowerState;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class FakePower final : public PowerDriver {
public:
    explicit FakePower(std::shared_ptr<FakeMachines> machines) : machines_(std::move(machines)) {}
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
        machines_->with(bmc, "power_fault", deadline, [&](FakeMachine& machine) {
            if (action == PowerAction::Reset && machine.power != PowerState::On)
                throw Error(ErrorCode::BmcRejected,
                            fmt::format("simulated machine {} is off and cannot be reset", bmc.key),
                            "power the machine on first");
            const PowerState wanted = action == PowerAction::Off || action == PowerAction::SoftOff
                                          ? PowerState::Off
                                          : PowerState::On;
            if (wanted == machine.next) // already requested or reached
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
            machines_->with(bmc, "power_fault", deadline,
                            [&](const FakeMachine& machine) { reading.state = machine.power; });
            return reading;
        } catch (const Error& error) {
            return {PowerState::Unknown, error};
        } catch (const std::exception& error) {
            return {PowerState::Unknown, Error(ErrorCode::Internal, error.what())};
        }
    }

    std::shared_ptr<FakeMachines> machines_; ///< shared by the interfaces of this hardware type
};

} // namespace

HardwareType makeFakeHardware()
{
    const auto machines = std::make_shared<FakeMachines>();
    return {"fake-hardware",
            "",
            fakeProperties(),
            {
                {"bios", "fake", fakeBios(machines)},
                {"bios", "no-bios"},
                {"boot", "fake"},
                {"boot", "ipxe"},
                {"boot", "pxe"},
                {"console", "fake", fakeConsole(machines)},
                {"console", "no-console"},
                {"deploy", "fake"},
                {"deploy", "direct"},
                {"deploy", "ramdisk"},
                {"firmware", "fake", fakeFirmware()},
                {"firmware", "no-firmware"},
                {"inspect", "fake"},
                {"inspect", "agent"},
                {"inspect", "no-inspect"},
                {"management", "fake", fakeManagement(machines)},
                {"management", "noop"},
                {"network", "noop"},
                {"power", "fake", {.power = std::make_shared<FakePower>(machines)}},
                {"raid", "fake"},
                {"raid", "agent"},
                {"raid", "no-raid"},
                {"rescue", "fake"},
                {"rescue", "agent"},
                {"rescue", "no-rescue"},
                {"storage", "noop"},
                {"storage", "fake"},
                {"vendor", "fake", fakeVendor()},
                {"vendor", "no-vendor"},
            },
            fakeAccess,
            true,
            false,
            false};
}

} // namespace bm::drivers
