#include "tests/http/fixture.h"

#include "common/http/tls/certificates.h"
#include "common/http/tls/x509.h"
#include "common/model/error.h"
#include "common/platform/http_client.h"

#include <catch2/catch.hpp>
#include <sys/stat.h>

using namespace bm::http;
using namespace bm::test;
using namespace std::chrono_literals;
using bm::model::Deadline;
using bm::model::Error;
using bm::platform::readFile;

TEST_CASE("bmd's own certificates", "[http][certificates]")
{
    const bm::platform::TemporaryFolder folder;
    const std::vector<std::string> names = {"bm.example", "127.0.0.1", "::1"};
    const CertificateFiles files = ensureCertificates(folder.path(), names);
    const std::string ca = readFile(files.ca);
    const std::string certificate = readFile(files.certificate);

    SECTION("are made once")
    {
        ensureCertificates(folder.path(), {"127.0.0.1", "::1", "bm.example", "127.0.0.1"});
        CHECK(readFile(files.ca) == ca);
        CHECK(readFile(files.certificate) == certificate);
    }
    SECTION("are renewed, under the same CA, when the names change")
    {
        ensureCertificates(folder.path(), {"127.0.0.1"});
        CHECK(readFile(files.ca) == ca);
        CHECK(readFile(files.certificate) != certificate);
        CHECK(namesOf(certificateFromPem(readFile(files.certificate))) ==
              std::vector<std::string>{"127.0.0.1"});
    }
    SECTION("are renewed before they expire")
    {
        const Identity issuer{certificateFromPem(ca), keyFromPem(readFile(folder.path() / "ca.key"))};
        const Identity old = makeServer(issuer, sortedNames(names), std::chrono::hours{24 * 29});
        bm::platform::writeFileAtomically(files.certificate, certificateToPem(old.certificate));
        bm::platform::writeFileAtomically(files.key, keyToPem(old.key), 0600);
        ensureCertificates(folder.path(), names);
        CHECK(lastsLongerThan(certificateFromPem(readFile(files.certificate)), std::chrono::hours{24 * 300}));
    }
    SECTION("have keys that only their owner may read")
    {
        for (const char* name : {"ca.key", "server.key"}) {
            struct stat facts {};
            REQUIRE(::stat((folder.path() / name).c_str(), &facts) == 0);
            CHECK((facts.st_mode & 0777) == 0600);
        }
    }
    SECTION("refuse a broken CA rather than replace it")
    {
        bm::platform::writeFileAtomically(folder.path() / "ca.key", readFile(files.key), 0600);
        CHECK_THROWS_AS(ensureCertificates(folder.path(), names), Error);
        CHECK(readFile(files.ca) == ca);
    }
    SECTION("refuse a malformed name")
    {
        CHECK_THROWS_AS(ensureCertificates(folder.path(), {"a,b"}), Error);
    }
}

TEST_CASE("a TLS listener", "[http][tls][peer]")
{
    TestServer world;
    const CertificateFiles files = ensureCertificates(world.folder.path() / "tls", {"127.0.0.1"});
    const CertificateFiles other = ensureCertificates(world.folder.path() / "other", {"127.0.0.1"});
    world.config.certificateFile = files.certificate.string();
    world.config.keyFile = files.key.string();
    world.config.headerDeadline = 1s;
    world.config.maxThreads = 1;
    const std::filesystem::path file = world.makeFile("file", 3'000'000);
    world.router.add(Method::Get, "/hello",
                     [](Request& request, Response& response) { response.sendText(200, request.localBase); });
    world.trustEverybody();
    world.router.add(Method::Post, "/echo",
                     [](Request& request, Response& response) {
                         response.sendText(200, std::to_string(request.body().size()));
                     },
                     {.limitBytes = std::size_t{64} * 1024 * 1024});
    world.router.add(Method::Get, "/file", [file](Request&, Response& response) {
        response.sendFile(file, "application/octet-stream");
    });
    world.router.add(Method::Get, "/plain", [](Request&, Response& response) {
        response.header("Location", "http://127.0.0.1:1/hello");
        response.sendText(302, "over there");
    });
    world.start();
    const std::string pinned = files.ca.string();

    SECTION("is trusted by clients that pin its CA: curl and platform::HttpClient")
    {
        CHECK(curl({"--cacert", pinned, world.url("/hello")}).out == world.url(""));
        bm::platform::HttpRequest request{bm::platform::Reach::fixed()};
        request.url = world.url("/hello");
        request.caFile = pinned;
        CHECK(bm::platform::HttpClient().send(request, Deadline::in(10s)).status == 200);
    }
    SECTION("is not trusted by other clients")
    {
        CHECK(curl({world.url("/hello")}).code == 60);
        CHECK(curl({"--cacert", other.ca.string(), world.url("/hello")}).code == 60);
        bm::platform::HttpRequest request{bm::platform::Reach::fixed()};
        request.url = world.url("/hello");
        CHECK_THROWS_AS(bm::platform::HttpClient().send(request, Deadline::in(10s)), Error);
        request.caFile = other.ca.string();
        CHECK_THROWS_AS(bm::platform::HttpClient().send(request, Deadline::in(10s)), Error);
    }
    SECTION("leads no client of platform::HttpClient from https to http")
    {
        bm::platform::HttpRequest request{bm::platform::Reach::fixed()};
        request.url = world.url("/plain");
        request.caFile = pinned;
        request.followRedirects = true;
        try {
            bm::platform::HttpClient().send(request, Deadline::in(10s));
            FAIL("it followed the redirect");
        } catch (const Error& error) {
            CHECK(error.code() == bm::model::ErrorCode::InvalidInput);
            CHECK(error.message().find("from https to http") != std::string::npos);
        }
    }
    SECTION("takes bodies and sends files, whole and in ranges")
    {
        const std::string all = readFile(file, 3'000'000);
        CHECK((curl({"--cacert", pinned, world.url("/file")}).out == all));
        CHECK((curl({"--cacert", pinned, "-r", "77-99", world.url("/file")}).out == all.substr(77, 23)));
        CHECK(curl({"--cacert", pinned, "--data-binary", "@" + file.string(), world.url("/echo")}).out ==
              "3000000");
        CHECK(curl({"--cacert", pinned, "-o", "/dev/null", "-o", "/dev/null", "-w", "%{num_connects} ",
                    world.url("/file"), world.url("/hello")})
                  .out == "1 0 ");
    }
    SECTION("serves others while handshakes hang, and drops those at the deadline")
    {
        std::vector<RawClient> half;
        for (int i = 0; i < 30; ++i)
            half.emplace_back(world.server->port());
        half.front().send("\x16\x03\x01");
        CHECK(curl({"--cacert", pinned, world.url("/hello")}).code == 0);
        for (RawClient& client : half) {
            client.readAll();
            CHECK(client.closed());
        }
    }
    SECTION("answers no plain HTTP")
    {
        RawClient client(world.server->port());
        client.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(client.readAll().find("200 OK") == std::string::npos);
        CHECK(client.closed());
    }
    SECTION("refuses a certificate with another one's key")
    {
        ListenerConfig wrong = world.config;
        wrong.keyFile = other.key.string();
        CHECK_THROWS_AS(Server(world.router, wrong), Error);
    }
    SECTION("refuses a key that every user can read")
    {
        std::filesystem::permissions(files.key, std::filesystem::perms{0644});
        CHECK_THROWS_WITH(Server(world.router, world.config),
                          Catch::Matchers::Contains("can be read by every user (mode 0644)"));
    }
}

TEST_CASE("a TLS listener behind a proxy that sends the PROXY protocol", "[http][tls][proxy][peer]")
{
    const bm::platform::TemporaryFolder folder;
    const CertificateFiles files = ensureCertificates(folder.path(), {"127.0.0.1"});
    TestServer world;
    world.router.add(Method::Get, "/who", [](Request& request, Response& response) {
        response.sendText(200, request.peerAddress + " " + request.localBase);
    });
    world.config.certificateFile = files.certificate.string();
    world.config.keyFile = files.key.string();
    world.config.proxies = {.networks = {*bm::platform::networkFromText("127.0.0.9")}, .proxyProtocol = true};
    world.start();
    const auto call = [&](const std::string& from, std::vector<std::string> more) {
        std::vector<std::string> arguments{"--cacert", files.ca.string(), "--interface", from};
        arguments.insert(arguments.end(), more.begin(), more.end());
        arguments.push_back(world.url("/who"));
        return curl(arguments);
    };
    CHECK(call("127.0.0.9", {"--haproxy-protocol"}).out == "127.0.0.9 " + world.url(""));
    CHECK(call("127.0.0.9", {}).code != 0);
    CHECK(call("127.0.0.8", {}).out == "127.0.0.8 " + world.url(""));
    CHECK(call("127.0.0.8", {"--haproxy-protocol"}).code != 0);
}
