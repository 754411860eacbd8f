#pragma once
#include "common/model/resources/chassis.h"
#include "db/repositories/resources/resource_repository.h"

namespace bm::db {

const ResourceRepository<model::Chassis>& chassisRepository();

} // namespace bm::db
