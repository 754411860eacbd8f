#include "common/http/router.h"

#include "common/model/error.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

using namespace bm::http;
using bm::model::Error;
using bm::model::ErrorCode;

namespace {

class FakeRequest final : public Request {
public:
    FakeRequest(Method wanted, std::string where)
    {
        method = wanted;
        path = std::move(where);
        requestId = "req-1";
    }
    std::optional<std::string> header(std::string_view) const override { return std::nullopt; }
    std::string body() override { return {}; }
    std::istream& bodyStream() override { return stream_; }
    std::optional<std::uint64_t> contentLength() const override { return 0; }

private:
    std::istringstream stream_{};
};

class Recorder final : public Response {
public:
    std::string text{};
    void send(int code, std::string_view body, std::string_view) override
    {
        status = code;
        text = body;
        sent_ = true;
    }
    void sendFile(const std::filesystem::path&, std::string_view, FileDone) override { sent_ = true; }
    EventStreamPtr openStream(StreamSettings settings) override
    {
        sent_ = true;
        return std::make_shared<EventStream>(std::move(settings), true);
    }
    bool sent() const override { return sent_; }
    std::string find(std::string_view name) const
    {
        for (const auto& [known, value] : headers)
            if (known == name)
                return value;
        return {};
    }

private:
    bool sent_ = false;
};

Recorder ask(const Router& router, Method method, const std::string& path)
{
    FakeRequest request(method, path);
    Recorder response;
    router.handle(request, response);
    return response;
}

Handler saying(const std::string& text)
{
    return [text](Request& request, Response& response) {
        std::string params;
        for (const auto& [name, value] : request.pathParams)
            params += " " + name + "=" + value;
        response.sendText(200, text + params);
    };
}

} // namespace

TEST_CASE("a router", "[http][router]")
{
    Router router;
    router.add(Method::Get, "/v1/nodes/{ident}", saying("node"));
    router.add(Method::Get, "/v1/nodes/detail", saying("detail"));
    router.add(Method::Patch, "/v1/nodes/{ident}", saying("patch"));
    router.add(Method::Put, "/v1/nodes/{ident}/states/{what}", saying("state"));
    router.add(Method::Get, "/boot/{file*}", saying("boot"));
    router.add(Method::Get, "/", saying("root"));
    router.add(Method::Delete, "/silent", [](Request&, Response&) {});
    router.add(Method::Get, "/busy", [](Request&, Response&) {
        throw Error(ErrorCode::NodeLocked, "node a is locked", "wait for it");
    });
    router.add(Method::Get, "/bug", [](Request&, Response&) { throw std::runtime_error("secret detail"); });

    SECTION("fills parameters from the path")
    {
        CHECK(ask(router, Method::Get, "/v1/nodes/rack1-07").text == "node ident=rack1-07");
        CHECK(ask(router, Method::Put, "/v1/nodes/a/states/power").text == "state ident=a what=power");
    }
    SECTION("prefers a literal segment to a parameter, for its method only")
    {
        CHECK(ask(router, Method::Get, "/v1/nodes/detail").text == "detail");
        CHECK(ask(router, Method::Patch, "/v1/nodes/detail").text == "patch ident=detail");
    }
    SECTION("ignores a trailing slash and double slashes")
    {
        CHECK(ask(router, Method::Get, "/v1/nodes/a/").text == "node ident=a");
        CHECK(ask(router, Method::Get, "//v1//nodes/a").text == "node ident=a");
        CHECK(ask(router, Method::Get, "/").text == "root");
    }
    SECTION("gives a last {rest*} all further segments, at least one")
    {
        CHECK(ask(router, Method::Get, "/boot/x86/kernel").text == "boot file=x86/kernel");
        CHECK(ask(router, Method::Get, "/boot").status == 404);
    }
    SECTION("answers HEAD by GET")
    {
        CHECK(ask(router, Method::Head, "/v1/nodes/a").text == "node ident=a");
        CHECK(ask(router, Method::Head, "/v1/nodes/detail").text == "detail");
    }
    SECTION("answers 404 for an unknown path, and 405 for an unknown method of a known one")
    {
        CHECK(ask(router, Method::Get, "/v1/nodes/a/states").status == 404);
        const Recorder response = ask(router, Method::Post, "/v1/nodes/a");
        CHECK(response.status == 405);
        CHECK(response.find("Allow") == "GET, HEAD, PATCH");
    }
    SECTION("answers 204 for a handler that sends nothing")
    {
        CHECK(ask(router, Method::Delete, "/silent").status == 204);
    }
    SECTION("renders an Error in Ironic's double encoding, with code and hint beside it")
    {
        const Recorder response = ask(router, Method::Get, "/busy");
        CHECK(response.status == 409);
        const nlohmann::json body = nlohmann::json::parse(response.text);
        CHECK(body.at("code") == "node-locked");
        CHECK(body.at("hint") == "wait for it");
        const nlohmann::json inner = nlohmann::json::parse(body.at("error_message").get<std::string>());
        CHECK(inner.at("faultstring") == "node a is locked");
        CHECK(inner.at("faultcode") == "Client");
        CHECK(inner.at("debuginfo").is_null());
    }
    SECTION("answers an unexpected exception with its log id alone")
    {
        const Recorder response = ask(router, Method::Get, "/bug");
        CHECK(response.status == 500);
        CHECK(response.text.find("secret detail") == std::string::npos);
        CHECK(response.text.find("req-1") != std::string::npos);
    }
    SECTION("runs its filters first, with the parameters, and for unknown paths, too")
    {
        std::string seen;
        router.filter([&seen](Request& request, Response&) {
            seen += request.pathParams.contains("ident") ? request.pathParam("ident") : "none";
            throw Error(ErrorCode::Unauthorized, "who are you?");
        });
        const Recorder response = ask(router, Method::Get, "/v1/nodes/a");
        CHECK(response.status == 401);
        CHECK(response.find("WWW-Authenticate") == "Basic realm=\"bm\"");
        CHECK(ask(router, Method::Get, "/nowhere").status == 401);
        CHECK(seen == "anone");
    }
    SECTION("uses the owner's renderer of errors")
    {
        router.onError([](const Request&, Response& response, const Error& error) {
            response.sendText(statusOf(error), "own: " + error.message());
        });
        CHECK(ask(router, Method::Get, "/busy").text == "own: node a is locked");
    }
    SECTION("lists its routes")
    {
        CHECK(router.routes().front() == "DELETE /silent");
        CHECK(router.routes().size() == 9);
    }
}

TEST_CASE("every error code has an HTTP status of 400 or above", "[http][router]")
{
    for (const ErrorCode code : bm::model::allErrorCodes())
        CHECK(statusOf(Error(code, "x")) >= 400);
}

TEST_CASE("a router knows other addresses of its resources", "[http][router]")
{
    Router router;
    for (const char* const path : {"/", "/metrics", "/v1", "/v1/nodes", "/v1/nodes/{ident}",
                                   "/v1/nodes/{ident}/states", "/v1/nodes/{ident}/states/{what}"})
        router.add(Method::Get, path, [](Request& request, Response& response) {
            std::string query;
            for (const auto& [name, value] : request.query)
                query += " " + name + "=" + value;
            response.sendText(200, request.path + query + " by " + request.route);
        });
    std::string filtered;
    router.filter([&](Request& request, Response&) { filtered = request.path; });
    std::string observed;
    router.onFinish([&](const Request& request, const Response&, const Finish&) { observed = request.path; });
    router.serveAtRoot("/v1");
    router.alias("/v1/nodes/states/{node}", "/v1/nodes/{node}/states");
    router.alias("/v1/nodes/states/power/{node}", "/v1/nodes/{node}/states/power");
    router.alias("/v1/nodes/states?node", "/v1/nodes/{node}/states");
    router.alias("/v1/chassis/{chassis}/nodes", "/v1/nodes?chassis");
    const auto text = [&](const std::string& path,
                          std::vector<std::pair<std::string, std::string>> query = {}) {
        FakeRequest request(Method::Get, path);
        request.query = std::move(query);
        Recorder response;
        router.handle(request, response);
        CHECK(filtered == request.path);
        CHECK(observed == request.path);
        return response.status == 200 ? response.text : std::to_string(response.status) + " " + request.path;
    };

    SECTION("without the prefix, if the path has no route of its own")
    {
        CHECK(text("/nodes/a/states") == "/v1/nodes/a/states by /v1/nodes/{ident}/states");
        CHECK(text("//nodes//a") == "/v1/nodes/a by /v1/nodes/{ident}");
        CHECK(text("/metrics") == "/metrics by /metrics");
        CHECK(text("/") == "/ by /");
        CHECK(text("/v1") == "/v1 by /v1");
        CHECK(text("/nope") == "404 /nope");
        CHECK(text("/v1/nope") == "404 /v1/nope");
        CHECK(text("/v1/v1/nodes") == "404 /v1/v1/nodes");
        FakeRequest post(Method::Post, "/nodes");
        Recorder refused;
        router.handle(post, refused);
        CHECK(refused.status == 405);
        CHECK(post.path == "/v1/nodes");
    }
    SECTION("with a suffix behind it, where the caller drops it")
    {
        router.dropSuffix(".json", [](const Request& request) { return request.path != "/v1/nodes/a.json"; });
        CHECK(text("/v1/nodes/b.json") == "/v1/nodes/b by /v1/nodes/{ident}");
        CHECK(text("/v1/nodes/a.json") == "/v1/nodes/a.json by /v1/nodes/{ident}");
        CHECK(text("/nodes.json") == "/v1/nodes by /v1/nodes");
        CHECK(text("/nodes/states/a.json") == "/v1/nodes/a/states by /v1/nodes/{ident}/states");
        CHECK(text("/v1/nodes/.json") == "/v1/nodes by /v1/nodes");
        CHECK(text("/v1.json") == "/v1 by /v1");
        CHECK(text("/.json") == "/ by /");
        CHECK(text("/nope.json") == "404 /nope");
    }
    SECTION("with the parameter elsewhere, also without the prefix")
    {
        CHECK(text("/v1/nodes/states/a") == "/v1/nodes/a/states by /v1/nodes/{ident}/states");
        CHECK(text("/nodes/states/power/a") == "/v1/nodes/a/states/power by /v1/nodes/{ident}/states/{what}");
    }
    SECTION("with the parameter in the query, and the other way round")
    {
        CHECK(text("/v1/nodes/states", {{"x", "1"}, {"node", "a"}}) ==
              "/v1/nodes/a/states x=1 by /v1/nodes/{ident}/states");
        CHECK(text("/v1/nodes/states") == "/v1/nodes/states by /v1/nodes/{ident}");
        CHECK(text("/chassis/c/nodes", {{"limit", "1"}}) == "/v1/nodes limit=1 chassis=c by /v1/nodes");
    }
}
