#include "conductor/nodes/boot_port.h"

#include "conductor/core/nodes.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

void requireBootPort(db::Transaction& tx, const Context& context, const model::Node& node)
{
    if (hardwareOf(context, node).simulated)
        return;
    for (const model::Port& port : db::PortRepository{}.ofNode(tx, node.id))
        if (port.pxeEnabled)
            return;
    throw Error(ErrorCode::InvalidInput, "node " + node.id.uuid + " has no port to boot from",
                "give it the MAC address of its boot NIC: bm node set " +
                    (node.name.empty() ? node.id.uuid : node.name) + " --mac 52:54:00:...");
}

} // namespace bm::conductor
