#include "api/access/authentication.h"
#include "api/access/tokens_file.h"
#include "api/access/users_file.h"
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
    write(users, "# operators\n\n" + api::userLine("admin", "hunter2") + "\n");
    api::Authentication auth({.usersFile = users, .failuresAllowed = 3});
    ApiWorld world({}, auth.filter());
    const auto nodes = [&](const ApiWorld::Headers& headers) {
        return world.ask("GET", "/v1/nodes", "", "1.82", headers);
    };

    SECTION("refuses missing and wrong credentials and names the scheme")
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
    SECTION("opens no password window over a page")
    {
        CHECK(nodes({{"Sec-Fetch-Mode", "navigate"}}).headers.count("www-authenticate") == 1);
        for (const ApiWorld::Headers& login :
             {ApiWorld::Headers{}, kWrong, ApiWorld::Headers{{"X-Auth-Token", "x"}}}) {
            ApiWorld::Headers headers = login;
            headers.emplace_back("Sec-Fetch-Mode", "cors");
            const Answer answer = nodes(headers);
            CHECK(answer.status == 401);
            CHECK(answer.headers.count("www-authenticate") == 0);
        }
    }
    SECTION("accepts the right password and records the actor")
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
    SECTION("a flood without a login leaves a share of the audit log, and one record that counts the rest")
    {
        constexpr int kRequests = 300;
        for (int i = 0; i < kRequests; ++i)
            CHECK(world.ask("POST", "/v1/nodes", "{}", "1.82", {}).status == 401);
        const auto records = [&] {
            return world.ask("GET", "/v1/audit?after=0", "", "1.82", kRight).body.at("audit");
        };
        const json before = records();
        CHECK(before.size() <= 20);
        REQUIRE_FALSE(before.empty());
        CHECK(before.at(0).at("actor") == "(unknown)");
        world.world.core->records.runOnce();
        const json after = records();
        REQUIRE(after.size() == before.size() + 1);
        CHECK(after.back().at("action") == "requests");
        CHECK_THAT(after.back().at("detail").get<std::string>(),
                   Contains(std::to_string(kRequests - static_cast<int>(before.size())) + " more") &&
                       Contains("127.0.0.1"));
        // A user's requests are recorded, however many strangers ask.
        CHECK(world.ask("POST", "/v1/nodes", R"({"driver": "fake-hardware", "name": "n"})", "1.82", kRight)
                  .status == 201);
        CHECK(records().back().at("actor") == "admin");
    }
    SECTION("refuses a guessing client, except for a remembered password")
    {
        CHECK(nodes(kRight).status == 200);
        for (int i = 0; i < 3; ++i)
            CHECK(nodes(kWrong).status == 401);
        const Answer guesser = nodes(kWrong);
        CHECK(guesser.status == 503);
        CHECK_THAT(guesser.fault(), Contains("too many failed logins"));
        CHECK(nodes(kRight).status == 200);
    }
    SECTION("reads a changed file at once and ignores an invalid one")
    {
        CHECK(nodes(kRight).status == 200);
        write(users, api::userLine("admin", "wrong") + "\n");
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

TEST_CASE("the users file is parsed", "[api][auth]")
{
    const platform::TemporaryFolder folder("bm-users");
    const std::filesystem::path users = folder.path() / "users";
    CHECK_THROWS_WITH(api::Authentication({.usersFile = users}), Contains("no such users file"));
    write(users, "# fine\nadmin:plain\n");
    CHECK_THROWS_WITH(api::Authentication({.usersFile = users}),
                      Contains("users:2: expected name:$argon2id$"));
    CHECK_THROWS_AS(api::userLine("a:b", "x"), model::Error);
    CHECK_THROWS_AS(api::userLine("a", ""), model::Error);
    CHECK_THAT(api::userLine("a", "secret"), Contains("a:$argon2id$") && !Contains("secret"));
    CHECK_THAT(api::userLine("a", "secret", {model::Role::Member, "web"}), Contains(":member:web"));
    CHECK_THROWS_WITH(api::userLine("a", "secret", {model::Role::Member, "a b"}), Contains("project"));
    const std::string hash = api::userLine("old", "secret");
    const api::Users known = api::usersFromText(
        hash.substr(0, hash.rfind(':')) + "\n" + api::userLine("bob", "x", {model::Role::Reader, ""}) + "\n",
        "users");
    CHECK(known.at("old").grant.role == model::Role::Admin); // the format without roles
    CHECK(known.at("bob").grant.role == model::Role::Reader);
    CHECK_THROWS_WITH(api::usersFromText(hash + "\nbob:$argon2id$x:king\n", "users"),
                      Contains("users:2: ") && Contains("\"king\" is not a role"));
}

TEST_CASE("bearer tokens", "[api][auth]")
{
    const platform::TemporaryFolder folder("bm-tokens");
    const std::filesystem::path users = folder.path() / "users";
    const std::filesystem::path tokens = folder.path() / "tokens";
    write(users, api::userLine("admin", "hunter2") + "\n");
    api::Authentication auth({.usersFile = users, .tokensFile = tokens});
    ApiWorld world({}, auth.filter());
    const auto asks = [&](const std::string& method, const std::string& path, const std::string& header,
                          const std::string& value) {
        return world.ask(method, path, "{}", "1.82", {{header, value}});
    };
    const api::NewToken reader = api::makeToken("ci", {model::Role::Reader, ""}, {});
    const api::NewToken old =
        api::makeToken("old", {model::Role::Admin, ""}, model::SystemClock{}.now() - std::chrono::hours{1});
    const auto store = [&](const std::string& lines, int seconds) {
        write(tokens, lines);
        std::filesystem::last_write_time(tokens, std::filesystem::file_time_type::clock::now() +
                                                     std::chrono::seconds{seconds});
    };

    CHECK(asks("GET", "/v1/nodes", "X-Auth-Token", reader.text).status == 401);
    store(api::tokenLine(reader.token) + "\n" + api::tokenLine(old.token) + "\n", 1);
    CHECK(asks("GET", "/v1/nodes", "X-Auth-Token", reader.text).status == 200);
    CHECK(asks("GET", "/v1/nodes", "Authorization", "Bearer " + reader.text).status == 200);
    CHECK(asks("GET", "/v1/nodes", "authorization", "bearer " + reader.text).status == 200);
    const Answer refused = asks("POST", "/v1/nodes", "X-Auth-Token", reader.text);
    CHECK(refused.status == 403);
    CHECK(refused.body.at("hint") ==
          "ci is reader of the system; the request needs admin of the system, admin of the "
          "owner's project");
    const Answer expired = asks("GET", "/v1/nodes", "X-Auth-Token", old.text);
    CHECK(expired.status == 401);
    CHECK_THAT(expired.fault(), Contains("has expired"));
    std::string wrong = reader.text;
    wrong.back() = wrong.back() == '0' ? '1' : '0';
    for (const std::string& odd : {wrong, std::string("bm_"), std::string(4000, 'x'), std::string("")})
        CHECK(asks("GET", "/v1/nodes", "X-Auth-Token", odd).status == 401);
    store(api::tokenLine(old.token) + "\n", 2);
    CHECK(asks("GET", "/v1/nodes", "X-Auth-Token", reader.text).status == 401);
    store("nonsense\n", 3); // the previous content remains valid
    CHECK_THAT(asks("GET", "/v1/nodes", "X-Auth-Token", old.text).fault(), Contains("has expired"));
    CHECK_THROWS_WITH(api::tokensFromText("a:b\n", "tokens"), Contains("tokens:1: expected id:sha256"));
    CHECK_THROWS_AS(api::makeToken("a b", {}, {}), model::Error);
    CHECK_THAT(api::tokenLine(reader.token), !Contains(reader.text.substr(20)));
}
