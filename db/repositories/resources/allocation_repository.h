#pragma once
#include "common/model/resources/allocation.h"
#include "db/repositories/resources/resource_repository.h"

namespace bm::db {

const ResourceRepository<model::Allocation>& allocationRepository();

} // namespace bm::db
