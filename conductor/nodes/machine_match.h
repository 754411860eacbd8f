#pragma once
#include "conductor/core/context.h"

namespace bm::conductor {

/// Checks that @p inventory describes the enrolled machine, before bm sends it anything confidential: by
/// system UUID or serial number where the node's properties or extra have them, else by a MAC address of its
/// ports.
/// @throws Error Forbidden with the expected value
void requireKnownMachine(db::Transaction& tx, const model::Node& node, const model::JsonText& inventory);

} // namespace bm::conductor
