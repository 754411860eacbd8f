#include "api/access/access.h"
#include "api/access/field_rules.h"
#include "api/resources/resource_api.cpp.h"
#include "common/wire/resources/volume_fields.h"
#include "conductor/resources/volume_rules.h"

namespace bm::api {

namespace {

/// The target without its properties, if the actor may not see them.
model::VolumeTarget withoutSecrets(const ApiParts& parts, const Request& request, model::VolumeTarget target)
{
    if (!maySeeProperties(parts, request, target))
        target.properties.text =
            nlohmann::json{
                {"redacted_contents", fmt::format("** Value Redacted: Requires {} permission access. **",
                                                  targetPropertiesRow().seeRule)}}
                .dump();
    return target;
}

} // namespace

ResourceKind volumeConnectorKind()
{
    static const ResourceRoutes<model::VolumeConnector> routes{
        .path = "/v1/volume/connectors",
        .list = "connectors",
        .schema = "VolumeConnector",
        .ofNode = "/v1/nodes/{ident}/volume/connectors",
        .since = 32,
        .ofNodeSince = 32,
        .detailRoute = false,
        .sortable = "uuid type connector_id node_uuid created_at updated_at",
        .filters = {{"node", "node_uuid", true}},
        .shape = wire::volumeConnectorShape,
        .rules = conductor::volumeConnectorRules};
    return kindOf(routes);
}

ResourceKind volumeTargetKind()
{
    static const ResourceRoutes<model::VolumeTarget> routes{
        .path = "/v1/volume/targets",
        .list = "targets",
        .schema = "VolumeTarget",
        .ofNode = "/v1/nodes/{ident}/volume/targets",
        .since = 32,
        .ofNodeSince = 32,
        .detailRoute = false,
        .sortable = "uuid boot_index volume_id volume_type node_uuid created_at updated_at",
        .filters = {{"node", "node_uuid", true}},
        .shape = wire::volumeTargetShape,
        .rules = conductor::volumeTargetRules,
        .shown = withoutSecrets};
    return kindOf(routes);
}

} // namespace bm::api
