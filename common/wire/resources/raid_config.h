#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace bm::wire {

/// Checks the list logical_disks of a RAID configuration by Ironic's schema (raid_config_schema.json). @param
/// field  names the list in refusals: "logical_disks". @throws Error InvalidInput, also for an empty list
void checkLogicalDisks(const nlohmann::json& disks, const std::string& field);

/// Checks a whole configuration: an object with logical_disks alone. @throws Error InvalidInput
void checkRaidConfig(const nlohmann::json& config, const std::string& field);

} // namespace bm::wire
