#include "api/access/shown.h"
#include "api/resources/resource_api.cpp.h"
#include "common/wire/resources/allocation_fields.h"
#include "conductor/resources/allocation_rules.h"

namespace bm::api {

ResourceKind allocationKind()
{
    static const ResourceRoutes<model::Allocation> routes{
        .path = "/v1/allocations",
        .list = "allocations",
        .schema = "Allocation",
        .ofNode = "",
        .since = 52,
        .detailRoute = false,
        .sortable = "uuid name resource_class state owner node_uuid created_at updated_at",
        .filters = {{"node", "node_uuid", true},
                    {"resource_class", "resource_class"},
                    {"state", "state"},
                    {"owner", "owner"}},
        .patchSince = 57,
        .tooOld = TooOld::ChangesNotAllowed,
        .shape = wire::allocationShape,
        .rules = conductor::allocationRules,
        .shown = shownAllocation};
    return kindOf(routes);
}

} // namespace bm::api
