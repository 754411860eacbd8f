#pragma once
#include "conductor/nodes/inspection_rules.h"

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bm::conductor {

/// The keys of "inventory[cpu][count]" or "node.driver_info.x", outermost first.
std::vector<std::string> ruleKeys(std::string_view text);

/// The member @p key of an object, or the element of that index of an array; nullptr where there is none.
const nlohmann::json* memberAt(const nlohmann::json& value, const std::string& key);

/// True if @p text has a value's name in braces: "{node...}", "{inventory...}", "{plugin_data...}" or
/// "{item...}". Other braces are text: the "{4}" of a regular expression.
bool namesRuleValue(std::string_view text);

/// Replaces names in braces by values. Borrows the facts and the item of the loop (null outside a loop).
class RuleValues {
public:
    RuleValues(const InspectionFacts& facts, const nlohmann::json* item) : facts_(facts), item_(item) {}

    /// @p argument with its names replaced, at every depth. A text that is nothing but one name takes the
    /// value's type, null where there is no such value.
    nlohmann::json resolved(const nlohmann::json& argument) const;

private:
    nlohmann::json resolvedText(const std::string& text) const;
    nlohmann::json valueAt(const std::string& name) const;
    const nlohmann::json* root(const std::string& name) const;

    const InspectionFacts& facts_;
    const nlohmann::json* item_;
};

} // namespace bm::conductor
