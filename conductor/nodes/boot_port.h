#pragma once
#include "conductor/core/context.h"

namespace bm::conductor {

/// True if @p node has a port that boots by the network; a simulated machine needs none.
bool hasBootPort(db::Transaction& tx, const Context& context, const model::Node& node);
/// @throws Error InvalidInput when @p node, a real machine, has no port to boot from
void requireBootPort(db::Transaction& tx, const Context& context, const model::Node& node);

} // namespace bm::conductor
