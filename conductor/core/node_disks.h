#pragma once
#include "common/wire/agent/disk_rules.h"
#include "common/wire/steps/deploy_options.h"
#include "conductor/core/context.h"

#include <optional>
#include <string>
#include <vector>

namespace bm::conductor {

/// The rules that the agent of @p node gets with each step.
wire::DiskRules diskRulesOf(const model::Node& node, const Settings& settings);
/// True if the node has disks to skip, also where properties/skip_block_devices cannot be read.
bool skipsDisks(const model::Node& node);
/// The root device hints of instance_info, else of properties; nothing: neither has any.
std::optional<std::string> rootDeviceOf(const model::Node& node);
/// The disks of the last RAM disk boot; skipped ones are no candidates. Empty without a readable inventory.
/// @throws Error InvalidInput for a list of skipped disks that cannot be read
std::vector<wire::Disk> lastSeenDisks(const model::Node& node);
/// Refuses hints of a deployment that match skipped disks only, by the last RAM disk boot.
/// @throws Error DiskNotFound; InvalidInput for rules or hints that cannot be read
void refuseSkippedDisks(const model::Node& node, const wire::DeployOptions& options);
/// For a plan: "never writes /dev/sdb (...)"; "": no disk is skipped.
std::string skippedDisksText(const model::Node& node);

} // namespace bm::conductor
