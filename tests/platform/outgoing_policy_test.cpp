#include "common/platform/outgoing_policy.h"

#include "common/model/error.h"
#include "common/platform/http_client.h"
#include "common/platform/network_probe.h"
#include "common/platform/special_networks.h"
#include "common/platform/urls.h"
#include "tests/http/fixture.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>

using namespace bm::platform;
using namespace std::chrono_literals;
using bm::http::Method;
using bm::http::Request;
using bm::http::Response;
using bm::model::Deadline;
using bm::model::Error;
using bm::model::ErrorCode;

namespace {

IpAddress ip(const char* text)
{
    return ipFromText(text).value();
}

std::vector<OutgoingTarget> targets(std::initializer_list<const char*> texts)
{
    std::vector<OutgoingTarget> all;
    for (const char* text : texts)
        all.push_back(parseOutgoingTarget(text));
    return all;
}

bool refuses(const OutgoingPolicy& policy, const char* address, Asker asker = Asker::System,
             const Destination& to = {"http", "host.example", 80})
{
    return policy.refusal(asker, to, ip(address)).has_value();
}

constexpr auto kNever = std::to_array<const char*>(
    {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.254", "::", "::1", "169.254.169.254", "fe80::1",
     "fe80::a9fe:a9fe", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fd20:ce::254", "224.0.0.1",
     "255.255.255.255", "ff02::1",
     // the same addresses in other forms
     "::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::169.254.169.254",
     "64:ff9b:1::127.0.0.1", "64:ff9b:1:a9fe:a9:fe00::", "64:ff9b:1:7f:0:1::", "64:ff9b:1:0:7f:0:100::",
     "2002:7f00:1::", "2002:a9fe:a9fe::1", "2001:0:7f00:1::", "2001:0:102:304:0:0:80ff:fffe"});
constexpr auto kOrdinary = std::to_array<const char*>(
    {"10.0.0.1", "172.16.0.1", "192.168.0.1", "fd00::1", "fc00::1", "192.0.2.1", "2001:db8::1",
     "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "2002:a00:1::1"});

} // namespace

TEST_CASE("addresses are parsed and shown", "[platform][outgoing]")
{
    for (const char* text : {"10.0.0.1", "fd00::1", "::1"})
        CHECK(toText(ip(text)) == text);
    CHECK(toText(ip("[fd00::1]")) == "fd00::1");
    CHECK(ip("::ffff:10.0.0.1") == ip("10.0.0.1"));
    for (const char* text : {"", "10.0.0", "10.0.0.256", "fe80::1%lo", "[10.0.0.1]", "host", "0x7f.1"})
        CHECK_FALSE(ipFromText(text));
    CHECK(networkFromText("10.0.0.0/8")->contains(ip("10.255.0.1")));
    CHECK_FALSE(networkFromText("10.0.0.0/8")->contains(ip("11.0.0.1")));
    CHECK_FALSE(networkFromText("::/0")->contains(ip("10.0.0.1")));
    CHECK(networkFromText("::ffff:10.0.0.0/104")->contains(ip("10.1.2.3")));
    CHECK(networkFromText("fd00::/8")->contains(ip("fdff::1")));
    for (const char* text : {"10.0.0.0/33", "fd00::/129", "10.0.0.0/", "10.0.0.0/-1", "x/8", "::ffff:0:0/8"})
        CHECK_FALSE(networkFromText(text));
}

TEST_CASE("every special network names its source and holds its own address", "[platform][outgoing]")
{
    for (const SpecialNetwork& row : specialNetworks()) {
        INFO(row.network);
        CHECK_FALSE(row.source.empty());
        CHECK(kindOf(networkFromText(row.network)->address) == row.kind);
    }
}

TEST_CASE("an outgoing policy by default", "[platform][outgoing]")
{
    const OutgoingPolicy policy;
    for (const char* address : kNever) {
        INFO(address);
        CHECK(refuses(policy, address));
        CHECK(refuses(policy, address, Asker::Project));
    }
    for (const char* address : kOrdinary) {
        INFO(address);
        CHECK_FALSE(refuses(policy, address));
        CHECK_FALSE(refuses(policy, address, Asker::Project));
    }
}

TEST_CASE("outgoing.allow holds exceptions", "[platform][outgoing]")
{
    const OutgoingPolicy policy(
        {.allow = targets({"127.0.0.1:9000", "[fd00:ec2::254]", "mirror.example:8080", "Proxied.example."}),
         .proxy = "http://10.0.0.9:3128"});
    const auto at = [](const char* host, std::uint16_t port) { return Destination{"http", host, port}; };
    CHECK_FALSE(refuses(policy, "127.0.0.1", Asker::Project, at("x", 9000)));
    CHECK_FALSE(refuses(policy, "::ffff:127.0.0.1", Asker::Project, at("x", 9000)));
    CHECK_FALSE(refuses(policy, "64:ff9b::7f00:1", Asker::Project, at("x", 9000)));
    CHECK(refuses(policy, "127.0.0.1", Asker::System, at("x", 9001)));
    CHECK(refuses(policy, "127.0.0.2", Asker::System, at("x", 9000)));
    CHECK_FALSE(refuses(policy, "fd00:ec2::254"));
    CHECK_FALSE(refuses(policy, "127.0.0.7", Asker::System, at("mirror.example", 8080)));
    CHECK(refuses(policy, "127.0.0.7", Asker::System, at("mirror.example", 80)));
    CHECK(refuses(policy, "127.0.0.7", Asker::System, at("mirror.example.evil", 8080)));

    CHECK(policy.proxyFor(at("proxied.example", 443)) == "http://10.0.0.9:3128");
    CHECK(policy.proxyFor(at("mirror.example", 80)).empty());
    CHECK(policy.proxyFor(at("127.0.0.1", 9000)).empty()); // a proxy's loopback is its own
    CHECK(policy.proxyFor(at("other.example", 80)).empty());
}

TEST_CASE("outgoing.projects_only is all that a project reaches", "[platform][outgoing]")
{
    const OutgoingPolicy policy({.projectsOnly = targets({"10.9.0.0/16", "images.example", "127.0.0.1"})});
    CHECK_FALSE(refuses(policy, "10.9.1.1", Asker::Project));
    CHECK(refuses(policy, "10.8.1.1", Asker::Project));
    CHECK_FALSE(refuses(policy, "10.8.1.1", Asker::System));
    CHECK_FALSE(refuses(policy, "192.0.2.1", Asker::Project, {"https", "images.example", 443}));
    CHECK(refuses(policy, "127.0.0.1", Asker::Project)); // the refusals hold there, too
    CHECK(policy.refusal(Asker::Project, {"http", "s3.example", 80}, ip("10.8.0.1"), true));
}

TEST_CASE("no request reaches bmd's own listeners", "[platform][outgoing]")
{
    OutgoingPolicy policy({.allow = targets({"0.0.0.0/0", "::/0", "bmd.example"}), .bmcOnLoopback = true});
    policy.addListener("127.0.0.1", 6385);
    policy.addListener("0.0.0.0", 6386);
    policy.addListener("10.77.0.1", 69);
    policy.addListener("bmd.example", 443);
    const auto at = [&](const char* address, std::uint16_t port, const char* host = "x") {
        return refuses(policy, address, Asker::System, {"http", host, port});
    };
    for (const char* own : {"127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1", "64:ff9b::7f00:1"}) {
        INFO(own);
        CHECK(at(own, 6385));
        CHECK(at(own, 6386));
        CHECK_FALSE(at(own, 6387));
        CHECK(policy.bmcRefusal(ip(own), 6385));
    }
    CHECK(at("127.0.0.5", 6386)); // every address of this machine
    CHECK(at("::1", 6386));
    CHECK(at("10.77.0.1", 69));
    CHECK_FALSE(at("10.77.0.2", 69));
    CHECK(at("192.0.2.1", 443, "bmd.example"));
    CHECK(policy.refusal(Asker::System, {"http", "x", 6385}, ip("127.0.0.1"), true)); // configured or not
}

TEST_CASE("requests to BMCs have their own rule", "[platform][outgoing]")
{
    const auto refuses = [](const OutgoingPolicy& policy, const char* address) {
        return policy.bmcRefusal(ip(address), 623).has_value();
    };
    const OutgoingPolicy open({.allow = targets({"127.0.0.0/8", "169.254.0.0/16"})}); // not for BMCs
    for (const char* address : kNever) {
        INFO(address);
        CHECK(refuses(open, address));
    }
    CHECK_FALSE(refuses(open, "10.4.0.1"));

    const OutgoingPolicy bounded({.bmcNetworks = {*networkFromText("10.4.0.0/16")}});
    CHECK_FALSE(refuses(bounded, "10.4.0.1"));
    CHECK(refuses(bounded, "10.5.0.1"));
    CHECK(refuses(bounded, "fd00::1"));
    CHECK(bounded.refusal(Asker::System, {"http", "x", 80}, ip("10.4.0.1"))); // users' requests stay out
    CHECK(bounded.refusal(Asker::System, {"http", "x", 80}, ip("64:ff9b::10.4.0.1")));

    const OutgoingPolicy all({.bmcNetworks = {*networkFromText("0.0.0.0/0")}});
    CHECK(refuses(all, "127.0.0.1"));
    CHECK(refuses(all, "169.254.1.1"));
    const OutgoingPolicy byKey({.bmcNetworks = {*networkFromText("127.0.0.1")}});
    CHECK_FALSE(refuses(byKey, "127.0.0.1"));
    CHECK(refuses(byKey, "127.0.0.2"));
    const OutgoingPolicy dev({.bmcOnLoopback = true});
    CHECK_FALSE(refuses(dev, "127.0.0.1"));
    CHECK(refuses(dev, "fe80::1"));
}

TEST_CASE("targets and destinations are parsed", "[platform][outgoing]")
{
    CHECK(parseOutgoingTarget("10.0.0.0/8:443").port == 443);
    CHECK(parseOutgoingTarget("[fd00::/8]:443").network->prefix == 8);
    CHECK(parseOutgoingTarget("fd00::1").network->prefix == 128);
    CHECK(parseOutgoingTarget("Images.Example.:80").host == "images.example");
    for (const char* text :
         {"", ":80", "host:", "host:0", "host:65536", "host:x", "10.0.0.256", "10.0.0.0/33", "-h", "a b",
          "http://host", "[fd00::1", "[fd00::1]x", "user@host", "a..b", "*.example"}) {
        INFO(text);
        CHECK_THROWS_AS(parseOutgoingTarget(text), Error);
    }
    CHECK(destinationOf("HTTPS://User:pw@Images.Example./x") == Destination{"https", "images.example", 443});
    CHECK(destinationOf("http://[FD00::1]:81/") == Destination{"http", "fd00::1", 81});
    CHECK(destinationOf("http://0x7f.1/") == Destination{"http", "127.0.0.1", 80});
    CHECK(destinationOf("nonsense url").host.empty());
    CHECK(isLoopbackUrl("http://127.0.0.1:1/"));
    CHECK(isLoopbackUrl("http://[::1]/"));
    CHECK_FALSE(isLoopbackUrl("http://127.0.0.1.evil.example/"));
}

namespace {

/// A server on loopback that counts the requests it gets; @ref hop redirects to @ref location.
struct Target : bm::test::TestServer {
    std::atomic<int> asked{0};
    std::string location{};
    std::string authorization{};
    std::string condition{};
    ~Target() { server.reset(); }
    Target()
    {
        router.add(Method::Get, "/secret", [this](Request& request, Response& response) {
            ++asked;
            authorization = request.header("Authorization").value_or("none");
            condition = request.header("If-Match").value_or("none");
            response.sendText(200, "internal");
        });
        router.add(Method::Get, "/hop", [this](Request&, Response& response) {
            response.header("Location", location);
            response.sendText(302, "over there");
        });
        start();
    }
    std::uint16_t port() const { return server->port(); }
    std::string at(const std::string& host, const std::string& path = "/secret") const
    {
        return fmt::format("http://{}:{}{}", host, port(), path);
    }
};

std::shared_ptr<const OutgoingPolicy> policyOf(OutgoingSettings settings)
{
    return std::make_shared<OutgoingPolicy>(std::move(settings));
}

Error failureOf(const HttpRequest& request)
{
    try {
        HttpClient().send(request, Deadline::in(20s));
    } catch (const Error& error) {
        return error;
    }
    FAIL("the request to " << request.url << " was sent");
    return {ErrorCode::Internal, ""};
}

HttpRequest asked(const Reach& reach, const std::string& url)
{
    HttpRequest request{reach};
    request.url = url;
    request.followRedirects = true;
    return request;
}

} // namespace

TEST_CASE("a steered request never reaches a service on loopback", "[platform][outgoing][http-client]")
{
    Target target;
    const Reach project(policyOf({}), Asker::Project);
    SECTION("by any way to write its address, nor by a name that resolves to it")
    {
        for (const char* host : {"127.0.0.1", "localhost", "LocalHost", "2130706433", "0x7f000001", "127.1",
                                 "0177.0.0.1", "0", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]"}) {
            INFO(host);
            const Error error = failureOf(asked(project, target.at(host)));
            CHECK(error.code() == ErrorCode::InvalidInput);
        }
        CHECK(target.asked == 0);
    }
    SECTION("a system member is told why, a project is not")
    {
        const std::string url = target.at("localhost");
        CHECK(failureOf(asked(project, url)).message().find("loopback") == std::string::npos);
        CHECK(failureOf(asked({policyOf({}), Asker::System}, url)).message().find("a loopback address") !=
              std::string::npos);
    }
    SECTION("not behind a redirect either")
    {
        Target first;
        const Reach reach(policyOf({.allow = targets({fmt::format("127.0.0.1:{}", first.port()).c_str()})}),
                          Asker::Project);
        for (const std::string& to :
             {target.at("127.0.0.1"), target.at("localhost"), target.at("[::ffff:127.0.0.1]")}) {
            INFO(to);
            first.location = to;
            const Error error = failureOf(asked(reach, first.at("127.0.0.1", "/hop")));
            CHECK(error.code() == ErrorCode::InvalidInput);
            CHECK(error.message().find("/hop leads to") != std::string::npos);
            CHECK(error.message().find(std::to_string(target.port())) == std::string::npos);
        }
        CHECK(target.asked == 0);
    }
    SECTION("a connection that another reach opened is not used again")
    {
        HttpClient client;
        CHECK(client.send(asked(Reach::fixed(), target.at("localhost")), Deadline::in(20s)).status == 200);
        CHECK_THROWS_AS(client.send(asked(project, target.at("localhost")), Deadline::in(20s)), Error);
        CHECK(target.asked == 1);
    }
    SECTION("nor by a probe of a port")
    {
        CHECK_THROWS_AS(probeTcp(project, "127.0.0.1", target.port(), 0, Deadline::in(5s)), Error);
        CHECK(probeTcp(Reach::fixed(), "127.0.0.1", target.port(), 0, Deadline::in(5s)).empty());
    }
    SECTION("where bmd.yaml names the destination, that alone is reached")
    {
        const Target other;
        const Reach reach = project.configuredAt(target.at("127.0.0.1", ""));
        CHECK(HttpClient().send(asked(reach, target.at("127.0.0.1")), Deadline::in(20s)).status == 200);
        CHECK(failureOf(asked(reach, other.at("127.0.0.1"))).code() == ErrorCode::InvalidInput);
        CHECK(other.asked == 0);
    }
}

TEST_CASE("redirects keep credentials at home", "[platform][outgoing][http-client]")
{
    Target first;
    Target second;
    first.location = second.at("127.0.0.1");
    HttpRequest request = asked(Reach::fixed(), first.at("127.0.0.1", "/hop"));
    request.username = "admin";
    request.password = "secret";
    request.headers = {{"X-Auth-Token", "t"}, {"If-Match", "\"v1\""}};
    CHECK(HttpClient().send(request, Deadline::in(20s)).body == "internal");
    CHECK(second.authorization == "none");
    CHECK(second.condition == "\"v1\"");
    first.location = "/secret";
    CHECK(HttpClient().send(request, Deadline::in(20s)).body == "internal");
    CHECK(first.authorization.starts_with("Basic "));
    first.location = "/hop";
    CHECK(failureOf(request).message().find("redirects more than 10 times") != std::string::npos);
    first.location = "file:///etc/passwd";
    CHECK(failureOf(request).code() == ErrorCode::InvalidInput);
}

TEST_CASE("the environment's proxies are ignored, outgoing.proxy is not", "[platform][outgoing][http-client]")
{
    Target proxy; // a proxy gets "GET http://host/secret"; the server here routes by the path
    const std::string url = fmt::format("http://127.0.0.1:{}", proxy.port());
    for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"})
        ::setenv(name, url.c_str(), 1);
    const Reach direct(policyOf({}), Asker::System);
    CHECK_THROWS_AS(HttpClient().send(asked(direct, "http://mirror.invalid/secret"), Deadline::in(20s)),
                    Error);
    CHECK_THROWS_AS(
        HttpClient().send(asked(Reach::fixed(), "http://mirror.invalid/secret"), Deadline::in(20s)), Error);
    CHECK(proxy.asked == 0);
    for (const char* name : {"http_proxy", "all_proxy", "ALL_PROXY"})
        ::unsetenv(name);
    const Reach through(policyOf({.allow = targets({"mirror.invalid"}), .proxy = url}), Asker::System);
    CHECK(HttpClient().send(asked(through, "http://mirror.invalid/secret"), Deadline::in(20s)).status == 200);
    CHECK(proxy.asked == 1);
    CHECK_THROWS_AS(HttpClient().send(asked(through, "http://other.invalid/secret"), Deadline::in(20s)),
                    Error);
    CHECK(proxy.asked == 1);
}
