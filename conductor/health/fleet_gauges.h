#pragma once
#include "conductor/core/context.h"

namespace bm::conductor {

/// Has the gauges of the fleet (nodes, operations, images, agents, rollouts) counted at every scrape.
/// @p context must outlive the last scrape.
void measureFleet(const Context& context);

} // namespace bm::conductor
