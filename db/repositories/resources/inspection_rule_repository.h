#pragma once
#include "common/model/resources/inspection_rule.h"
#include "db/repositories/resources/resource_repository.h"

namespace bm::db {

const ResourceRepository<model::InspectionRule>& inspectionRuleRepository();

} // namespace bm::db
