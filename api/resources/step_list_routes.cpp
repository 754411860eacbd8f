#include "api/resources/resource_api.cpp.h"
#include "common/wire/resources/step_list_fields.h"
#include "conductor/resources/step_list_rules.h"

namespace bm::api {

ResourceKind deployTemplateKind()
{
    static const ResourceRoutes<model::DeployTemplate> routes{.path = "/v1/deploy_templates",
                                                              .list = "deploy_templates",
                                                              .schema = "DeployTemplate",
                                                              .ofNode = "",
                                                              .since = 55,
                                                              .detailRoute = false,
                                                              .sortable = "uuid name created_at updated_at",
                                                              .tooOld = TooOld::ChangesNotAllowed,
                                                              .shape = wire::deployTemplateShape,
                                                              .rules = conductor::deployTemplateRules};
    return kindOf(routes);
}

ResourceKind runbookKind()
{
    static const ResourceRoutes<model::Runbook> routes{.path = "/v1/runbooks",
                                                       .list = "runbooks",
                                                       .schema = "Runbook",
                                                       .ofNode = "",
                                                       .since = 92,
                                                       .detailRoute = false,
                                                       .sortable = "uuid name owner created_at updated_at",
                                                       .filters = {{"owner", "owner"}},
                                                       .tooOld = TooOld::ChangesNotAllowed,
                                                       .shape = wire::runbookShape,
                                                       .rules = conductor::runbookRules};
    return kindOf(routes);
}

} // namespace bm::api
