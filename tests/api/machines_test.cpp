#include "tests/api/api_world.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

std::string bootSecretIn(const std::string& script)
{
    const std::size_t at = script.find("bm.secret=");
    REQUIRE(at != std::string::npos);
    return script.substr(at + 10, script.find_first_of(" \n", at) - at - 10);
}

} // namespace

TEST_CASE("a machine fetches its script, looks up and executes steps", "[api][agent]")
{
    ApiWorld world;
    const std::string uuid = world.world.nodeIn(model::State::WaitCallback).id.uuid;
    const std::string mac = world.get("/v1/nodes/node-1/ports").body.at("ports").at(0).at("address");
    const Answer script = world.machine("GET", "/boot/script?mac=" + mac + "&platform=efi");
    REQUIRE(script.status == 200);
    CHECK_THAT(script.text, Contains("#!ipxe"));
    CHECK_THAT(script.text, Contains("bm.node=" + uuid));
    const ApiWorld::Headers secret{{"X-Bm-Boot-Secret", bootSecretIn(script.text)}, {"X-Bm-Nonce", "aa"}};
    const std::string lookup = "/v1/lookup?addresses=" + mac + "&node_uuid=" + uuid;

    const Answer granted = world.machine("GET", lookup, "", secret);
    REQUIRE(granted.status == 200);
    CHECK(granted.body.at("node").at("uuid") == uuid);
    for (const char* field : {"properties", "instance_info", "driver_internal_info", "driver_info", "extra"})
        CHECK_FALSE(granted.body.at("node").contains(field)); // anybody may have read the script
    const std::string token = granted.body.at("config").at("agent_token");
    const ApiWorld::Headers bearer{{"Authorization", "Bearer " + token}};
    const std::string exchange = "/v1/agent/" + uuid + "/exchange";

    SECTION("the same nonce gets the same token, another nonce none")
    {
        CHECK(world.machine("GET", lookup, "", secret).body.at("config").at("agent_token") == token);
        const Answer other = world.machine("GET", lookup, "", {secret[0], {"X-Bm-Nonce", "bb"}});
        CHECK(other.status == 403);
        CHECK(other.body.at("code") == "forbidden");
        CHECK(world.machine("GET", lookup, "", {{"X-Bm-Boot-Secret", "00"}, {"X-Bm-Nonce", "aa"}}).status ==
              403);
        CHECK(world.machine("GET", "/v1/lookup").status == 404);
        CHECK(world.machine("GET", "/v1/lookup?addresses=52:54:00:99:99:99", "", secret).status == 404);
    }
    SECTION("only the token gives access to exchange and heartbeat")
    {
        const std::string first = R"({"boot_id": "b-1", "agent_version": "0.1.0"})";
        CHECK(world.machine("POST", exchange, first).status == 401);
        CHECK(world.machine("POST", exchange, first, {{"Authorization", "Bearer 00"}}).status == 401);
        const Answer answer = world.machine("POST", exchange, first, bearer);
        CHECK(answer.status == 200);
        CHECK(answer.body.at("call_again_ms").get<int>() > 0);
        CHECK(answer.body.at("abort") == false);
        CHECK(answer.body.contains("step"));
        CHECK(world
                  .machine("POST", "/v1/heartbeat/" + uuid,
                           json{{"agent_token", token}, {"callback_url", "http://192.0.2.9"}}.dump())
                  .status == 202);
        CHECK(world.machine("POST", "/v1/heartbeat/" + uuid, R"({"agent_token": "00"})").status == 401);
        CHECK(world.machine("POST", "/v1/heartbeat/" + uuid, "{}").status == 400);
        CHECK(world.machine("GET", "/v1/images/" + std::string(64, 'a') + "/blocks", "", bearer).status ==
              404);
        CHECK(world.machine("GET", "/v1/images/..%2F..%2Fkey/blocks", "", bearer).status == 404);
    }
    SECTION("a malformed exchange is refused with the field's name")
    {
        const Answer answer = world.machine("POST", exchange, R"({"boot_id": 5})", bearer);
        CHECK(answer.status == 400);
        CHECK_THAT(answer.body.at("error_message").get<std::string>(), Contains("boot_id"));
        CHECK(world.machine("POST", exchange, "nonsense", bearer).status == 400);
    }
}

TEST_CASE("boot files over HTTP", "[api][boot]")
{
    const platform::TemporaryFolder ramdisk("bm-ramdisk");
    std::ofstream(ramdisk.path() / "vmlinuz") << std::string(100'000, 'k');
    ApiWorld world({.ramdiskFolder = ramdisk.path(), .loaderFolder = ramdisk.path()});
    SECTION("are served completely and by range")
    {
        CHECK(world.machine("GET", "/boot/vmlinuz").text.size() == 100'000);
        const Answer part = world.machine("GET", "/boot/vmlinuz", "", {{"Range", "bytes=10-19"}});
        CHECK(part.status == 206);
        CHECK(part.text.size() == 10);
    }
    SECTION("that do not exist get 404 under any name")
    {
        for (const std::string path :
             {"/boot/initrd.img", "/boot/snponly.efi", "/boot/passwd", "/boot/..%2Fvmlinuz", "/boot/%2e%2e"})
            CHECK(world.machine("GET", path).status == 404);
    }
    SECTION("an unknown machine gets a script with the reason, a wrong MAC is refused")
    {
        const Answer unknown = world.machine("GET", "/boot/script?mac=52:54:00:99:99:99");
        CHECK(unknown.status == 200);
        CHECK_THAT(unknown.text, Contains("#!ipxe"));
        CHECK(world.machine("GET", "/boot/script?mac=nonsense").status == 400);
        CHECK(world.machine("GET", "/boot/script").status == 400);
    }
    SECTION("the operators' API is not on this listener")
    {
        CHECK(world.machine("GET", "/v1/nodes").status == 404);
        CHECK(world.machine("GET", "/v1/images").status == 404);
    }
}
