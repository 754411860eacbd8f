#include "cli/client/client.h"
#include "cli/client/context_file.h"
#include "common/model/error.h"
#include "common/platform/files.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <sys/stat.h>

using namespace bm;
using namespace bm::cli;

namespace {

/// The environment of bm for the duration of a test: its own folder, no variables of the developer.
struct Environment {
    Environment()
    {
        for (const char* name :
             {"BM_ENDPOINT", "BM_USERNAME", "BM_PASSWORD_FILE", "BM_CA_FILE", "BM_CONTEXT"})
            ::unsetenv(name);
        ::setenv("BM_CLIENT_CONFIG", (folder.path() / "bm/client.yaml").c_str(), 1);
    }
    ~Environment()
    {
        ::unsetenv("BM_CLIENT_CONFIG");
        ::unsetenv("BM_CONTEXT");
        ::unsetenv("BM_ENDPOINT");
    }
    platform::TemporaryFolder folder{"bm-contexts"};
};

} // namespace

TEST_CASE("only the owner can read the contexts file", "[cli][context]")
{
    const Environment environment;
    CHECK(readContexts(contextsFile()).known.empty());
    Contexts contexts;
    contexts.current = "lab";
    contexts.known["lab"] = {"https://lab:6385", "admin", "/root/lab \"x\".password", ""};
    contexts.known["site: 2"] = {"https://site:6385", "", "", "/ca.pem"};
    writeContexts(contextsFile(), contexts);
    struct stat info {};
    REQUIRE(::stat(contextsFile().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0600);
    REQUIRE(::stat(contextsFile().parent_path().c_str(), &info) == 0);
    CHECK((info.st_mode & 0777U) == 0700);
    const Contexts read = readContexts(contextsFile());
    CHECK(read.current == "lab");
    CHECK(read.known.at("lab").passwordFile == "/root/lab \"x\".password");
    CHECK(read.known.at("site: 2").caFile == "/ca.pem");
    platform::writeFileAtomically(contextsFile(), "contexts: [\n", 0600);
    CHECK_THROWS_WITH(readContexts(contextsFile()), Catch::Contains("contexts.yaml:"));
}

TEST_CASE("options, environment and contexts resolve to one server", "[cli][context]")
{
    const Environment environment;
    Contexts contexts;
    contexts.known["lab"] = {"https://lab:6385/", "admin", "/lab.password", ""};
    contexts.known["site"] = {"https://site:6385", "", "", ""};
    writeContexts(contextsFile(), contexts);
    platform::writeFileAtomically(
        environment.folder.path() / "bm/client.yaml",
        "endpoint: http://client:6385\nusername: me\npassword_file: /me.password\n");
    CHECK(resolveEndpoint("").url == "http://client:6385");
    SECTION("a context inherits no password from client.yaml")
    {
        CHECK(resolveEndpoint("", "site").username.empty());
        CHECK(resolveEndpoint("", "site").passwordFile.empty());
        CHECK(resolveEndpoint("", "lab").url == "https://lab:6385");
    }
    SECTION("--context beats BM_CONTEXT, which beats the current context")
    {
        contexts.current = "site";
        writeContexts(contextsFile(), contexts);
        CHECK(resolveEndpoint("").url == "https://site:6385");
        ::setenv("BM_CONTEXT", "lab", 1);
        CHECK(resolveEndpoint("").username == "admin");
        ::setenv("BM_ENDPOINT", "http://env:1", 1);
        CHECK(resolveEndpoint("").url == "http://env:1");
        CHECK(resolveEndpoint("", "site").url == "https://site:6385");
        CHECK(resolveEndpoint("http://given:2", "site").url == "http://given:2");
    }
    SECTION("an unknown context is refused")
    {
        CHECK_THROWS_WITH(resolveEndpoint("", "nowhere"), Catch::Contains("nowhere"));
    }
}

TEST_CASE("a second YAML document in a file of the client is refused with its place", "[cli][context]")
{
    const Environment environment;
    const std::string file = (environment.folder.path() / "bm/client.yaml").string();
    std::filesystem::create_directory(environment.folder.path() / "bm");
    platform::writeFileAtomically(file, "---\nendpoint: http://one:1\n---\n", 0600);
    CHECK(resolveEndpoint("", "").url == "http://one:1");
    platform::writeFileAtomically(file, "endpoint: http://one:1\n---\nendpoint: http://two:1\n", 0600);
    CHECK_THROWS_WITH(resolveEndpoint("", ""), Catch::Contains(file + ":3: a second YAML document"));
    platform::writeFileAtomically(contextsFile(), "current: a\n---\ncurrent: b\n", 0600);
    CHECK_THROWS_WITH(readContexts(contextsFile()), Catch::Contains(":3: a second YAML document"));
}
