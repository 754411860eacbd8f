#pragma once
#include "common/model/resources/allocation.h"
#include "common/wire/resources/resource_shape.h"

namespace bm::wire {

/// "node" of POST (backfill, 1.58) is a name or uuid, which the caller resolves.
const ResourceShape<model::Allocation>& allocationShape();
extern template class ResourceShape<model::Allocation>;

} // namespace bm::wire
