#include "api/resources/resource_api.cpp.h"
#include "common/wire/resources/port_group_fields.h"
#include "conductor/resources/port_group_rules.h"

namespace bm::api {

ResourceKind portGroupKind()
{
    static const ResourceRoutes<model::PortGroup> routes{
        .path = "/v1/portgroups",
        .list = "portgroups",
        .schema = "PortGroup",
        .ofNode = "/v1/nodes/{ident}/portgroups",
        .since = 23,
        .ofNodeSince = 24,
        .sortable = "uuid address name mode node_uuid created_at updated_at",
        .filters = {{"node", "node_uuid", true}, {"address", "address"}},
        .listTooOld = TooOld::NoSuchResource,
        .shape = wire::portGroupShape,
        .rules = conductor::portGroupRules};
    return kindOf(routes);
}

} // namespace bm::api
