// The finish observer's view of a request, and request ids.
#include "tests/http/fixture.h"

#include "common/model/error.h"
#include "common/platform/log.h"

#include <catch2/catch.hpp>

using namespace bm::http;
using namespace bm::test;
using bm::model::Error;
using bm::model::ErrorCode;

TEST_CASE("the finish observer gets route, status and error of a request", "[http][router]")
{
    Later<std::string> told;
    TestServer world;
    world.router.add(Method::Get, "/v1/nodes/{ident}", [](Request& request, Response& response) {
        bm::platform::logInfo("finish", "handled");
        if (request.pathParam("ident") == "ghost")
            throw Error(ErrorCode::NotFound, "no such node");
        response.sendText(200, "here");
    });
    world.router.onFinish([&](const Request& request, const Response& response, const Finish& finish) {
        told.set(fmt::format("{} {} {} {}", request.route, response.status, finish.errorCode,
                             finish.took.count() >= 0));
    });
    world.start();
    const auto ask = [&](const std::string& path) {
        curl({world.url(path)});
        return told.get().value_or("");
    };
    SECTION("when it is answered")
    {
        CHECK(ask("/v1/nodes/n1") == "/v1/nodes/{ident} 200  true");
        bm::platform::LogFilter filter;
        filter.area = "finish";
        filter.nodes = {"n1"};
        CHECK(bm::platform::recentLog(filter, 10, true).size() >= 1);
    }
    SECTION("when it fails")
    {
        CHECK(ask("/v1/nodes/ghost") == "/v1/nodes/{ident} 404 not-found true");
    }
    SECTION("when there is no such route")
    {
        CHECK(ask("/none") == " 404 not-found true");
    }
}

TEST_CASE("a client may send its own request id", "[http]")
{
    TestServer world;
    world.router.add(Method::Get, "/",
                     [](Request& request, Response& response) { response.sendText(200, request.requestId); });
    world.start();
    const auto named = [&](const std::string& header) { return curl({"-H", header, world.url("/")}).out; };
    CHECK(named("X-Openstack-Request-Id: req-0123-abc") == "req-0123-abc");
    CHECK(named("X-Request-Id: 12345678") == "12345678");
    CHECK(named("X-Request-Id: short").starts_with("req-"));
    CHECK(named("X-Request-Id: with blanks in it").starts_with("req-"));
    CHECK(named("X-Request-Id: " + std::string(65, 'a')).starts_with("req-"));
    const std::string answer = curl({"-i", "-H", "X-Request-Id: my-own-id", world.url("/")}).out;
    CHECK(answer.find("X-Openstack-Request-Id: my-own-id\r\n") != std::string::npos);
}
