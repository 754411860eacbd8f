#include "conductor/resources/inspection_rule_rules.h"

#include "conductor/nodes/rule_patterns.h"
#include "conductor/resources/resource_checks.h"
#include "db/repositories/resources/inspection_rule_repository.h"

namespace bm::conductor {

using model::InspectionRule;

namespace {

void refuseRule(db::Transaction&, const Context&, const InspectionRule& rule, const InspectionRule*)
{
    requirePatterns(rule);
}

} // namespace

const ResourceRules<InspectionRule>& inspectionRuleRules()
{
    static const ResourceRules<InspectionRule> rules{"Inspection rule",
                                                     "inspection rule",
                                                     {model::EventKind::InspectionRuleCreated,
                                                      model::EventKind::InspectionRuleChanged,
                                                      model::EventKind::InspectionRuleDeleted},
                                                     db::inspectionRuleRepository,
                                                     "",
                                                     noNode<InspectionRule>,
                                                     refuseRule,
                                                     allowRemoval<InspectionRule>};
    return rules;
}

template class Resources<InspectionRule>;

} // namespace bm::conductor
