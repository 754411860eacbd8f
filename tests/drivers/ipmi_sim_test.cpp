// ipmitool against ipmi_sim, an independent BMC simulator.
#include "drivers/ipmi/ipmi.h"
#include "tests/drivers/error_of.h"
#include "tests/drivers/ipmi_simulator.h"
#include "tests/drivers/power_driver_contract.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace bm;
using drivers::BmcAccess;
using model::Deadline;
using model::ErrorCode;
using model::PowerAction;

namespace {

struct Fixture {
    test::IpmiSimulator simulator{};
    platform::TemporaryFolder runFolder{"bm-drivers"};
    std::unique_ptr<platform::Exec> exec = platform::makeExec();
    drivers::HardwareType ipmi = drivers::makeIpmi(*exec, settings());
    BmcAccess bmc = ipmi.accessTo({"",
                                   {{"ipmi_address", "127.0.0.1"},
                                    {"ipmi_port", std::to_string(simulator.port())},
                                    {"ipmi_username", "ADMIN"},
                                    {"ipmi_password", "sim-password"}}});

    drivers::IpmiSettings settings() const
    {
        drivers::IpmiSettings made;
        made.minInterval = 20ms;
        made.runFolder = runFolder.path();
        made.outgoing =
            std::make_shared<platform::OutgoingPolicy>(platform::OutgoingSettings{.bmcOnLoopback = true});
        return made;
    }
};

} // namespace

TEST_CASE("ipmitool and ipmi_sim", "[drivers][peer][ipmi_sim]")
{
    Fixture f;
    SECTION("keep the power driver's contract and fall back to cipher suite 3")
    {
        CHECK(f.ipmi.standard("management").bmc->learned(f.bmc).empty());
        test::powerDriverContract(*f.ipmi.standard("power").power, f.bmc);
        CHECK(f.ipmi.standard("management").bmc->learned(f.bmc) ==
              drivers::Values{{"ipmi_cipher_suite", "3"}, {"ipmi_learned_from", f.bmc.key}});
        CHECK_THAT(f.simulator.calls(), Catch::Contains("set power 1") && Catch::Contains("set shutdown 1"));
    }
    SECTION("set the boot device")
    {
        f.ipmi.standard("management")
            .boot->setBootDevice(f.bmc, {model::BootDevice::Pxe, true, true}, Deadline::in(30s));
        f.ipmi.standard("management")
            .boot->setBootDevice(f.bmc, {model::BootDevice::Disk, false, false}, Deadline::in(30s));
        CHECK(f.simulator.calls() ==
              "set boot pxe\nset boot default\n"); // the simulator's name of the disk is "default"
        const auto boot = f.ipmi.standard("management").boot->bootDevice(f.bmc, Deadline::in(30s));
        CHECK((!boot || boot->device == model::BootDevice::Disk)); // the simulator always answers "default"
    }
    SECTION("identify the BMC with its vendor's name")
    {
        const drivers::BmcIdentity identity =
            f.ipmi.standard("management").bmc->identify(f.bmc, Deadline::in(30s));
        CHECK(identity.manufacturer == "MontaVista Software, Inc.");
        CHECK(identity.product == "3842 (0x0f02)");
        CHECK(identity.firmware == "9.08");
        CHECK(identity.ipmiVersion == "2.0");
    }
    SECTION("refuse a wrong password once; then the BMC rests until the password changes")
    {
        BmcAccess wrong = f.bmc;
        wrong.password = "not-it";
        const auto on = [&](const BmcAccess& bmc) {
            f.ipmi.standard("power").power->setPower(bmc, PowerAction::On, Deadline::in(30s));
        };
        const model::Error first = test::errorOf([&] { on(wrong); });
        CHECK(first.code() == ErrorCode::BmcAuthFailed);
        CHECK_THAT(first.hint(), Catch::Contains("ipmi_password"));
        CHECK(test::errorOf([&] { on(wrong); }).code() == ErrorCode::BmcResting);
        CHECK_NOTHROW(on(f.bmc));
    }
    SECTION("refuse an unknown user")
    {
        f.bmc.user = "nobody";
        const auto readings =
            f.ipmi.standard("power").power->readPower(std::span(&f.bmc, 1), Deadline::in(30s));
        REQUIRE(readings.at(0).failure);
        CHECK(readings.at(0).failure->code() == ErrorCode::BmcAuthFailed);
    }
    SECTION("never fall back from a configured cipher suite")
    {
        f.bmc.cipherSuite = 17;
        const model::Error error =
            test::errorOf([&] { f.ipmi.standard("management").bmc->identify(f.bmc, Deadline::in(30s)); });
        CHECK(error.code() == ErrorCode::BmcUnsupported);
        CHECK_THAT(error.hint(), Catch::Contains("ipmi_cipher_suite"));
    }
    CHECK(std::filesystem::is_empty(f.runFolder.path() / "ipmi-secrets")); // no password file remains
}
