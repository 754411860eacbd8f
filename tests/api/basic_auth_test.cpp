#include "api/basic_auth.h"
#include "common/model/error.h"
#include "tests/api/api_world.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace bm;
using Catch::Matchers::Contains;
using nlohmann::json;
using test::Answer;
using test::ApiWorld;

namespace {

// printf 'admin:hunter2' | base64, and so on
const ApiWorld::Headers kRight{{"Authorization", "Basic YWRtaW46aHVudGVyMg=="}};
const ApiWorld::Headers kWrong{{"Authorization", "Basic YWRtaW46d3Jvbmc="}};
const ApiWorld::Headers kNobody{{"Authorization", "Basic bm9ib2R5Omh1bnRlcjI="}};

void write(const std::filesystem::path& file, const std::string& text)
{
    platform::writeFileAtomically(file, text, 0600);
}

} // namespace

TEST_CASE("basic authentication of the operators' API", "[api][auth]")
{
    const platform::TemporaryFolder folder("bm-users");
    const std::filesystem::path users = folder.path() / "users";
    write(users, "# operators\n\n" + api::BasicAuth::userLine("admin", "hunter2") + "\n");
    api::BasicAuth auth({.usersFile = users, .failuresAllowed = 3});
    ApiWorld world({}, auth.filter());
    const auto nodes = [&](const ApiWorld::Headers& headers) {
        return world.ask("GET", "/v1/nodes", "", "1.82", headers);
    };

    SECTION("refuses who says nothing or something wrong, and says how to ask")
    {
        const Answer none = nodes({});
        CHECK(none.status == 401);
        CHECK(none.headers.at("www-authenticate") == "Basic realm=\"bm\"");
        CHECK(none.body.at("code") == "unauthorized");
        CHECK(none.fault() == "Authorization required");
        CHECK(nodes(kWrong).status == 401);
        CHECK(nodes(kNobody).status == 401);
        for (const std::string odd : {"Basic", "Basic ", "Basic !!!!", "Basic YWJj", "Bearer x"})
            CHECK(nodes({{"Authorization", odd}}).status == 401);
        CHECK(world.ask("GET", "/v1/nonsense", "", "1.82", {}).status == 401);
        CHECK(world.ask("POST", "/v1/nodes", "{}", "1.82", {}).status == 401);
    }
    SECTION("lets in who knows the password, and says who did what")
    {
        CHECK(nodes(kRight).status == 200);
        CHECK(world.ask("POST", "/v1/nodes", R"({"driver": "fake-hardware", "name": "n"})", "1.82", kRight)
                  .status == 201);
        CHECK(world.world.events("n").at(0).message == "by admin");
    }
    SECTION("leaves version discovery, lookup and heartbeat open")
    {
        CHECK(world.get("/", "").status == 200);
        CHECK(world.get("/v1", "").status == 200);
        CHECK(world.get("/v1/lookup?addresses=52:54:00:00:00:01").status == 404);
    }
    SECTION("refuses a client that guesses, but not a password it knows already")
    {
        CHECK(nodes(kRight).status == 200);
        for (int i = 0; i < 3; ++i)
            CHECK(nodes(kWrong).status == 401);
        const Answer guesser = nodes(kWrong);
        CHECK(guesser.status == 503);
        CHECK_THAT(guesser.fault(), Contains("too many failed logins"));
        CHECK(nodes(kRight).status == 200);
    }
    SECTION("takes up a changed file: the old password ends at once, a broken file changes nothing")
    {
        CHECK(nodes(kRight).status == 200);
        write(users, api::BasicAuth::userLine("admin", "wrong") + "\n");
        std::filesystem::last_write_time(users, std::filesystem::file_time_type::clock::now() +
                                                    std::chrono::seconds{5});
        CHECK(nodes(kRight).status == 401);
        CHECK(nodes(kWrong).status == 200);
        write(users, "nonsense\n");
        std::filesystem::last_write_time(users, std::filesystem::file_time_type::clock::now() +
                                                    std::chrono::seconds{9});
        CHECK(nodes(kWrong).status == 200);
    }
}

TEST_CASE("the users file", "[api][auth]")
{
    const platform::TemporaryFolder folder("bm-users");
    const std::filesystem::path users = folder.path() / "users";
    CHECK_THROWS_WITH(api::BasicAuth({.usersFile = users}), Contains("no such users file"));
    write(users, "# fine\nadmin:plain\n");
    CHECK_THROWS_WITH(api::BasicAuth({.usersFile = users}), Contains("users:2: expected name:$argon2id$"));
    CHECK_THROWS_AS(api::BasicAuth::userLine("a:b", "x"), model::Error);
    CHECK_THROWS_AS(api::BasicAuth::userLine("a", ""), model::Error);
    CHECK_THAT(api::BasicAuth::userLine("a", "secret"), Contains("a:$argon2id$") && !Contains("secret"));
}
