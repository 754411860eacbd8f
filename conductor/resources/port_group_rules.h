#pragma once
#include "common/model/resources/port_group.h"
#include "conductor/resources/resources.h"

namespace bm::conductor {

const ResourceRules<model::PortGroup>& portGroupRules();
extern template class Resources<model::PortGroup>;

} // namespace bm::conductor
