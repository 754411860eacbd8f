#pragma once
#include "common/model/resources/port_group.h"
#include "db/repositories/resources/resource_repository.h"

namespace bm::db {

const ResourceRepository<model::PortGroup>& portGroupRepository();

} // namespace bm::db
