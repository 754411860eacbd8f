#include "drivers/fake/fake_hardware.h"
#include "tests/drivers/error_of.h"
#include "tests/drivers/power_driver_contract.h"

#include <thread>

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace bm;
using drivers::BmcAccess;
using model::Deadline;
using model::ErrorCode;
using model::PowerAction;
using model::PowerState;

namespace {

struct Fixture {
    drivers::HardwareType fake = drivers::makeFakeHardware();
    BmcAccess bmc = fake.accessTo({"node-1", {}});

    void set(PowerAction action) { fake.standard("power").power->setPower(bmc, action, Deadline::in(10s)); }
    drivers::PowerReading read()
    {
        return fake.standard("power").power->readPower(std::span(&bmc, 1), Deadline::in(10s)).at(0);
    }
};

} // namespace

TEST_CASE("a simulated machine", "[drivers][fake]")
{
    Fixture f;
    SECTION("keeps the power driver's contract, at once and with a delay")
    {
        CHECK(f.fake.simulated);
        CHECK_FALSE(f.fake.needsBootPort);
        CHECK_FALSE(f.fake.hasFiles);
        test::powerDriverContract(*f.fake.standard("power").power, f.bmc);
        f.bmc.settings["power_delay"] = "0.02,0.05";
        test::powerDriverContract(*f.fake.standard("power").power, f.bmc);
    }
    SECTION("has no power state until it is switched, and is independent of other machines")
    {
        CHECK(f.read().state == PowerState::Unknown);
        CHECK_FALSE(f.read().failure);
        f.set(PowerAction::On);
        BmcAccess other = f.bmc;
        other.key = "node-2";
        CHECK(
            f.fake.standard("power").power->readPower(std::span(&other, 1), Deadline::in(10s)).at(0).state ==
            PowerState::Unknown);
        CHECK(f.read().state == PowerState::On);
    }
    SECTION("changes its power only after the delay")
    {
        f.set(PowerAction::Off);
        f.bmc.settings["power_delay"] = "0.2";
        const auto began = std::chrono::steady_clock::now();
        f.set(PowerAction::On);
        CHECK(f.read().state == PowerState::Off);
        CHECK(test::powerBecomes(*f.fake.standard("power").power, f.bmc, PowerState::On));
        CHECK(std::chrono::steady_clock::now() - began >= 200ms);
    }
    SECTION("cannot be reset while it is off")
    {
        CHECK(test::errorOf([&] { f.set(PowerAction::Reset); }).code() == ErrorCode::BmcRejected);
    }
    SECTION("fails for the configured number of calls, and again after a change of the setting")
    {
        f.bmc.settings["power_fault"] = "bmc-busy:2";
        CHECK(test::errorOf([&] { f.set(PowerAction::On); }).code() == ErrorCode::BmcBusy);
        CHECK(f.read().failure.value().code() == ErrorCode::BmcBusy);
        CHECK_NOTHROW(f.set(PowerAction::On));
        f.bmc.settings["power_fault"] = "bmc-unreachable:1";
        CHECK(f.read().failure.value().code() == ErrorCode::BmcUnreachable);
        CHECK(f.read().state == PowerState::On);
    }
    SECTION("fails permanently, separately for each interface")
    {
        f.bmc.settings["boot_device_fault"] = "bmc-unsupported";
        f.bmc.settings["identify_fault"] = "bmc-auth-failed";
        for (int round = 0; round < 3; ++round) {
            CHECK(test::errorOf([&] {
                      f.fake.standard("management").boot->setBootDevice(f.bmc, {}, Deadline::in(10s));
                  }).code() == ErrorCode::BmcUnsupported);
            CHECK(test::errorOf([&] {
                      f.fake.standard("management").bmc->identify(f.bmc, Deadline::in(10s));
                  }).code() == ErrorCode::BmcAuthFailed);
            CHECK_NOTHROW(f.set(PowerAction::On));
        }
    }
    SECTION("identifies itself")
    {
        CHECK(f.fake.standard("management").bmc->identify(f.bmc, Deadline::in(10s)).product ==
              "simulated machine");
        CHECK_NOTHROW(f.fake.standard("management").boot->setBootDevice(f.bmc, {}, Deadline::in(10s)));
        CHECK(f.fake.standard("management").bmc->learned(f.bmc).empty());
    }
    SECTION("may be used by many threads at once")
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 8; ++thread)
            threads.emplace_back([&f, thread] {
                BmcAccess mine = f.bmc;
                mine.key = "node-" + std::to_string(thread % 3);
                for (int round = 0; round < 100; ++round) {
                    f.fake.standard("power").power->setPower(mine, PowerAction::On, Deadline::in(10s));
                    f.fake.standard("power").power->readPower(std::span(&mine, 1), Deadline::in(10s));
                }
            });
        threads.clear();
        CHECK(test::powerBecomes(*f.fake.standard("power").power, f.bmc, PowerState::On));
    }
}
