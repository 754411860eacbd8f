#pragma once
#include "common/model/resources/chassis.h"
#include "conductor/resources/resources.h"

namespace bm::conductor {

const ResourceRules<model::Chassis>& chassisRules();
extern template class Resources<model::Chassis>;

} // namespace bm::conductor
