#include "api/own/agent_api.h"

#include "api/core/request_values.h"
#include "common/model/error.h"
#include "common/wire/agent/agent_exchange.h"
#include "common/wire/json/json_input.h"
#include "common/wire/resources/node_fields.h"

#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;

namespace {

std::vector<std::string> splitAddresses(const std::string& text)
{
    std::vector<std::string> all;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        if (end > at)
            all.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return all;
}

void writeGrant(wire::JsonWriter& out, const conductor::AgentGrant& grant, const std::string& base,
                const model::InterfaceTable& interfaces)
{
    const wire::NodeView view{.node = grant.node, .interfaces = interfaces, .base = base, .conductor = ""};
    out.beginObject().key("node");
    wire::writeNode(out, view,
                    wire::nodeSelection("uuid", wire::kMaxVersion)); // a secret in a script proves no machine
    out.key("config").beginObject();
    out.key("heartbeat_timeout").number(std::int64_t{grant.heartbeatTimeout.count()});
    out.key("agent_token").string(grant.token);
    out.key("agent_token_required").boolean(true);
    out.key("metrics").raw(
        R"({"backend": "noop", "prepend_host": false, "prepend_uuid": false, "prepend_host_reverse": true, "global_prefix": null})");
    out.key("metrics_statsd").raw(R"({"statsd_host": "localhost", "statsd_port": 8125})");
    out.endObject().endObject();
}

} // namespace

void AgentApi::mountIronic(http::Router& router, Versions versions)
{
    const auto since = [versions](int minor, std::string_view what, const http::Handler& handler) {
        return [=](Request& request, Response& response) {
            if (versions == Versions::Required)
                requireVersion(request, minor, what, TooOld::NoSuchResource);
            handler(request, response);
        };
    };
    router.add(Method::Get, "/v1/lookup",
               since(22, "lookup", [this](Request& q, Response& a) { lookup(q, a); }));
    router.add(Method::Post, "/v1/heartbeat/{ident}",
               since(22, "heartbeat", [this](Request& q, Response& a) { heartbeat(q, a); }));
    // A RAM disk that is not bm's sends no token, and so 64 KiB at most.
    router.add(
        Method::Post, "/v1/continue_inspection",
        [this](Request& q, Response& a) { continueInspection(q, a); },
        http::BodyRule{.limitBytes = kAgentBodyBytes, .prove = [this](const Request& request) {
                           const std::string token = bearerToken(request);
                           if (!token.empty())
                               parts_.agents.authorizeAny(token);
                           return !token.empty();
                       }});
}

void AgentApi::mountOwn(http::Router& router)
{
    router.add(
        Method::Post, "/v1/agent/{ident}/exchange", [this](Request& q, Response& a) { exchange(q, a); },
        http::BodyRule{.limitBytes = kAgentBodyBytes, .prove = [this](const Request& request) {
                           parts_.agents.authorize(request.pathParam("ident"), bearerToken(request));
                           return true;
                       }});
    router.add(Method::Get, "/v1/agent/{ident}/configdrive",
               [this](Request& q, Response& a) { configDrive(q, a); });
}

void AgentApi::lookup(Request& request, Response& response) const
{
    const std::vector<std::string> macs = splitAddresses(request.queryParam("addresses").value_or(""));
    const std::string uuid = request.queryParam("node_uuid").value_or("");
    if (macs.empty() && uuid.empty())
        throw Error(ErrorCode::NotFound, "Resource could not be found.", "pass node_uuid= or addresses=");
    const conductor::AgentGrant grant =
        parts_.agents.lookup(macs, uuid, request.header("X-Bm-Boot-Secret").value_or(""),
                             request.header("X-Bm-Nonce").value_or(""), request.peerAddress);
    wire::JsonWriter out;
    writeGrant(out, grant, request.localBase, parts_.context.hardware.interfaces());
    response.sendJson(200, out.text());
}

void AgentApi::heartbeat(Request& request, Response& response) const
{
    const nlohmann::json body = wire::parseObject(request.body());
    const std::string token = wire::stringMember(body, "agent_token");
    if (token.empty())
        throw Error(ErrorCode::InvalidInput, "Agent token is required for heartbeat processing.",
                    "call lookup first: its answer contains the token");
    parts_.agents.heartbeat(request.pathParam("ident"), token, wire::stringMember(body, "agent_version"),
                            request.peerAddress);
    response.sendEmpty(202);
}

void AgentApi::continueInspection(Request& request, Response& response) const
{
    requireVersion(request, 84, "continue_inspection");
    const nlohmann::json body = wire::parseObject(request.body());
    const nlohmann::json* inventory = wire::memberOf(body, "inventory");
    if (inventory == nullptr || !inventory->is_object())
        throw Error(ErrorCode::InvalidInput, "inventory: expected an object");
    std::vector<std::string> macs;
    for (const nlohmann::json& nic : inventory->value("interfaces", nlohmann::json::array()))
        if (nic.is_object() && nic.value("mac_address", nlohmann::json()).is_string())
            macs.push_back(nic.at("mac_address").get<std::string>());
    const std::string uuid = parts_.agents.continueInspection(
        macs, request.queryParam("node_uuid").value_or(""), inventory->dump(), request.peerAddress);
    response.sendJson(202, wire::JsonWriter{}.beginObject().key("uuid").string(uuid).endObject().text());
}

void AgentApi::exchange(Request& request, Response& response) const
{
    const std::string token = bearerToken(request);
    parts_.agents.authorize(request.pathParam("ident"), token);
    const wire::AgentExchangeRequest said = wire::agentExchangeRequestFromJson(request.body());
    const wire::AgentExchangeAnswer answer =
        parts_.agents.exchange(request.pathParam("ident"), token, said, request.peerAddress);
    response.sendJson(200, wire::toJson(answer).text);
}

void AgentApi::configDrive(Request& request, Response& response) const
{
    response.header("Cache-Control", "no-store");
    response.send(
        200, parts_.agents.configDrive(request.pathParam("ident"), bearerToken(request), request.peerAddress),
        "application/octet-stream");
}

} // namespace bm::api
