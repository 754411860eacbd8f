#include "api/ironic/node_api.h"

#include "api/access/access.h"
#include "api/access/shown.h"
#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "api/ironic/node_query.h"
#include "api/ironic/node_view.h"
#include "common/model/error.h"
#include "common/model/interfaces.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "conductor/nodes/driver_secrets.h"
#include "conductor/nodes/node_changes.h"
#include "db/repositories/repositories.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

/// The value of ?reset_interfaces=. @throws Error NotAcceptable, InvalidInput
wire::NewDriver newDriverOf(const Request& request, wire::Version version)
{
    constexpr int kResetSince = 45;
    const std::optional<std::string> reset = request.queryParam("reset_interfaces");
    if (reset && version.minor < kResetSince)
        throw Error(ErrorCode::NotAcceptable, "Request not acceptable.",
                    fmt::format("reset_interfaces needs version 1.{}, but the request has {}", kResetSince,
                                wire::toText(version)));
    return reset && flagFromText(*reset, "reset_interfaces") ? wire::NewDriver::ResetsInterfaces
                                                             : wire::NewDriver::KeepsInterfaces;
}

} // namespace

void NodeApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/nodes", [this](Request& q, Response& a) { list(q, a, false); });
    router.add(Method::Get, "/v1/nodes/detail", [this](Request& q, Response& a) { list(q, a, true); });
    router.add(Method::Post, "/v1/nodes", [this](Request& q, Response& a) { create(q, a); });
    router.add(Method::Get, "/v1/nodes/{ident}", [this](Request& q, Response& a) { show(q, a); });
    router.add(Method::Patch, "/v1/nodes/{ident}", [this](Request& q, Response& a) { patch(q, a); });
    router.add(Method::Delete, "/v1/nodes/{ident}", [this](Request& q, Response& a) { remove(q, a); });
    router.add(Method::Put, "/v1/nodes/{ident}/maintenance",
               [this](Request& q, Response& a) { setMaintenance(q, a, true); });
    router.add(Method::Delete, "/v1/nodes/{ident}/maintenance",
               [this](Request& q, Response& a) { setMaintenance(q, a, false); });
    router.add(Method::Get, "/v1/nodes/{ident}/validate",
               [this](Request& q, Response& a) { validate(q, a); });
}

void NodeApi::list(Request& request, Response& response, bool detail) const
{
    const NodeQuery query = nodeQueryOf(request, detail, parts_.context.settings.conductorName);
    if (query.filter.chassisUuid) // Ironic distinguishes an unknown chassis from an empty one
        chassis_.get(*query.filter.chassisUuid);
    NodePage page;
    std::set<std::string> held;
    parts_.context.database.read([&](db::Transaction& tx) {
        page = pageOf(tx, query);
        held = reservedNodes(tx);
    });
    const wire::Version version = versionOf(request);
    wire::JsonWriter out;
    out.beginObject().key("nodes").beginArray();
    const bool showsParent =
        std::ranges::any_of(query.fields, [](const auto* field) { return field->name == "parent_node"; });
    for (const model::Node& node : page.nodes) {
        wire::writeNode(out,
                        {.node = node,
                         .interfaces = parts_.context.hardware.interfaces(),
                         .base = request.localBase,
                         .conductor = parts_.context.settings.conductorName,
                         .reserved = held.contains(node.id.uuid),
                         .version = version,
                         .redacted = isRedacted(request, node),
                         .parentHidden = showsParent && hidesParent(parts_, request, node)},
                        query.fields);
        if (&node == &page.nodes.front()) // the other nodes have a similar length
            out.reserve(out.text().size() * page.nodes.size() * 5 / 4);
    }
    out.endArray();
    if (page.more)
        out.key("next").string(nextLink(request, query.limit, page.nodes.back().id.uuid));
    response.sendJson(200, out.endObject().text());
}

void NodeApi::show(Request& request, Response& response) const
{
    const model::Node node = parts_.nodes.get(identOf(request));
    const std::optional<std::string> fields = requestedFields(request);
    const wire::Version version = versionOf(request);
    response.sendJson(200,
                      nodeText(parts_, request, node,
                               fields ? wire::nodeSelection(*fields, version) : wire::nodeDetail(version)));
}

void NodeApi::create(Request& request, Response& response) const
{
    const json body = jsonBody(request);
    requireNew(request, "/v1/nodes", body);
    model::Node wanted = wire::nodeFromCreate(body, versionOf(request), parts_.context.hardware.interfaces());
    wanted.owner = ownerOfNew(request, wanted.owner);
    conductor::settleNew(parts_.context.hardware.interfaces(), wanted);
    const model::Node node = parts_.nodes.create(wanted, request.actor);
    response.header("Location", request.localBase + "/v1/nodes/" + node.id.uuid);
    response.sendJson(201, nodeText(parts_, request, node, wire::nodeDetail(versionOf(request))));
}

void NodeApi::patch(Request& request, Response& response) const
{
    const json body = jsonBody(request);
    const wire::Version version = versionOf(request);
    const wire::NewDriver newDriver = newDriverOf(request, version);
    wire::checkNodePatch(body, version); // before the node, as Ironic does
    const model::InterfaceTable& interfaces = parts_.context.hardware.interfaces();
    const auto change = [&](model::Node& node) {
        requirePatch(request, node, body);
        const model::Node before = node;
        wire::patchNode(node, body, version, interfaces, newDriver);
        conductor::settleChange(interfaces, before, node);
        if (!projectOf(request).empty())
            conductor::requireSecretsAgain(parts_.context.hardware, before, node);
    };
    const model::Node node = parts_.nodes.update(identOf(request), change, request.actor);
    response.sendJson(200, nodeText(parts_, request, node, wire::nodeDetail(version)));
}

void NodeApi::remove(Request& request, Response& response) const
{
    parts_.nodes.remove(identOf(request), request.actor);
    response.sendEmpty(204);
}

void NodeApi::setMaintenance(Request& request, Response& response, bool on) const
{
    const std::string text = on ? request.body() : "";
    std::string reason;
    if (!text.empty()) {
        const json body = wire::parseObject(text);
        wire::refuseUnknown(body, {"reason"}, "maintenance");
        reason = wire::stringMember(body, "reason");
    }
    parts_.nodes.setMaintenance(identOf(request), on, reason, request.actor);
    response.sendEmpty(202);
}

void NodeApi::validate(Request& request, Response& response) const
{
    const model::Node node = parts_.nodes.get(identOf(request));
    const auto verdicts = parts_.nodes.validate(node.id.uuid, projectOf(request));
    wire::JsonWriter out;
    out.beginObject();
    const wire::Version version = versionOf(request);
    for (const model::InterfaceKind& kind : model::interfaceKinds()) {
        const std::string_view name = kind.name;
        if (name == "firmware" && kind.since > version.minor)
            continue;
        const auto found = verdicts.find(std::string(name));
        if (name == "vendor" && found == verdicts.end())
            continue;
        const bool good = found == verdicts.end() || found->second.result;
        out.key(name).beginObject().key("result").boolean(good);
        if (!good)
            out.key("reason").string(shownText(parts_, request, node, found->second.reason));
        out.endObject();
    }
    response.sendJson(200, out.endObject().text());
}

} // namespace bm::api
