#pragma once
#include "common/model/resources/port_group.h"
#include "common/wire/resources/resource_shape.h"

namespace bm::wire {

const ResourceShape<model::PortGroup>& portGroupShape();
extern template class ResourceShape<model::PortGroup>;

} // namespace bm::wire
