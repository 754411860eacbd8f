#include "conductor/core/size_limits.h"

#include "common/model/error.h"
#include "common/wire/json/stored_json.h"

#include <array>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::conductor {
namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;
constexpr std::size_t kObject = 64 * kKiB; ///< an object of a node: Ironic's database has the same limit
constexpr std::size_t kPart = 16 * kKiB;   ///< an object of a port or a volume, of which a node has several
constexpr std::size_t kSmall = 4 * kKiB;   ///< an object of few members
// Of texts, whose characters common/wire/resources limits as Ironic does: four bytes a character.
constexpr std::size_t kName = std::size_t{4} * 255;
constexpr std::size_t kSentences = std::size_t{4} * 4096;
constexpr std::size_t kInventory = 2 * kMiB;
constexpr std::size_t kMostTraits = 50; ///< as in Ironic

inline const std::string& plain(const std::string& text)
{
    return text;
}
inline const std::string& plain(const model::JsonText& json)
{
    return json.text;
}
template <class T, auto Member> const std::string& textIn(const T& item)
{
    return plain(item.*Member);
}
template <auto Member> struct OwnerOf;
template <class T, class M, M T::*Member> struct OwnerOf<Member> {
    using type = T;
};
/// A row of the table.
template <auto Member>
constexpr auto limit(std::string_view column, std::size_t bytes, std::size_t entries = 0)
{
    using T = typename OwnerOf<Member>::type;
    return SizeLimit<T>{{column, bytes, entries}, textIn<T, Member>};
}

/// A row for a column of bm's own data.
template <auto Member> constexpr auto own(std::string_view column, std::size_t bytes)
{
    auto row = limit<Member>(column, bytes);
    row.rule.counted = false;
    return row;
}

using model::Node;

constexpr auto kNodes = std::to_array<SizeLimit<Node>>({
    limit<&Node::driverInfo>("driver_info", kObject),
    limit<&Node::properties>("properties", kObject),
    limit<&Node::instanceInfo>("instance_info", kObject),
    own<&Node::driverInternalInfo>("driver_internal_info", kInventory + 512 * kKiB), // VIFs have their limit
    limit<&Node::extra>("extra", kObject),
    limit<&Node::traits>("traits", kPart, kMostTraits),
    limit<&Node::networkData>("network_data", kObject),
    limit<&Node::raidConfig>("raid_config", kObject),
    limit<&Node::targetRaidConfig>("target_raid_config", kObject),
    limit<&Node::interfaces>("interfaces", kSmall),
    limit<&Node::instanceUuid>("instance_uuid", kName),
    limit<&Node::instanceName>("instance_name", kName),
    limit<&Node::resourceClass>("resource_class", kName),
    limit<&Node::owner>("owner", kName),
    limit<&Node::lessee>("lessee", kName),
    limit<&Node::description>("description", kSentences),
    limit<&Node::conductorGroup>("conductor_group", kName),
    limit<&Node::chassisUuid>("chassis_uuid", kName),
    limit<&Node::shard>("shard", kName),
    limit<&Node::parentNode>("parent_node", kName),
    limit<&Node::maintenanceReason>("maintenance_reason", kSentences),
    limit<&Node::protectedReason>("protected_reason", kSentences),
    limit<&Node::retiredReason>("retired_reason", kSentences),
});

constexpr auto kPorts = std::to_array<SizeLimit<model::Port>>({
    limit<&model::Port::extra>("extra", kPart),
    limit<&model::Port::localLinkConnection>("local_link_connection", kSmall),
    limit<&model::Port::name>("name", kName),
    limit<&model::Port::physicalNetwork>("physical_network", kName),
    limit<&model::Port::description>("description", kSentences),
    limit<&model::Port::vendor>("vendor", kName),
    limit<&model::Port::category>("category", kName),
});

constexpr auto kPortGroups = std::to_array<SizeLimit<model::PortGroup>>({
    limit<&model::PortGroup::properties>("properties", kPart),
    limit<&model::PortGroup::extra>("extra", kPart),
    limit<&model::PortGroup::name>("name", kName),
    limit<&model::PortGroup::mode>("mode", kName),
    limit<&model::PortGroup::physicalNetwork>("physical_network", kName),
    limit<&model::PortGroup::category>("category", kName),
});

constexpr auto kVolumeConnectors = std::to_array<SizeLimit<model::VolumeConnector>>({
    limit<&model::VolumeConnector::extra>("extra", kPart),
    limit<&model::VolumeConnector::connectorId>("connector_id", kName),
});

constexpr auto kVolumeTargets = std::to_array<SizeLimit<model::VolumeTarget>>({
    limit<&model::VolumeTarget::properties>("properties", kPart),
    limit<&model::VolumeTarget::extra>("extra", kPart),
    limit<&model::VolumeTarget::volumeType>("volume_type", kName),
    limit<&model::VolumeTarget::volumeId>("volume_id", kName),
});

constexpr auto kChassis = std::to_array<SizeLimit<model::Chassis>>({
    limit<&model::Chassis::extra>("extra", kObject),
    limit<&model::Chassis::description>("description", kSentences),
});

constexpr auto kAllocations = std::to_array<SizeLimit<model::Allocation>>({
    limit<&model::Allocation::candidateNodes>("candidate_nodes", kObject),
    limit<&model::Allocation::traits>("traits", kPart, kMostTraits),
    limit<&model::Allocation::extra>("extra", kPart),
    limit<&model::Allocation::name>("name", kName),
    limit<&model::Allocation::resourceClass>("resource_class", kName),
    limit<&model::Allocation::owner>("owner", kName),
});

constexpr auto kDeployTemplates = std::to_array<SizeLimit<model::DeployTemplate>>({
    limit<&model::DeployTemplate::steps>("steps", kObject),
    limit<&model::DeployTemplate::extra>("extra", kObject),
});

constexpr auto kRunbooks = std::to_array<SizeLimit<model::Runbook>>({
    limit<&model::Runbook::steps>("steps", kObject),
    limit<&model::Runbook::traits>("traits", kPart, kMostTraits),
    limit<&model::Runbook::extra>("extra", kObject),
    limit<&model::Runbook::description>("description", kSentences),
    limit<&model::Runbook::owner>("owner", kName),
});

constexpr auto kInspectionRules = std::to_array<SizeLimit<model::InspectionRule>>({
    limit<&model::InspectionRule::conditions>("conditions", kObject),
    limit<&model::InspectionRule::actions>("actions", kObject),
    limit<&model::InspectionRule::description>("description", kSentences),
});

constexpr auto kImages = std::to_array<SizeLimit<model::Image>>({
    limit<&model::Image::labels>("labels", kPart),
});

constexpr auto kRollouts = std::to_array<SizeLimit<model::Rollout>>({
    limit<&model::Rollout::request>("request", kMiB), // without the sealed configuration drive
});

constexpr auto kSchedules = std::to_array<SizeLimit<model::Schedule>>({
    limit<&model::Schedule::rollout>("rollout", kMiB),
    limit<&model::Schedule::maintenance>("maintenance", kPart),
    limit<&model::Schedule::blackout>("blackout", kPart),
});

constexpr auto kWebhooks = std::to_array<SizeLimit<model::Webhook>>({
    limit<&model::Webhook::kinds>("kinds", kSmall),
});

constexpr auto kOperations = std::to_array<SizeLimit<model::Operation>>({
    limit<&model::Operation::request>("request", 256 * kKiB), // steps, layouts, root device hints
});

constexpr auto kInventories = std::to_array<SizeLimit<db::NodeInventory>>({
    limit<&db::NodeInventory::inventory>("inventory", kInventory),
    limit<&db::NodeInventory::pluginData>("plugin_data", kInventory),
});

constexpr auto kAgents = std::to_array<SizeLimit<db::AgentRecord>>({
    limit<&db::AgentRecord::inventory>("inventory", kInventory),
    limit<&db::AgentRecord::bootId>("boot_id", kName),
    limit<&db::AgentRecord::version>("version", kName),
});

} // namespace

template <> std::span<const SizeLimit<model::Node>> sizeLimits()
{
    return kNodes;
}
template <> std::span<const SizeLimit<model::Port>> sizeLimits()
{
    return kPorts;
}
template <> std::span<const SizeLimit<model::PortGroup>> sizeLimits()
{
    return kPortGroups;
}
template <> std::span<const SizeLimit<model::VolumeConnector>> sizeLimits()
{
    return kVolumeConnectors;
}
template <> std::span<const SizeLimit<model::VolumeTarget>> sizeLimits()
{
    return kVolumeTargets;
}
template <> std::span<const SizeLimit<model::Chassis>> sizeLimits()
{
    return kChassis;
}
template <> std::span<const SizeLimit<model::Allocation>> sizeLimits()
{
    return kAllocations;
}
template <> std::span<const SizeLimit<model::DeployTemplate>> sizeLimits()
{
    return kDeployTemplates;
}
template <> std::span<const SizeLimit<model::Runbook>> sizeLimits()
{
    return kRunbooks;
}
template <> std::span<const SizeLimit<model::InspectionRule>> sizeLimits()
{
    return kInspectionRules;
}
template <> std::span<const SizeLimit<model::Image>> sizeLimits()
{
    return kImages;
}
template <> std::span<const SizeLimit<model::Rollout>> sizeLimits()
{
    return kRollouts;
}
template <> std::span<const SizeLimit<model::Schedule>> sizeLimits()
{
    return kSchedules;
}
template <> std::span<const SizeLimit<model::Webhook>> sizeLimits()
{
    return kWebhooks;
}
template <> std::span<const SizeLimit<model::Operation>> sizeLimits()
{
    return kOperations;
}
template <> std::span<const SizeLimit<db::NodeInventory>> sizeLimits()
{
    return kInventories;
}
template <> std::span<const SizeLimit<db::AgentRecord>> sizeLimits()
{
    return kAgents;
}

namespace {

std::size_t entriesOf(const std::string& list)
{
    const nlohmann::json parsed = wire::valueOf(model::JsonText{list});
    return parsed.is_array() ? parsed.size() : 0;
}

} // namespace

std::optional<std::string> excessOf(const SizeRule& rule, const std::string& text, const std::string* before)
{
    if (text.size() > rule.bytes && (before == nullptr || text.size() > before->size()))
        return fmt::format("{} bytes, but the limit is {}", text.size(), rule.bytes);
    if (rule.entries == 0 || text.size() <= rule.entries) // an entry takes a byte at least
        return std::nullopt;
    const std::size_t entries = entriesOf(text);
    if (entries > rule.entries && (before == nullptr || entries > entriesOf(*before)))
        return fmt::format("{} entries, but the limit is {}", entries, rule.entries);
    return std::nullopt;
}

void refuseExcess(const SizeRule& rule, const std::string& excess)
{
    throw model::Error(model::ErrorCode::TooLarge, fmt::format("{}: {}", rule.column, excess),
                       "keep large data elsewhere, and its address here");
}

} // namespace bm::conductor
