#pragma once
#include "common/model/resources/inspection_rule.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::conductor {

/// The documents that inspection rules read and change. All objects.
struct InspectionFacts {
    nlohmann::json node;      ///< name, driver, properties, driver_info, extra, traits ...
    nlohmann::json inventory; ///< as the agent found it; read only
    nlohmann::json pluginData = nlohmann::json::object();
    std::vector<nlohmann::json> ports{}; ///< uuid, address, extra ...
    std::vector<std::string> messages{}; ///< of the action "log"
};

/// Applies @p rules, those of the highest priority first, each if all of its conditions hold: after Ironic's
/// inspection rules (1.96). In arguments "{inventory[cpu][count]}", "{node.name}", "{plugin_data[x]}" and in
/// a loop "{item}" stand for values; an argument that is nothing but one of them keeps its type.
/// @throws Error InvalidInput: the action "fail", or a rule that cannot be applied (which one, why)
void applyInspectionRules(std::vector<model::InspectionRule> rules, InspectionFacts& facts);

} // namespace bm::conductor
