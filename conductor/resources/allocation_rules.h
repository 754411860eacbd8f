#pragma once
#include "common/model/resources/allocation.h"
#include "conductor/resources/resources.h"

namespace bm::conductor {

const ResourceRules<model::Allocation>& allocationRules();
extern template class Resources<model::Allocation>;

} // namespace bm::conductor
