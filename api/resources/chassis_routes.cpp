#include "api/resources/resource_api.cpp.h"
#include "common/wire/resources/chassis_fields.h"
#include "conductor/resources/chassis_rules.h"

namespace bm::api {

ResourceKind chassisKind()
{
    static const ResourceRoutes<model::Chassis> routes{.path = "/v1/chassis",
                                                       .list = "chassis",
                                                       .schema = "Chassis",
                                                       .ofNode = "",
                                                       .sortable = "uuid description created_at updated_at",
                                                       .shape = wire::chassisShape,
                                                       .rules = conductor::chassisRules};
    return kindOf(routes);
}

} // namespace bm::api
