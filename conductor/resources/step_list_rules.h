#pragma once
#include "common/model/resources/step_list.h"
#include "conductor/resources/resources.h"

namespace bm::conductor {

const ResourceRules<model::DeployTemplate>& deployTemplateRules();
const ResourceRules<model::Runbook>& runbookRules();
extern template class Resources<model::DeployTemplate>;
extern template class Resources<model::Runbook>;

} // namespace bm::conductor
