#pragma once
#include "conductor/core/base_context.h"

namespace bm::conductor {

/// Counts nodes, operations, images, agents and rollouts at every scrape.
/// The members of @p context must outlive the last scrape.
void measureFleet(BaseContext context);

} // namespace bm::conductor
