#include "api/own/operation_api.h"

#include "api/access/access.h"
#include "api/access/shown.h"
#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "common/model/error.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/operation_json.h"
#include "common/wire/provision_request.h"
#include "db/repositories/repositories.h"

#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;

void OperationApi::mount(http::Router& router)
{
    router.add(
        Method::Post, "/v1/nodes/{ident}/provision", [this](Request& q, Response& a) { provision(q, a); },
        kLargeBody);
    router.add(Method::Post, "/v1/nodes/{ident}/provide", [this](Request& q, Response& a) { provide(q, a); });
    router.add(Method::Get, "/v1/nodes/{ident}/operation", [this](Request& q, Response& a) { show(q, a); });
    router.add(Method::Post, "/v1/nodes/{ident}/operation/abort",
               [this](Request& q, Response& a) { abort(q, a); });
    router.add(Method::Post, "/v1/nodes/{ident}/operation/reboot-ok",
               [this](Request& q, Response& a) { allowReboot(q, a); });
}

void OperationApi::provision(Request& request, Response& response) const
{
    wire::ProvisionRequest wanted = wire::provisionFromBody(jsonBody(request));
    wanted.project = projectOf(request);
    const model::Node node = parts_.nodes.get(identOf(request));
    const model::OperationId id = parts_.operations.provision(node.id.uuid, wanted, request.actor);
    response.header("Location", request.localBase + "/v1/nodes/" + node.id.uuid + "/operation");
    response.sendJson(202, wire::JsonWriter{}
                               .beginObject()
                               .key("operation")
                               .string(id.uuid)
                               .key("node_uuid")
                               .string(node.id.uuid)
                               .endObject()
                               .text());
}

void OperationApi::provide(Request& request, Response& response) const
{
    const model::Node node = parts_.nodes.get(identOf(request));
    const std::optional<model::OperationId> id = parts_.operations.provide(node.id.uuid, request.actor);
    wire::JsonWriter out;
    out.beginObject().key("operation").stringOrNull(id ? id->uuid : "").key("node_uuid").string(node.id.uuid);
    response.sendJson(id ? 202 : 200, out.endObject().text());
}

void OperationApi::abort(Request& request, Response& response) const
{
    parts_.operations.abort(identOf(request), request.actor);
    response.sendEmpty(202);
}

void OperationApi::allowReboot(Request& request, Response& response) const
{
    parts_.operations.allowReboot(identOf(request), request.actor);
    response.sendEmpty(202);
}

void OperationApi::show(Request& request, Response& response) const
{
    const model::Node node = parts_.nodes.get(identOf(request));
    std::optional<model::Operation> operation;
    std::vector<model::Step> steps;
    parts_.context.database.read([&](db::Transaction& tx) {
        const db::OperationRepository operations;
        operation = operations.current(tx, node.id);
        if (!operation)
            operation = operations.latest(tx, node.id);
        if (operation)
            steps = operations.steps(tx, operation->id);
    });
    if (!operation)
        throw model::Error(model::ErrorCode::NotFound, "Node " + node.id.uuid + " has no operation yet.");
    showOperation(request, node, *operation, steps);
    wire::JsonWriter out;
    wire::writeOperation(out, *operation, steps, parts_.context.clock.now());
    response.sendJson(200, out.text());
}

} // namespace bm::api
