#include "conductor/machines/drive_access.h"

#include "common/platform/log.h"
#include "conductor/core/leases.h"

namespace bm::conductor {

using model::Error;
using model::ErrorCode;

void requireDriveAccess(db::Transaction& tx, const Context& context, const model::NodeId& node,
                        const std::string& peerAddress)
{
    const ConfigDriveLevel level = context.settings.configDriveLevel;
    if (level == ConfigDriveLevel::Window ||
        (level == ConfigDriveLevel::Lease && holdsLeaseOf(tx, context, node, peerAddress)))
        return;
    platform::logWarning("boot", "the configuration drive of node {} is refused to {}: level {}", node.uuid,
                         peerAddress, toText(level));
    throw Error(ErrorCode::Forbidden, "the configuration drive is not for this machine",
                "bmd's log has the reason; security.config_drive: docs/security.md");
}

} // namespace bm::conductor
