#pragma once
#include "common/model/resources/step_list.h"
#include "db/repositories/resources/resource_repository.h"

namespace bm::db {

const ResourceRepository<model::DeployTemplate>& deployTemplateRepository();
const ResourceRepository<model::Runbook>& runbookRepository();

} // namespace bm::db
