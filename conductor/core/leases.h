#pragma once
#include "conductor/core/context.h"

#include <optional>
#include <string>

namespace bm::conductor {

/// The IP address of the live lease of one of the node's MAC addresses, by the lease file of bmd's own DHCP
/// server. Nothing where bmd does not manage DHCP: log lines and events only inform.
std::optional<std::string> leasedAddressOf(db::Transaction& tx, const Context& context,
                                           const model::NodeId& node);

/// True if the host at @p peerAddress holds a live lease of one of the node's MAC addresses by that file.
bool holdsLeaseOf(db::Transaction& tx, const Context& context, const model::NodeId& node,
                  const std::string& peerAddress);

} // namespace bm::conductor
