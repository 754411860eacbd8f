#pragma once
#include "conductor/core/context.h"

#include <optional>
#include <string>

namespace bm::conductor {

/// The IP address of the live lease of one of the node's MAC addresses, by the lease file of bmd's own DHCP
/// server. Nothing where bmd does not manage DHCP: log lines and events only inform.
std::optional<std::string> leasedAddressOf(db::Transaction& tx, const Context& context,
                                           const model::NodeId& node);

} // namespace bm::conductor
