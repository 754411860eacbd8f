#include "api/ironic/allocation_api.h"

#include "api/access/access.h"
#include "api/access/shown.h"
#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "api/resources/resource_fields.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/resources/allocation_fields.h"
#include "conductor/nodes/allocations.h"
#include "conductor/resources/allocation_rules.h"

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;

namespace {

constexpr int kSince = 52;

/// As by its own route, a project's user finds the allocations of that project.
model::Allocation ofNode(const ApiParts& parts, const Request& request)
{
    requireVersion(request, kSince, "allocation");
    const model::Node node = parts.nodes.get(identOf(request));
    model::Allocation allocation = parts.context.database.read(
        [&](db::Transaction& tx) { return conductor::allocationOfNode(tx, node); });
    if (!request.grant.ofSystem() && allocation.owner != projectOf(request))
        throw conductor::noAllocation(node);
    return allocation;
}

} // namespace

void AllocationApi::mount(http::Router& router)
{
    const char* const path = "/v1/nodes/{ident}/allocation";
    router.add(Method::Get, path, [this](Request& q, Response& a) { showOfNode(q, a); });
    router.add(Method::Delete, path, [this](Request& q, Response& a) { removeOfNode(q, a); });
}

void AllocationApi::showOfNode(Request& request, Response& response) const
{
    const model::Allocation allocation = shownAllocation(parts_, request, ofNode(parts_, request));
    wire::JsonWriter out;
    wire::allocationShape().write(out, allocation, request.localBase,
                                  fieldsOf(wire::allocationShape(), request, true));
    response.sendJson(200, out.text());
}

void AllocationApi::removeOfNode(Request& request, Response& response) const
{
    const conductor::Resources<model::Allocation> allocations(parts_.context, conductor::allocationRules());
    allocations.remove(ofNode(parts_, request).id.uuid, request.actor);
    response.sendEmpty(204);
}

} // namespace bm::api
