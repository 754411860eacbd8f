#pragma once
#include "conductor/core/context.h"

namespace bm::conductor {

/// Counts nodes, operations, images, agents and rollouts at every scrape.
/// @p context must outlive the last scrape.
void measureFleet(const Context& context);

} // namespace bm::conductor
