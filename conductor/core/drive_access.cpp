#include "conductor/core/drive_access.h"

#include "common/platform/log.h"
#include "pxe/lease_file.h"

#include <algorithm>

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

namespace {

bool holdsLease(db::Transaction& tx, const Context& context, const model::NodeId& node,
                const std::string& peerAddress)
{
    const std::optional<model::MacAddress> mac =
        pxe::leaseHolderIn(context.settings.leaseFile, peerAddress, context.clock.now());
    return mac && std::ranges::any_of(db::PortRepository{}.ofNode(tx, node),
                                      [&](const model::Port& port) { return port.mac == *mac; });
}

} // namespace

void requireDriveAccess(db::Transaction& tx, const Context& context, const model::NodeId& node,
                        const std::string& peerAddress)
{
    const ConfigDriveLevel level = context.settings.configDriveLevel;
    if (level == ConfigDriveLevel::Window ||
        (level == ConfigDriveLevel::Lease && holdsLease(tx, context, node, peerAddress)))
        return;
    platform::logWarning("boot", "the configuration drive of node {} is refused to {}: level {}", node.uuid,
                         peerAddress, toText(level));
    throw Error(ErrorCode::Forbidden, "the configuration drive is not for this machine",
                "bmd's log has the reason; security.config_drive: docs/security.md");
}

} // namespace bm::conductor
