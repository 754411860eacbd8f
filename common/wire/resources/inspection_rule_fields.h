#pragma once
#include "common/model/resources/inspection_rule.h"
#include "common/wire/resources/resource_shape.h"

#include <span>
#include <string_view>

namespace bm::wire {

/// An operator of a rule's condition or action and the names of its arguments, in the order of a list of
/// values without names. Source: Ironic's inspection rules (1.96).
struct RuleOperator {
    std::string_view name;
    std::span<const std::string_view> args; ///< required, except those with '?' in front
};
std::span<const RuleOperator> ruleConditionOperators();
std::span<const RuleOperator> ruleActionOperators();

const ResourceShape<model::InspectionRule>& inspectionRuleShape();
extern template class ResourceShape<model::InspectionRule>;

} // namespace bm::wire
