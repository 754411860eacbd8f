#include "api/own/webhook_api.h"

#include "api/core/request_values.h"
#include "common/model/error.h"
#include "common/wire/json/json_writer.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;

namespace {

/// @p secret is shown only when the webhook is created.
void writeHook(wire::JsonWriter& out, const model::Webhook& hook, std::int64_t backlog,
               const std::string& secret = {})
{
    out.beginObject();
    out.key("uuid").string(hook.id.uuid);
    out.key("name").string(hook.name);
    out.key("url").string(hook.url);
    out.key("kinds").string(hook.kinds.empty() ? "*" : hook.kinds);
    out.key("state").string(hook.parked ? "parked" : hook.failures > 0 ? "retrying" : "active");
    out.key("last_sequence").number(hook.cursor);
    out.key("backlog").number(backlog);
    out.key("delivered").number(hook.delivered);
    out.key("failures").number(hook.failures);
    out.key("last_error").stringOrNull(hook.lastError);
    out.key("last_attempt_at").timeOrNull(hook.lastAttemptAt);
    out.key("last_delivered_at").timeOrNull(hook.lastDeliveredAt);
    out.key("created_at").time(hook.createdAt);
    if (!secret.empty())
        out.key("secret").string(secret);
    out.endObject();
}

std::string textOf(const nlohmann::json& body, const char* name, bool required)
{
    const auto found = body.find(name);
    if (found == body.end() && !required)
        return {};
    if (found == body.end() || !found->is_string())
        throw Error(ErrorCode::InvalidInput, fmt::format("{}: expected a text", name));
    return found->get<std::string>();
}

} // namespace

void WebhookApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/webhooks", [this](Request& q, Response& a) { list(q, a); });
    router.add(Method::Post, "/v1/webhooks", [this](Request& q, Response& a) { add(q, a); });
    router.add(Method::Get, "/v1/webhooks/{webhook}", [this](Request& q, Response& a) { show(q, a); });
    router.add(Method::Delete, "/v1/webhooks/{webhook}", [this](Request& q, Response& a) { remove(q, a); });
    router.add(Method::Post, "/v1/webhooks/{webhook}/test", [this](Request& q, Response& a) { test(q, a); });
}

void WebhookApi::list(Request& request, Response& response) const
{
    refuseOtherQuery(request, "");
    wire::JsonWriter out;
    out.beginObject().key("webhooks").beginArray();
    for (const model::Webhook& hook : parts_.webhooks.all())
        writeHook(out, hook, parts_.webhooks.backlog(hook));
    out.endArray().endObject();
    response.sendJson(200, out.text());
}

void WebhookApi::show(Request& request, Response& response) const
{
    const model::Webhook hook = parts_.webhooks.get(request.pathParam("webhook"));
    wire::JsonWriter out;
    writeHook(out, hook, parts_.webhooks.backlog(hook));
    response.sendJson(200, out.text());
}

void WebhookApi::add(Request& request, Response& response) const
{
    const nlohmann::json body = jsonBody(request);
    if (!body.is_object())
        throw Error(ErrorCode::InvalidInput, "the body: expected an object",
                    R"({"name": ..., "url": ..., "kinds": ...})");
    for (const auto& [name, value] : body.items())
        if (name != "name" && name != "url" && name != "secret" && name != "kinds")
            throw Error(ErrorCode::InvalidInput, fmt::format("unknown field '{}'", name.substr(0, 80)),
                        "use name, url, secret and kinds");
    conductor::NewWebhook wanted;
    wanted.name = textOf(body, "name", true);
    wanted.url = textOf(body, "url", true);
    wanted.secret = textOf(body, "secret", false);
    wanted.kinds = textOf(body, "kinds", false);
    if (wanted.kinds == "*")
        wanted.kinds.clear();
    const conductor::Webhooks::Added added = parts_.webhooks.add(wanted);
    wire::JsonWriter out;
    writeHook(out, added.hook, 0, added.secret);
    response.header("Location", request.localBase + "/v1/webhooks/" + added.hook.id.uuid);
    response.sendJson(201, out.text());
}

void WebhookApi::remove(Request& request, Response& response) const
{
    parts_.webhooks.remove(request.pathParam("webhook"));
    response.sendEmpty(204);
}

/// Always answers 200: the receiver's answer is the result.
void WebhookApi::test(Request& request, Response& response) const
{
    const conductor::WebhookTest result = parts_.webhooks.test(request.pathParam("webhook"));
    wire::JsonWriter out;
    out.beginObject();
    out.key("taken").boolean(result.error.empty());
    if (result.status == 0)
        out.key("status").null();
    else
        out.key("status").number(std::int64_t{result.status});
    out.key("error").stringOrNull(result.error);
    out.key("resumed").boolean(result.resumed);
    out.endObject();
    response.sendJson(200, out.text());
}

} // namespace bm::api
