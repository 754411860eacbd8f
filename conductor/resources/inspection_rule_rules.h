#pragma once
#include "common/model/resources/inspection_rule.h"
#include "conductor/resources/resources.h"

namespace bm::conductor {

const ResourceRules<model::InspectionRule>& inspectionRuleRules();
extern template class Resources<model::InspectionRule>;

} // namespace bm::conductor
