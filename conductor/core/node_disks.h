#pragma once
#include "common/wire/agent/disk_rules.h"
#include "common/wire/steps/deploy_options.h"
#include "conductor/core/context.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// The rules that the agent of @p node gets with each step; without the expected disks.
wire::DiskRules diskRulesOf(const model::Node& node, const Settings& settings);
/// True if the node has disks to skip, also where properties/skip_block_devices cannot be read.
bool skipsDisks(const model::Node& node);
/// The root device hints of instance_info, else of properties; nothing: neither has any.
std::optional<std::string> rootDeviceOf(const model::Node& node);
/// The disks of the last RAM disk boot; skipped ones are no candidates. Empty without a readable inventory.
/// @throws Error InvalidInput for a list of skipped disks that cannot be read
std::vector<wire::Disk> lastSeenDisks(const model::Node& node);
/// Stores the inventory of a RAM disk boot in @p node, with the disks that earlier boots had and this one
/// lacks.
void keepInventory(model::Node& node, const model::JsonText& inventory);
/// The disks that earlier boots had and the last one lacked, for DiskRules::expected: missing_disks of
/// driver_internal_info.
std::optional<model::JsonText> missingDisks(const model::Node& node);
/// After an inspection: the disks that it did not find were taken out.
void forgetMissingDisks(model::Node& node);
/// Refuses hints of a deployment that match skipped disks only, by the last RAM disk boot.
/// @throws Error DiskNotFound; InvalidInput for rules or hints that cannot be read
void refuseSkippedDisks(const model::Node& node, const wire::DeployOptions& options);
/// For a plan: "never writes /dev/sdb (...)"; "": no disk is skipped.
std::string skippedDisksText(const model::Node& node);

} // namespace bm::conductor
