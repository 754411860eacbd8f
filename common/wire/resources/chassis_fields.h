#pragma once
#include "common/model/resources/chassis.h"
#include "common/wire/resources/resource_shape.h"

namespace bm::wire {

const ResourceShape<model::Chassis>& chassisShape();
extern template class ResourceShape<model::Chassis>;

} // namespace bm::wire
