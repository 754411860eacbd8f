#pragma once
#include "conductor/core/context.h"

#include <string>

namespace bm::conductor {

/// Refuses the configuration drive of @p node to the machine at @p peerAddress by Settings::configDriveLevel.
/// @throws Error Forbidden; the message does not say what would be right
void requireDriveAccess(db::Transaction& tx, const Context& context, const model::NodeId& node,
                        const std::string& peerAddress);

} // namespace bm::conductor
