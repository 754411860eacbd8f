#include "conductor/resources/port_group_rules.h"

#include "conductor/resources/resource_checks.h"
#include "db/repositories/resources/port_group_repository.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::PortGroup;

namespace {

void refusePortGroup(db::Transaction& tx, const Context&, const PortGroup& group, const PortGroup* before)
{
    requireNode(tx, group);
    if (before == nullptr || before->name != group.name)
        requireName(group.name, "portgroup");
    const auto taken = [&](std::string_view column, const std::string& value) {
        const std::optional<PortGroup> other =
            value.empty() ? std::nullopt : portGroupRules().repository().findBy(tx, column, value);
        return other && other->id != group.id;
    };
    if (taken("name", group.name))
        throw Error(ErrorCode::Conflict, "A portgroup with name " + group.name + " already exists.");
    if (taken("address", group.address))
        throw Error(ErrorCode::Conflict,
                    "A portgroup with MAC address " + group.address + " already exists.");
}

void refusePortGroupRemoval(db::Transaction& tx, const Context&, const PortGroup& group)
{
    if (!db::PortRepository{}.ofGroup(tx, group.id).empty())
        throw Error(ErrorCode::InvalidInput, "Cannot complete the requested action because portgroup " +
                                                 group.id.uuid + " contains ports.");
}

} // namespace

const ResourceRules<PortGroup>& portGroupRules()
{
    static const ResourceRules<PortGroup> rules{"Portgroup",
                                                "portgroup",
                                                {model::EventKind::PortgroupCreated,
                                                 model::EventKind::PortgroupChanged,
                                                 model::EventKind::PortgroupDeleted},
                                                db::portGroupRepository,
                                                "name",
                                                nodeOf<PortGroup>,
                                                refusePortGroup,
                                                refusePortGroupRemoval};
    return rules;
}

template class Resources<PortGroup>;

} // namespace bm::conductor
