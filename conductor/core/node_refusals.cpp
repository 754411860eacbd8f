#include "conductor/core/node_refusals.h"

#include "conductor/core/nodes.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;
using model::Node;

void refuseMaintenance(const Node& node)
{
    if (node.maintenance)
        throw Error(ErrorCode::Conflict,
                    "The provisioning operation can't be performed on node " + node.id.uuid +
                        " because it's in maintenance mode." +
                        (node.maintenanceReason.empty() ? "" : " Reason: " + node.maintenanceReason),
                    "end it: bm node set " + (node.name.empty() ? node.id.uuid : node.name) +
                        " --no-maintenance");
}

void refuseProtected(const Node& node)
{
    if (node.isProtected)
        throw Error(ErrorCode::NodeProtected,
                    "Node " + node.id.uuid + " is protected and can not be undeployed, rebuilt or deleted." +
                        (node.protectedReason.empty() ? "" : " Reason: " + node.protectedReason),
                    "take the protection off first: bm node set " +
                        (node.name.empty() ? node.id.uuid : node.name) + " protected=false");
}

void refusePowerOff(const Node& node)
{
    if (node.disablePowerOff)
        throw Error(ErrorCode::Conflict,
                    "Node " + node.id.uuid + " has disable_power_off: it can not be powered off.",
                    "reboot it, or clear the flag: bm node set " +
                        (node.name.empty() ? node.id.uuid : node.name) + " disable_power_off=false");
}

void refuseBusy(db::Transaction& tx, const Context& context, const Node& node)
{
    if (const std::optional<model::Operation> current = db::OperationRepository{}.current(tx, node.id))
        throw lockedError(node, *current, context.settings.conductorName);
}

} // namespace bm::conductor
