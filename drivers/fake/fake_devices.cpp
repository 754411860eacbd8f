#include "drivers/fake/fake_devices.h"

#include "common/model/error.h"
#include "drivers/core/vendor_quirks.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace bm::drivers {
namespace {

using model::Deadline;
using model::Error;
using model::ErrorCode;
using std::chrono::milliseconds;

class FakeBoot final : public BootControl {
public:
    explicit FakeBoot(std::shared_ptr<FakeMachines> machines) : machines_(std::move(machines)) {}

    std::vector<model::BootDevice> supportedDevices() const override
    {
        using enum model::BootDevice;
        return {Pxe, Disk, Cdrom, Bios, Safe};
    }
    void setBootDevice(const BmcAccess& bmc, const BootRequest& request, const Deadline& deadline) override
    {
        machines_->with(bmc, "boot_device_fault", deadline,
                        [&](FakeMachine& machine) { machine.boot = request; });
    }
    bool undoesBootEntries(const BmcAccess& bmc, const Deadline& /*deadline*/) override
    {
        return quirksOf(bmc.vendor, std::nullopt).bootDeviceUndoesEntries;
    }
    std::optional<BootRequest> bootDevice(const BmcAccess& bmc, const Deadline& deadline) override
    {
        BootRequest request;
        machines_->with(bmc, "boot_device_fault", deadline,
                        [&](const FakeMachine& machine) { request = machine.boot; });
        return request;
    }

private:
    std::shared_ptr<FakeMachines> machines_; ///< shared by the interfaces of this hardware type
};

class FakeBootMode final : public BootModeControl {
public:
    explicit FakeBootMode(std::shared_ptr<FakeMachines> machines) : machines_(std::move(machines)) {}
    void setBootMode(const BmcAccess& bmc, model::BootMode mode, const Deadline& deadline) override
    {
        machines_->with(bmc, "boot_device_fault", deadline,
                        [&](FakeMachine& machine) { machine.boot.efi = mode == model::BootMode::Uefi; });
    }
    void setSecureBoot(const BmcAccess& bmc, bool on, const Deadline& deadline) override
    {
        machines_->with(bmc, "boot_device_fault", deadline,
                        [&](FakeMachine& machine) { machine.secureBoot = on; });
    }

private:
    std::shared_ptr<FakeMachines> machines_; ///< shared by the interfaces of this hardware type
};

class FakeBmc final : public BmcControl {
public:
    explicit FakeBmc(std::shared_ptr<FakeMachines> machines) : machines_(std::move(machines)) {}

    BmcIdentity identify(const BmcAccess& bmc, const Deadline& deadline) override
    {
        machines_->with(bmc, "identify_fault", deadline, [](const FakeMachine&) {});
        return {"bm", "simulated machine", "1.0", "2.0"};
    }
    void injectNmi(const BmcAccess& bmc, const Deadline& deadline) override
    {
        machines_->with(bmc, "power_fault", deadline, [](const FakeMachine&) {});
    }
    void resetBmc(const BmcAccess& bmc, bool /*warm*/, const Deadline& deadline) override
    {
        throwStepFault(bmc, "reset_bmc");
        machines_->with(bmc, "power_fault", deadline, [](const FakeMachine&) {});
    }
    Values learned(const BmcAccess& /*bmc*/) const override { return {}; }
    std::optional<BmcWeakness> weakness(const BmcAccess& /*bmc*/) const override { return std::nullopt; }

private:
    std::shared_ptr<FakeMachines> machines_; ///< shared by the interfaces of this hardware type
};

/// A job that lasts fake_step_delay, unless fake_step_fault makes it fail.
BmcJob jobOf(const BmcAccess& bmc, const std::string& step, milliseconds age)
{
    throwStepFault(bmc, step);
    constexpr milliseconds kPoll{250};
    const milliseconds left = stepDelay(bmc) - age;
    return {.id = step, .done = left <= milliseconds{0}, .checkAgain = std::min(left, kPoll), .age = age};
}

class FakeBios final : public BiosSettings {
public:
    explicit FakeBios(std::shared_ptr<FakeMachines> machines) : machines_(std::move(machines)) {}

    Values read(const BmcAccess& bmc, const Deadline& deadline) override
    {
        Values settings;
        machines_->with(bmc, "power_fault", deadline,
                        [&](const FakeMachine& machine) { settings = machine.bios; });
        return settings;
    }
    BmcJob apply(const BmcAccess& bmc, const Values& settings, const Deadline& deadline) override
    {
        BmcJob job = jobOf(bmc, "bios_apply_configuration", milliseconds{0});
        machines_->with(bmc, "power_fault", deadline, [&](FakeMachine& machine) {
            for (const auto& [name, value] : settings)
                machine.bios[name] = value;
        });
        return job;
    }
    BmcJob reset(const BmcAccess& bmc, const Deadline& deadline) override
    {
        BmcJob job = jobOf(bmc, "bios_factory_reset", milliseconds{0});
        machines_->with(bmc, "power_fault", deadline, [&](FakeMachine& machine) { machine.bios.clear(); });
        return job;
    }
    BmcJob check(const BmcAccess& bmc, const BmcJob& job, const Deadline& /*deadline*/) override
    {
        return jobOf(bmc, job.id, job.age);
    }

private:
    std::shared_ptr<FakeMachines> machines_; ///< shared by the interfaces of this hardware type
};

class FakeFirmware final : public FirmwareUpdates {
public:
    BmcJob update(const BmcAccess& bmc, const std::vector<FirmwareImage>& /*images*/,
                  const Deadline& /*deadline*/) override
    {
        return jobOf(bmc, "firmware_update", milliseconds{0});
    }
    BmcJob check(const BmcAccess& bmc, const BmcJob& job, const Deadline& /*deadline*/) override
    {
        return jobOf(bmc, job.id, job.age);
    }
};

class FakeMedia final : public VirtualMedia {
public:
    explicit FakeMedia(std::shared_ptr<FakeMachines> machines) : machines_(std::move(machines)) {}

    std::vector<Medium> list(const BmcAccess& bmc, const Deadline& deadline) override
    {
        std::vector<Medium> media;
        machines_->with(bmc, "power_fault", deadline,
                        [&](const FakeMachine& machine) { media = machine.media; });
        return media;
    }
    void insert(const BmcAccess& bmc, const Medium& medium, const Deadline& deadline) override
    {
        machines_->with(bmc, "power_fault", deadline, [&](FakeMachine& machine) {
            std::erase_if(machine.media,
                          [&](const Medium& one) { return one.deviceType == medium.deviceType; });
            machine.media.insert(machine.media.begin(), medium);
        });
    }
    void eject(const BmcAccess& bmc, const std::vector<std::string>& deviceTypes,
               const Deadline& deadline) override
    {
        machines_->with(bmc, "power_fault", deadline, [&](FakeMachine& machine) {
            std::erase_if(machine.media, [&](const Medium& one) {
                return std::ranges::find(deviceTypes, one.deviceType) != deviceTypes.end();
            });
        });
    }

private:
    std::shared_ptr<FakeMachines> machines_; ///< shared by the interfaces of this hardware type
};

class FakeIndicators final : public Indicators {
public:
    explicit FakeIndicators(std::shared_ptr<FakeMachines> machines) : machines_(std::move(machines)) {}

    std::vector<Indicator> list(const BmcAccess& /*bmc*/, const Deadline& /*deadline*/) override
    {
        return {{"chassis", "led-0", true, {"off", "on"}},
                {"system", "led", false, {"blinking", "off", "on"}}};
    }
    std::string state(const BmcAccess& bmc, const Indicator& indicator, const Deadline& deadline) override
    {
        std::string state;
        machines_->with(bmc, "power_fault", deadline, [&](const FakeMachine& machine) {
            state = valueOr(machine.lights, indicator.name, "off");
        });
        return state;
    }
    void setState(const BmcAccess& bmc, const Indicator& indicator, const std::string& state,
                  const Deadline& deadline) override
    {
        machines_->with(bmc, "power_fault", deadline,
                        [&](FakeMachine& machine) { machine.lights[indicator.name] = state; });
    }

private:
    std::shared_ptr<FakeMachines> machines_; ///< shared by the interfaces of this hardware type
};

class FakeConsole final : public Console {
public:
    explicit FakeConsole(std::shared_ptr<FakeMachines> machines) : machines_(std::move(machines)) {}
    void enable(const BmcAccess& bmc, bool on, const Deadline& deadline) override
    {
        machines_->with(bmc, "power_fault", deadline, [&](FakeMachine& machine) { machine.console = on; });
    }

private:
    std::shared_ptr<FakeMachines> machines_; ///< shared by the interfaces of this hardware type
};

/// Ironic's fake vendor methods, which compare "bar" with a word.
class FakeVendor final : public VendorMethods {
public:
    std::span<const VendorMethod> methods() const override { return methods_; }
    VendorOutcome call(const BmcAccess& /*bmc*/, std::string_view method, const Values& arguments,
                       const Deadline& /*deadline*/) override
    {
        const std::string bar = valueOr(arguments, "bar", "");
        if (bar.empty())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("Parameter 'bar' not passed to method '{}'.", method));
        return {.json = bar == "meow" ? "true" : "false"};
    }

private:
    const std::array<VendorMethod, 3> methods_{{
        {"fourth_method_shared_lock", true, false, "Test if the value of bar is woof", {{"bar"}}},
        {"second_method", true, true, "Test if the value of bar is kazoo", {{"bar"}}},
        {"third_method_sync", false, true, "Test if the value of bar is meow", {{"bar"}}},
    }};
};

} // namespace

Slots fakeManagement(const std::shared_ptr<FakeMachines>& machines)
{
    return {.boot = std::make_shared<FakeBoot>(machines),
            .bootMode = std::make_shared<FakeBootMode>(machines),
            .bmc = std::make_shared<FakeBmc>(machines),
            .media = std::make_shared<FakeMedia>(machines),
            .indicators = std::make_shared<FakeIndicators>(machines)};
}

Slots fakeBios(const std::shared_ptr<FakeMachines>& machines)
{
    return {.bios = std::make_shared<FakeBios>(machines)};
}

Slots fakeFirmware()
{
    return {.firmware = std::make_shared<FakeFirmware>()};
}

Slots fakeConsole(const std::shared_ptr<FakeMachines>& machines)
{
    return {.console = std::make_shared<FakeConsole>(machines)};
}

Slots fakeVendor()
{
    return {.vendor = std::make_shared<FakeVendor>()};
}

} // namespace bm::drivers
