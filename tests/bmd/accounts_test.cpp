#include "bmd/accounts.h"
#include "bmd/first_start.h"
#include "common/platform/files.h"
#include "tests/bmd/refusal.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace bm;
using namespace bm::bmd;
using model::ErrorCode;
using test::refusalOf;
namespace fs = std::filesystem;

namespace {

struct Server {
    platform::TemporaryFolder folder{"bm-accounts"};
    Config config;

    Server()
    {
        config.paths.stateFolder = folder.path() / "state";
        config.paths.runFolder = folder.path() / "run";
        config.paths.secretKeyFile = folder.path() / "state/secrets/key";
        config.auth = AuthMode::Basic;
    }
    std::string text(const char* name) const
    {
        return platform::readFile((config.paths.stateFolder / name).string());
    }
};

} // namespace

TEST_CASE("users are lines of a file", "[bmd][accounts]")
{
    const Server server;
    setUser(server.config, "alice", "first");
    setUser(server.config, "bob", "pass", {"member", "web"});
    const std::string before = server.text("users");
    CHECK(before.find("pass") == std::string::npos);

    SECTION("a new password keeps the role and adds no line")
    {
        setUser(server.config, "bob", "other");
        const std::string after = server.text("users");
        CHECK(after != before);
        CHECK(std::count(after.begin(), after.end(), '\n') == 2);
        CHECK(after.find("member") != std::string::npos);
        CHECK(after.find("web") != std::string::npos);
    }
    SECTION("a name is not another's beginning")
    {
        setUser(server.config, "bo", "pass");
        CHECK(server.text("users").find("\nbob:") != std::string::npos);
    }
    SECTION("invalid names and passwords do not change the file")
    {
        for (const std::string& name : {std::string("a:b"), std::string(""), std::string("a b")})
            CHECK(refusalOf([&] { setUser(server.config, name, "pass"); }) == ErrorCode::InvalidInput);
        CHECK(refusalOf([&] { setUser(server.config, "carol", ""); }) == ErrorCode::InvalidInput);
        CHECK(refusalOf([&] { setUser(server.config, "carol", std::string(1025, 'x')); }) ==
              ErrorCode::InvalidInput);
        CHECK(server.text("users") == before);
    }
    SECTION("a file that bmd would refuse is not overwritten")
    {
        std::ofstream(server.config.paths.stateFolder / "users") << "no line of bm's\n";
        CHECK_THROWS_AS(setUser(server.config, "alice", "pass"), model::Error);
        CHECK(server.text("users") == "no line of bm's\n");
    }
}

TEST_CASE("tokens end by their id or their name", "[bmd][accounts]")
{
    const Server server;
    CHECK(listTokens(server.config).empty());
    const api::NewToken first = createToken(server.config, "ci", {"manager", "web"}, 30);
    const api::NewToken second = createToken(server.config, "ci", {}, 0);
    createToken(server.config, "other", {}, 1);
    CHECK(server.text("tokens").find(first.text) == std::string::npos);
    CHECK_FALSE(second.token.expiresAt);
    REQUIRE(listTokens(server.config).size() == 3);
    CHECK(listTokens(server.config).front().grant.project == "web");

    SECTION("an id ends one token, a name all tokens of that name")
    {
        CHECK(revokeTokens(server.config, first.token.id) == 1);
        createToken(server.config, "ci", {}, 0);
        CHECK(revokeTokens(server.config, "ci") == 2);
        CHECK(listTokens(server.config).size() == 1);
    }
    SECTION("an unknown one is refused")
    {
        CHECK(refusalOf([&] { revokeTokens(server.config, "ghost"); }) == ErrorCode::NotFound);
        CHECK(listTokens(server.config).size() == 3);
    }
    SECTION("a negative lifetime is refused")
    {
        CHECK(refusalOf([&] { createToken(server.config, "x", {}, -1); }) == ErrorCode::InvalidInput);
    }
}

TEST_CASE("a first start", "[bmd][first-start]")
{
    Server server;
    makeFolders(server.config);
    CHECK((fs::status(server.config.paths.stateFolder).permissions() & fs::perms::others_all) ==
          fs::perms::none);
    makeFirstUser(server.config);
    const std::string password = server.text("admin-password");

    SECTION("creates its user once")
    {
        makeFirstUser(server.config);
        CHECK(server.text("admin-password") == password);
        CHECK(server.text("users").starts_with("admin:"));
    }
    SECTION("writes client.yaml with the endpoint, and the CA if it created one")
    {
        writeClientConfig(server.config, "http://127.0.0.1:6385");
        CHECK(server.text("client.yaml").find("password_file: ") != std::string::npos);
        CHECK(server.text("client.yaml").find("ca_file") == std::string::npos);
        server.config.api.address = "192.0.2.1";
        useCertificates(server.config);
        CHECK(fs::exists(server.config.api.keyFile));
        writeClientConfig(server.config, "https://192.0.2.1:6385");
        CHECK(server.text("client.yaml").find("ca_file: ") != std::string::npos);
    }
    SECTION("creates no user without authentication")
    {
        fs::remove(server.config.paths.stateFolder / "users");
        fs::remove(server.config.paths.stateFolder / "admin-password");
        server.config.auth = AuthMode::None;
        makeFirstUser(server.config);
        CHECK_FALSE(fs::exists(server.config.paths.stateFolder / "users"));
        writeClientConfig(server.config, "http://127.0.0.1:6385");
        CHECK(server.text("client.yaml").find("username") == std::string::npos);
    }
    SECTION("reports a folder that it cannot create")
    {
        std::ofstream(server.folder.path() / "file") << "x";
        server.config.paths.stateFolder = server.folder.path() / "file/state";
        CHECK(refusalOf([&] { makeFolders(server.config); }) == ErrorCode::Internal);
    }
}
