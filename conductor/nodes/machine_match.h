#pragma once
#include "conductor/core/context.h"

namespace bm::conductor {

/// Before anything confidential leaves: the machine that @p inventory describes is the one that was enrolled,
/// by system UUID or serial number where the node's properties or extra name them, else by a MAC address of
/// its ports.
/// @throws Error Forbidden saying what was expected
void requireKnownMachine(db::Transaction& tx, const model::Node& node, const model::JsonText& inventory);

} // namespace bm::conductor
