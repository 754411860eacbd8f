#include "tests/api/api_world.h"
#include "tests/drivers/http_power/http_power.h"
#include "tests/drivers/http_power/small_bmc.h"

#include <catch2/catch.hpp>

using namespace std::chrono_literals;
using namespace bm;
using nlohmann::json;

TEST_CASE("a node with a driver from a test folder", "[api][http-power]")
{
    test::ApiWorld api;
    api.world.core->context.hardware.add(test::makeHttpPower());
    test::SmallBmc machine;
    const json node = {
        {"name", "n1"},
        {"driver", "http-power"},
        {"driver_info", {{"http_power_url", machine.url()}, {"http_power_token", test::SmallBmc::kToken}}}};
    REQUIRE(api.send("POST", "/v1/nodes", node).status == 201);
    SECTION("is verified and powered on and off over REST")
    {
        CHECK(api.send("PUT", "/v1/nodes/n1/states/provision", {{"target", "manage"}}).status == 202);
        api.world.runUntilIdle();
        CHECK(api.get("/v1/nodes/n1").body.at("provision_state") == "manageable");
        CHECK(api.send("PUT", "/v1/nodes/n1/states/power", {{"target", "power on"}}).status == 202);
        api.world.runUntilIdle();
        CHECK(machine.machine().on);
        CHECK(api.get("/v1/nodes/n1").body.at("power_state") == "power on");
        CHECK(api.send("PUT", "/v1/nodes/n1/states/power", {{"target", "power off"}}).status == 202);
        api.world.runUntilIdle();
        CHECK_FALSE(machine.machine().on);
    }
    SECTION("gets a boot device, and lists the driver's devices")
    {
        CHECK(api.send("PUT", "/v1/nodes/n1/management/boot_device",
                       {{"boot_device", "pxe"}, {"persistent", false}})
                  .status == 204);
        CHECK(machine.machine().device == "pxe");
        CHECK(api.get("/v1/nodes/n1/management/boot_device/supported").body.at("supported_boot_devices") ==
              json({"pxe", "disk"}));
    }
    SECTION("refuses functions that the driver lacks")
    {
        const test::Answer nmi = api.send("PUT", "/v1/nodes/n1/management/inject_nmi", json::object());
        CHECK(nmi.status == 400);
        CHECK_THAT(nmi.fault(), Catch::Contains("Driver http-power does not support"));
        CHECK(api.get("/v1/nodes/n1/management/indicators").status == 400);
        CHECK(api.get("/v1/nodes/n1/vendor_passthru/methods").body == json::object());
    }
    SECTION("shows the driver's keys and interfaces, and masks its secret")
    {
        CHECK(api.get("/v1/drivers/http-power/properties").body.at("http_power_url") ==
              "URL of the BMC. Required.");
        CHECK(api.get("/v1/drivers/http-power").body.at("default_power_interface") == "http-power");
        const test::Answer shown = api.get("/v1/nodes/n1");
        CHECK(shown.body.at("power_interface") == "http-power");
        CHECK(shown.text.find(test::SmallBmc::kToken) == std::string::npos);
    }
}
