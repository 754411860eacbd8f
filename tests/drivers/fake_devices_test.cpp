// The interfaces of simulated machines except power: state that survives calls, faults and delays.
#include "drivers/core/hardware_types.h"
#include "drivers/fake/fake_hardware.h"
#include "tests/drivers/error_of.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace bm;
using Catch::Matchers::Contains;
using drivers::BmcJob;
using drivers::Values;
using model::BootDevice;
using model::Deadline;
using model::ErrorCode;

namespace {

struct Simulated {
    drivers::HardwareType type = drivers::makeFakeHardware();
    drivers::BmcAccess bmc = type.accessTo({"node-1", {}});
    Deadline deadline = Deadline::in(10s);

    const drivers::Slots& of(std::string_view kind) const { return type.standard(kind); }
    template <class Call> ErrorCode failure(const Call& call) const { return test::errorOf(call).code(); }
};

} // namespace

TEST_CASE("the boot settings of a simulated machine", "[drivers][fake]")
{
    Simulated f;
    const auto boot = f.of("management").boot;
    const auto mode = f.of("management").bootMode;
    SECTION("are read back")
    {
        for (const BootDevice device : boot->supportedDevices()) {
            boot->setBootDevice(f.bmc, {device, true, false}, f.deadline);
            const auto read = boot->bootDevice(f.bmc, f.deadline);
            REQUIRE(read);
            CHECK(read->device == device);
            CHECK(read->persistent);
        }
        CHECK(boot->supportedDevices().size() == 5);
    }
    SECTION("change between UEFI and BIOS")
    {
        mode->setBootMode(f.bmc, model::BootMode::Uefi, f.deadline);
        CHECK(boot->bootDevice(f.bmc, f.deadline)->efi);
        mode->setBootMode(f.bmc, model::BootMode::Bios, f.deadline);
        CHECK_FALSE(boot->bootDevice(f.bmc, f.deadline)->efi);
    }
    SECTION("fail with fake_boot_device_fault")
    {
        f.bmc.settings["boot_device_fault"] = "bmc-unsupported:2";
        CHECK(f.failure([&] { mode->setSecureBoot(f.bmc, true, f.deadline); }) == ErrorCode::BmcUnsupported);
        CHECK(f.failure([&] { mode->setBootMode(f.bmc, model::BootMode::Uefi, f.deadline); }) ==
              ErrorCode::BmcUnsupported);
        CHECK_NOTHROW(mode->setSecureBoot(f.bmc, true, f.deadline));
        CHECK_FALSE(boot->bootDevice(f.bmc, f.deadline)->efi); // the refused call changed nothing
    }
}

TEST_CASE("the BMC of a simulated machine", "[drivers][fake]")
{
    Simulated f;
    const auto control = f.of("management").bmc;
    SECTION("accepts a reset and an NMI, and has no weakness")
    {
        CHECK_NOTHROW(control->resetBmc(f.bmc, true, f.deadline));
        CHECK_NOTHROW(control->injectNmi(f.bmc, f.deadline));
        CHECK_FALSE(control->weakness(f.bmc));
    }
    SECTION("refuses them with fake_power_fault")
    {
        f.bmc.settings["power_fault"] = "bmc-busy";
        CHECK(f.failure([&] { control->resetBmc(f.bmc, true, f.deadline); }) == ErrorCode::BmcBusy);
        CHECK(f.failure([&] { control->injectNmi(f.bmc, f.deadline); }) == ErrorCode::BmcBusy);
    }
    SECTION("refuses the step that fake_step_fault names")
    {
        f.bmc.settings["step_fault"] = "reset_bmc:bmc-busy";
        CHECK(f.failure([&] { control->resetBmc(f.bmc, true, f.deadline); }) == ErrorCode::BmcBusy);
        CHECK_NOTHROW(f.of("firmware").firmware->update(f.bmc, {}, f.deadline));
        f.bmc.settings["step_fault"] = "no-such-code";
        CHECK(f.failure([&] { control->resetBmc(f.bmc, true, f.deadline); }) == ErrorCode::BmcRejected);
    }
    SECTION("is not called after a stop, nor after the deadline")
    {
        std::stop_source stop;
        stop.request_stop();
        CHECK(f.failure([&] { control->identify(f.bmc, Deadline::in(10s, stop.get_token())); }) ==
              ErrorCode::Aborted);
        CHECK(f.failure([&] { control->identify(f.bmc, Deadline::in(-1s)); }) == ErrorCode::DeadlineExceeded);
    }
    SECTION("needs an identity and valid settings")
    {
        f.bmc.settings["power_delay"] = "soon";
        const model::Error error = test::errorOf([&] { control->identify(f.bmc, f.deadline); });
        CHECK(error.code() == ErrorCode::InvalidInput);
        CHECK_THAT(error.what(), Contains("fake_power_delay"));
        f.bmc = {};
        CHECK(f.failure([&] { control->identify(f.bmc, f.deadline); }) == ErrorCode::InvalidInput);
    }
}

TEST_CASE("the BIOS settings of a simulated machine", "[drivers][fake]")
{
    Simulated f;
    const auto bios = f.of("bios").bios;
    SECTION("are merged, and a reset removes them")
    {
        CHECK(bios->apply(f.bmc, {{"Boot", "Uefi"}, {"Turbo", "On"}}, f.deadline).done);
        CHECK(bios->apply(f.bmc, {{"Turbo", "Off"}}, f.deadline).done);
        CHECK(bios->read(f.bmc, f.deadline) == Values{{"Boot", "Uefi"}, {"Turbo", "Off"}});
        CHECK(bios->reset(f.bmc, f.deadline).done);
        CHECK(bios->read(f.bmc, f.deadline).empty());
    }
    SECTION("take fake_step_delay to apply")
    {
        f.bmc.settings["step_delay"] = "0.4";
        BmcJob job = bios->apply(f.bmc, {{"Turbo", "Off"}}, f.deadline);
        CHECK_FALSE(job.done);
        CHECK(job.checkAgain == 250ms);
        job.age = 300ms;
        CHECK_FALSE(bios->check(f.bmc, job, f.deadline).done);
        CHECK(bios->check(f.bmc, job, f.deadline).checkAgain == 100ms);
        job.age = 400ms;
        CHECK(bios->check(f.bmc, job, f.deadline).done);
    }
    SECTION("do not change when the step fails")
    {
        f.bmc.settings["step_fault"] = "bmc-rejected";
        CHECK(f.failure([&] {
            bios->apply(f.bmc, {{"Turbo", "Off"}}, f.deadline);
        }) == ErrorCode::BmcRejected);
        CHECK(f.failure([&] { bios->reset(f.bmc, f.deadline); }) == ErrorCode::BmcRejected);
        f.bmc.settings.clear();
        CHECK(bios->read(f.bmc, f.deadline).empty());
    }
    SECTION("refuse a delay that is no number")
    {
        f.bmc.settings["step_delay"] = "soon";
        const model::Error error = test::errorOf([&] { bios->apply(f.bmc, {}, f.deadline); });
        CHECK(error.code() == ErrorCode::InvalidInput);
        CHECK_THAT(error.what(), Contains("fake_step_delay"));
    }
}

TEST_CASE("a firmware update of a simulated machine may fail while it runs", "[drivers][fake]")
{
    Simulated f;
    const auto firmware = f.of("firmware").firmware;
    f.bmc.settings["step_delay"] = "1";
    BmcJob job = firmware->update(f.bmc, {{"bios", "http://127.0.0.1/bios.bin"}}, f.deadline);
    CHECK_FALSE(job.done);
    job.age = 1s;
    CHECK(firmware->check(f.bmc, job, f.deadline).done);
    f.bmc.settings["step_fault"] = "firmware_update:bmc-rejected";
    CHECK(f.failure([&] { firmware->check(f.bmc, job, f.deadline); }) == ErrorCode::BmcRejected);
}

TEST_CASE("the virtual drives of a simulated machine", "[drivers][fake]")
{
    Simulated f;
    const auto media = f.of("management").media;
    const auto urls = [&] {
        std::vector<std::string> found;
        for (const drivers::Medium& one : media->list(f.bmc, f.deadline))
            found.push_back(one.deviceType + " " + one.url);
        return found;
    };
    CHECK(urls().empty());
    media->insert(f.bmc, {"cdrom", "http://a"}, f.deadline);
    media->insert(f.bmc, {"floppy", "http://b"}, f.deadline);
    CHECK(urls() == std::vector<std::string>{"floppy http://b", "cdrom http://a"});
    media->insert(f.bmc, {"cdrom", "http://c"}, f.deadline); // replaces the drive's medium
    CHECK(urls() == std::vector<std::string>{"cdrom http://c", "floppy http://b"});
    media->eject(f.bmc, {"cdrom", "disk"}, f.deadline); // the disk's drive is empty
    CHECK(urls() == std::vector<std::string>{"floppy http://b"});
    f.bmc.settings["power_fault"] = "bmc-unreachable";
    CHECK(f.failure([&] {
        media->insert(f.bmc, {"cdrom", "http://d"}, f.deadline);
    }) == ErrorCode::BmcUnreachable);
}

TEST_CASE("the lights and the console of a simulated machine", "[drivers][fake]")
{
    Simulated f;
    const auto lights = f.of("management").indicators;
    const std::vector<drivers::Indicator> all = lights->list(f.bmc, f.deadline);
    REQUIRE(all.size() == 2);
    const drivers::Indicator& led = all[1];
    CHECK_FALSE(led.readOnly);
    CHECK(lights->state(f.bmc, led, f.deadline) == "off");
    lights->setState(f.bmc, led, "blinking", f.deadline);
    CHECK(lights->state(f.bmc, led, f.deadline) == "blinking");
    CHECK(lights->state(f.bmc, all[0], f.deadline) == "off");
    CHECK_NOTHROW(f.of("console").console->enable(f.bmc, true, f.deadline));
    f.bmc.settings["power_fault"] = "bmc-busy";
    CHECK(f.failure([&] { f.of("console").console->enable(f.bmc, false, f.deadline); }) ==
          ErrorCode::BmcBusy);
    CHECK(f.failure([&] { lights->setState(f.bmc, led, "on", f.deadline); }) == ErrorCode::BmcBusy);
}

TEST_CASE("the vendor methods of a simulated machine", "[drivers][fake][vendor]")
{
    Simulated f;
    const auto vendor = f.of("vendor").vendor;
    CHECK(vendor->methods().size() == 3);
    CHECK(vendor->call(f.bmc, "third_method_sync", {{"bar", "meow"}}, f.deadline).json == "true");
    CHECK(vendor->call(f.bmc, "third_method_sync", {{"bar", "woof"}}, f.deadline).json == "false");
    const model::Error error = test::errorOf([&] { vendor->call(f.bmc, "second_method", {}, f.deadline); });
    CHECK(error.code() == ErrorCode::InvalidInput);
    CHECK_THAT(error.what(), Contains("'bar'") && Contains("second_method"));
}

TEST_CASE("hardware types without an interface", "[drivers]")
{
    Simulated f;
    CHECK(f.type.find("power", "ipmitool") == nullptr);
    CHECK(f.failure([&] { f.of("coffee"); }) == ErrorCode::Internal);
    drivers::HardwareTypes types;
    types.add(drivers::makeFakeHardware());
    const model::Error unknown = test::errorOf([&] { types.at("redfish"); });
    CHECK(unknown.code() == ErrorCode::InvalidInput);
    CHECK_THAT(unknown.what(), Contains("redfish"));
}
