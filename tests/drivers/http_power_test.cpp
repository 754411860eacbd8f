#include "tests/drivers/error_of.h"
#include "tests/drivers/http_power/http_power.h"
#include "tests/drivers/http_power/small_bmc.h"
#include "tests/drivers/power_driver_contract.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace bm;
using model::Deadline;
using model::ErrorCode;

TEST_CASE("a driver with power and boot device only", "[drivers][http-power]")
{
    test::SmallBmc machine;
    const drivers::HardwareType type = test::makeHttpPower();
    const drivers::Values info{{"http_power_url", machine.url()},
                               {"http_power_token", test::SmallBmc::kToken}};
    const drivers::BmcAccess bmc = type.accessTo({"node-1", info});
    SECTION("keeps the power driver's contract")
    {
        test::powerDriverContract(*type.standard("power").power, bmc);
    }
    SECTION("sets the boot device")
    {
        drivers::BootControl& boot = *type.standard("management").boot;
        boot.setBootDevice(bmc, {model::BootDevice::Pxe, false, false}, Deadline::in(10s));
        CHECK(machine.machine().device == "pxe");
        CHECK(boot.bootDevice(bmc, Deadline::in(10s))->device == model::BootDevice::Pxe);
    }
    SECTION("names a missing, unknown or wrong key of driver_info")
    {
        CHECK(type.findings({}) ==
              std::vector<std::string>{"http_power_url: missing; URL of the BMC. Required."});
        CHECK(type.findings({{"http_power_url", "ftp://x"}}).size() == 1);
        CHECK_THAT(type.findings({{"http_power_url", machine.url()}, {"http_power_tokn", "x"}}).at(0),
                   Catch::Contains("did you mean one of http_power_url, http_power_token?"));
    }
    SECTION("reports a refused token")
    {
        drivers::BmcAccess stranger = bmc;
        stranger.password = "guessed";
        const auto readings =
            type.standard("power").power->readPower(std::span(&stranger, 1), Deadline::in(10s));
        CHECK(readings.at(0).failure.value().code() == ErrorCode::BmcAuthFailed);
    }
}
