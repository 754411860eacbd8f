#include "conductor/resources/chassis_rules.h"

#include "conductor/resources/resource_checks.h"
#include "db/repositories/resources/chassis_repository.h"

namespace bm::conductor {

using model::Chassis;
using model::Error;
using model::ErrorCode;

namespace {

void refuseChassis(db::Transaction&, const Context&, const Chassis&, const Chassis*) {}

void refuseChassisRemoval(db::Transaction& tx, const Context&, const Chassis& chassis)
{
    if (!db::NodeRepository{}.list(tx, {.chassisUuid = chassis.id.uuid, .limit = 1}).empty())
        throw Error(ErrorCode::InvalidInput,
                    "Cannot complete the requested action because chassis " + chassis.id.uuid +
                        " contains nodes.",
                    "take them out: bm node set NODE --set chassis_uuid=...");
}

} // namespace

const ResourceRules<Chassis>& chassisRules()
{
    static const ResourceRules<Chassis> rules{"Chassis",
                                              "chassis",
                                              {model::EventKind::ChassisCreated,
                                               model::EventKind::ChassisChanged,
                                               model::EventKind::ChassisDeleted},
                                              db::chassisRepository,
                                              "",
                                              noNode<Chassis>,
                                              refuseChassis,
                                              refuseChassisRemoval};
    return rules;
}

template class Resources<Chassis>;

} // namespace bm::conductor
