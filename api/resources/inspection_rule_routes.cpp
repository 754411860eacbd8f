#include "api/resources/resource_api.cpp.h"
#include "common/wire/resources/inspection_rule_fields.h"
#include "conductor/resources/inspection_rule_rules.h"

namespace bm::api {

ResourceKind inspectionRuleKind()
{
    static const ResourceRoutes<model::InspectionRule> routes{
        .path = "/v1/inspection_rules",
        .list = "inspection_rules",
        .schema = "InspectionRule",
        .ofNode = "",
        .since = 96,
        .detailRoute = false,
        .sortable = "uuid priority phase description created_at updated_at",
        .filters = {{"phase", "phase"}},
        .removesAll = true,
        .tooOld = TooOld::ChangesNotAllowed,
        .shape = wire::inspectionRuleShape,
        .rules = conductor::inspectionRuleRules};
    return kindOf(routes);
}

} // namespace bm::api
