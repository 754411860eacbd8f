#pragma once
#include "conductor/core/context.h"

namespace bm::conductor {

/// True if @p node has a port that boots by the network, or its hardware type needs none.
bool hasBootPort(db::Transaction& tx, const Context& context, const model::Node& node);
/// @throws Error InvalidInput when hasBootPort() is false
void requireBootPort(db::Transaction& tx, const Context& context, const model::Node& node);

} // namespace bm::conductor
