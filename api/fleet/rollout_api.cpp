#include "api/fleet/rollout_api.h"

#include "api/core/request_values.h"
#include "common/model/error.h"
#include "common/wire/agent/relay_json.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/rollout_json.h"

#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;

namespace {

wire::RolloutFigures figuresOf(const conductor::fleet::RolloutProgress& progress)
{
    return {progress.counts, progress.bytesDone, progress.bytesTotal, progress.secondsLeft};
}

void write(wire::JsonWriter& out, const conductor::fleet::RolloutNodeView& view)
{
    wire::writeRolloutNode(out, view.node, {view.step, view.bytesDone, view.bytesTotal, view.secondsLeft});
}

/// True if the request of @p rollout allows its nodes to copy the image from each other.
bool mayRelay(const model::Rollout& rollout)
{
    const nlohmann::json request = nlohmann::json::parse(rollout.request.text, nullptr, false);
    return !request.is_object() || !request.contains("relay") || request.at("relay").value("enabled", true);
}

/// The body of a verb: empty, or an object.
nlohmann::json verbBody(Request& request)
{
    const std::string text = request.body();
    if (text.find_first_not_of(" \r\n") == std::string::npos || text == "null")
        return nlohmann::json::object();
    nlohmann::json body = wire::parseObject(text);
    wire::refuseUnknown(body, {"nodes", "reason"}, "rollout");
    return body;
}

} // namespace

void RolloutApi::mount(http::Router& router)
{
    router.add(
        Method::Post, "/v1/rollouts", [this](Request& q, Response& a) { create(q, a); }, kLargeBody);
    router.add(Method::Get, "/v1/rollouts", [this](Request& q, Response& a) { list(q, a); });
    router.add(Method::Get, "/v1/rollouts/{rollout}", [this](Request& q, Response& a) { show(q, a); });
    router.add(Method::Delete, "/v1/rollouts/{rollout}", [this](Request& q, Response& a) { remove(q, a); });
    router.add(Method::Get, "/v1/rollouts/{rollout}/nodes", [this](Request& q, Response& a) { nodes(q, a); });
    router.add(Method::Get, "/v1/rollouts/{rollout}/relay", [this](Request& q, Response& a) { relay(q, a); });
    router.add(Method::Post, "/v1/rollouts/{rollout}/{verb}",
               [this](Request& q, Response& a) { verb(q, a); });
}

void RolloutApi::mountPhoneHome(http::Router& router)
{
    router.add(Method::Post, "/v1/phone-home/{token}", [this](Request& q, Response& a) { phoneHome(q, a); });
    router.add(Method::Get, "/v1/phone-home/{token}", [this](Request& q, Response& a) { phoneHome(q, a); });
}

void RolloutApi::send(const Request& request, Response& response, int status,
                      const model::Rollout& rollout) const
{
    wire::JsonWriter out;
    wire::writeRollout(out, rollout, figuresOf(parts_.rollouts.progress(rollout)), request.localBase);
    response.sendJson(status, out.text());
}

void RolloutApi::create(Request& request, Response& response) const
{
    const nlohmann::json body = jsonBody(request);
    const conductor::fleet::RolloutRequest wanted = conductor::fleet::rolloutRequestFrom(body.dump());
    conductor::fleet::checkNewRollout(wanted);
    const model::Rollout made = parts_.rollouts.create(wanted, request.actor);
    response.header("Location", request.localBase + "/v1/rollouts/" + made.name);
    send(request, response, 201, made);
}

void RolloutApi::list(Request& request, Response& response) const
{
    refuseOtherQuery(request, "state limit marker");
    std::optional<model::RolloutState> state;
    if (const std::optional<std::string> wanted = request.queryParam("state")) {
        state = model::rolloutStateFromText(*wanted);
        if (!state)
            throw Error(ErrorCode::InvalidInput,
                        "state: \"" + wanted->substr(0, 80) + "\" is not a rollout state",
                        "use planned, running, paused, aborting, done, failed or aborted");
    }
    const std::size_t limit = limitOf(request, 1000);
    const std::vector<model::Rollout> rollouts =
        parts_.rollouts.list(state, limit, request.queryParam("marker").value_or(""));
    wire::JsonWriter out;
    out.beginObject().key("rollouts").beginArray();
    for (const model::Rollout& rollout : rollouts)
        wire::writeRollout(out, rollout, figuresOf(parts_.rollouts.progress(rollout)), request.localBase);
    out.endArray();
    if (rollouts.size() == limit)
        out.key("next").string(nextLink(request, limit, rollouts.back().name));
    response.sendJson(200, out.endObject().text());
}

void RolloutApi::show(Request& request, Response& response) const
{
    send(request, response, 200, parts_.rollouts.get(request.pathParam("rollout")));
}

void RolloutApi::nodes(Request& request, Response& response) const
{
    refuseOtherQuery(request, "state");
    std::optional<model::RolloutNodeState> state;
    if (const std::optional<std::string> wanted = request.queryParam("state")) {
        state = model::rolloutNodeStateFromText(*wanted);
        if (!state)
            throw Error(
                ErrorCode::InvalidInput,
                "state: \"" + wanted->substr(0, 80) + "\" is not a state of a rollout's node",
                "use pending, draining, working, checking, retrying, restoring, done, failed, skipped or "
                "aborted");
    }
    const model::Rollout rollout = parts_.rollouts.get(request.pathParam("rollout"));
    wire::JsonWriter out;
    out.beginObject().key("nodes").beginArray();
    for (const conductor::fleet::RolloutNodeView& view : parts_.rollouts.nodes(rollout))
        if (!state || view.node.state == *state)
            write(out, view);
    response.sendJson(200, out.endArray().endObject().text());
}

void RolloutApi::relay(Request& request, Response& response) const
{
    refuseOtherQuery(request, "");
    const model::Rollout rollout = parts_.rollouts.get(request.pathParam("rollout"));
    std::vector<wire::RelayChain> chains;
    if (mayRelay(rollout))
        for (const conductor::RelayCopyView& copy : parts_.relay.show(rollout.contentId, rollout.id.uuid))
            chains.insert(chains.end(), copy.chains.begin(), copy.chains.end());
    wire::JsonWriter out;
    wire::writeRelay(out, rollout.contentId, chains);
    response.sendJson(200, out.text());
}

void RolloutApi::verb(Request& request, Response& response) const
{
    const std::string& ident = request.pathParam("rollout");
    const std::string& verb = request.pathParam("verb");
    const nlohmann::json body = verbBody(request);
    const std::string reason = wire::stringMember(body, "reason");
    conductor::fleet::Rollouts& rollouts = parts_.rollouts;
    if (verb == "start")
        return send(request, response, 202, rollouts.start(ident, request.actor));
    if (verb == "pause")
        return send(request, response, 202, rollouts.pause(ident, reason, request.actor));
    if (verb == "resume")
        return send(request, response, 202, rollouts.resume(ident, request.actor));
    if (verb == "abort")
        return send(request, response, 202, rollouts.abort(ident, reason, request.actor));
    if (verb == "retry") {
        const nlohmann::json* nodes = wire::memberOf(body, "nodes");
        return send(
            request, response, 202,
            rollouts.retry(ident,
                           nodes != nullptr ? wire::asStrings(*nodes, "nodes") : std::vector<std::string>{},
                           request.actor));
    }
    throw Error(ErrorCode::NotFound, "unknown verb of a rollout: \"" + verb.substr(0, 80) + "\"",
                "use start, pause, resume, abort or retry");
}

void RolloutApi::remove(Request& request, Response& response) const
{
    parts_.rollouts.remove(request.pathParam("rollout"), request.actor);
    response.sendEmpty(204);
}

void RolloutApi::phoneHome(Request& request, Response& response) const
{
    parts_.rollouts.phonedHome(request.pathParam("token"), request.peerAddress);
    response.sendEmpty(204);
}

} // namespace bm::api
