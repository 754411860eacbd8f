#pragma once
#include "common/model/resources/port.h"
#include "common/wire/resources/resource_shape.h"

namespace bm::wire {

const ResourceShape<model::Port>& portShape();
extern template class ResourceShape<model::Port>;

} // namespace bm::wire
