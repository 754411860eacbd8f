#include "conductor/nodes/boot_port.h"

#include "conductor/core/nodes.h"

#include <algorithm>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

bool hasBootPort(db::Transaction& tx, const Context& context, const model::Node& node)
{
    if (!hardwareOf(context, node).needsBootPort)
        return true;
    const std::vector<model::Port> ports = db::PortRepository{}.ofNode(tx, node.id);
    return std::ranges::any_of(ports, [](const model::Port& port) { return port.pxeEnabled; });
}

void requireBootPort(db::Transaction& tx, const Context& context, const model::Node& node)
{
    if (hasBootPort(tx, context, node))
        return;
    throw Error(ErrorCode::InvalidInput, "node " + node.id.uuid + " has no port to boot from",
                "give it the MAC address of its boot NIC: bm node set " +
                    (node.name.empty() ? node.id.uuid : node.name) + " --mac 52:54:00:...");
}

} // namespace bm::conductor
