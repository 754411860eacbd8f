#include "tests/api/api_world.h"
#include "tests/wire/samples.h"

#include <catch2/catch.hpp>

using namespace bm;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

TEST_CASE("the API lists its versions and resources", "[api][discovery]")
{
    ApiWorld world;
    SECTION("the root names one version, as Ironic does")
    {
        const Answer root = world.get("/", "");
        CHECK(root.status == 200);
        const json recorded = test::sample("root.json");
        CHECK(test::keysOf(root.body) == test::keysOf(recorded));
        CHECK(root.body.at("versions").at(0).at("version") == "1.115");
        CHECK(root.body.at("default_version").at("links").at(0).at("href") == world.base() + "/v1/");
    }
    SECTION("/v1 lists bm's resources, by version")
    {
        CHECK(world.get("/v1", "").body.contains("lookup") == false);
        CHECK(world.get("/v1/", "latest").body.contains("lookup"));
        CHECK(world.get("/v1").body.at("nodes").at(0).at("href") == world.base() + "/v1/nodes/");
    }
    SECTION("answers carry minimum, maximum and the version used")
    {
        const Answer old = world.get("/v1/nodes", "");
        CHECK(old.headers.at("x-openstack-ironic-api-version") == "1.1");
        CHECK(old.headers.at("x-openstack-ironic-api-minimum-version") == "1.1");
        CHECK(old.headers.at("x-openstack-ironic-api-maximum-version") == "1.115");
        CHECK(world.get("/v1/nodes", "latest").headers.at("x-openstack-ironic-api-version") == "1.115");
    }
    SECTION("an unsupported version gets 406, without the version used")
    {
        const Answer answer = world.get("/v1/nodes", "1.999");
        CHECK(answer.status == 406);
        CHECK(answer.headers.contains("x-openstack-ironic-api-maximum-version"));
        CHECK_FALSE(answer.headers.contains("x-openstack-ironic-api-version"));
        const json recorded = test::sample("error_406_version_too_new.json");
        auto words = recorded.at("error_message").get<std::string>(); // Ironic 21.4 goes to 1.82
        words.replace(words.find("1.82"), 4, "1.115");
        CHECK(answer.body.at("error_message").get<std::string>() == words);
        CHECK(answer.body.at("code") == "not-acceptable");
    }
    SECTION("unknown paths and methods")
    {
        const Answer path = world.get("/v1/nonsense");
        CHECK(path.status == 404);
        CHECK(json::parse(path.body.at("error_message").get<std::string>()).at("title") == "Not Found");
        const Answer method = world.ask("PUT", "/v1/nodes", "{}");
        CHECK(method.status == 405);
        CHECK(json::parse(method.body.at("error_message").get<std::string>()).at("code") == 405);
        CHECK(world.get("/v1/nodes/x/traits", "1.36").status == 406);
    }
    SECTION("drivers")
    {
        CHECK(test::keysOf(world.get("/v1/drivers", "").body.at("drivers").at(0)) ==
              test::keysOf(json(test::sample("drivers_v1.1.json")).at("drivers").at(0)));
        CHECK(test::keysOf(world.get("/v1/drivers").body.at("drivers").at(0)) ==
              test::keysOf(json(test::sample("drivers.json")).at("drivers").at(0)));
        CHECK(test::keysOf(world.get("/v1/drivers/fake-hardware").body) ==
              test::keysOf(json(test::sample("driver_fake-hardware.json"))));
        CHECK(world.get("/v1/drivers/ipmi/properties").body.contains("ipmi_address"));
        CHECK(world.get("/v1/drivers/nonsense").status == 404);
    }
}
