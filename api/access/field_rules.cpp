#include "api/access/field_rules.h"

#include "api/access/access_levels.h"
#include "common/model/error.h"
#include "common/model/interfaces.h"

#include <algorithm>
#include <array>

namespace bm::api {

namespace {

constexpr std::string_view kNodesPath = "/v1/nodes";
constexpr std::string_view kTargetsPath = "/v1/volume/targets";
constexpr std::string_view kAllocationsPath = "/v1/allocations";
constexpr std::string_view kRunbooksPath = "/v1/runbooks";
constexpr FreeValue kNone = FreeValue::None;

// clang-format off
constexpr auto kFieldRows = std::to_array<FieldRow>({
    {kNodesPath, "automated_clean", "baremetal:node:disable_cleaning", kSystemAdmin, FreeValue::True},
    {kNodesPath, "chassis_uuid", "baremetal:node:update:chassis_uuid", kSystemAdmin},
    {kNodesPath, "conductor_group", "baremetal:node:update:conductor_group", kSystemMember},
    {kNodesPath, "disable_power_off", "baremetal:node:update:disable_power_off", kSystemAdmin},
    {kNodesPath, "driver", "baremetal:node:update:driver_interfaces", kOwnerManager},
    {kNodesPath, "driver_info", "baremetal:node:update:driver_info", kOwnerMember, kNone, "baremetal:node:get:driver_info", kOwnerReader},
    {kNodesPath, "driver_internal_info", "", {}, kNone, "baremetal:node:get:driver_internal_info", kOwnerReader},
    {kNodesPath, "extra", "baremetal:node:update_extra", kProjectMember},
    {kNodesPath, "instance_info", "baremetal:node:update_instance_info", kOwnerMemberLesseeManager},
    {kNodesPath, "instance_uuid", "baremetal:node:update:instance_uuid", kOwnerMember},
    {kNodesPath, "last_error", "", {}, kNone, "baremetal:node:get:last_error", kOwnerReader},
    {kNodesPath, "lessee", "baremetal:node:update:lessee", kOwnerMember},
    {kNodesPath, "maintenance", "baremetal:node:set_maintenance", kOwnerMemberLesseeManager}, // as PUT maintenance
    {kNodesPath, "name", "baremetal:node:update:name", kOwnerMember},
    {kNodesPath, "network_data", "baremetal:node:update:network_data", kOwnerMember},
    {kNodesPath, "owner", "baremetal:node:update:owner", kSystemMember, FreeValue::OwnProject},
    {kNodesPath, "parent_node", "baremetal:node:update:parent_node", kSystemMember},
    {kNodesPath, "properties", "baremetal:node:update:properties", kOwnerMember},
    {kNodesPath, "reservation", "", {}, kNone, "baremetal:node:get:reservation", kOwnerReader},
    {kNodesPath, "retired", "baremetal:node:update:retired", kOwnerMember},
    {kNodesPath, "retired_reason", "baremetal:node:update:retired", kOwnerMember},
    {kNodesPath, "shard", "baremetal:node:update:shard", kSystemAdmin},

    {kTargetsPath, "properties", "", {}, kNone, "baremetal:volume:view_target_properties", kTargetProperties},
    {kAllocationsPath, "owner", "baremetal:allocation:create_restricted", kSystemMember, FreeValue::OwnProject},
    {kRunbooksPath, "owner", "baremetal:runbook:update:owner", kSystemMember, FreeValue::OwnProject},
    {kRunbooksPath, "public", "baremetal:runbook:update:public", kSystemMember, FreeValue::False},
});
constexpr FieldRow kInterfaceRow{kNodesPath, "", "baremetal:node:update:driver_interfaces", kOwnerManager};
// clang-format on

bool isInterface(std::string_view field)
{
    constexpr std::string_view kEnd = "_interface";
    if (!field.ends_with(kEnd))
        return false;
    const std::string_view kind = field.substr(0, field.size() - kEnd.size());
    return std::ranges::any_of(model::interfaceKinds(),
                               [&](const auto& known) { return known.name == kind; });
}

} // namespace

std::span<const FieldRow> fieldRows()
{
    return kFieldRows;
}

const FieldRow* fieldRowOf(std::string_view collection, std::string_view field)
{
    if (collection == kNodesPath && isInterface(field))
        return &kInterfaceRow;
    const auto* const found = std::ranges::find_if(
        kFieldRows, [&](const FieldRow& row) { return row.collection == collection && row.field == field; });
    return found == kFieldRows.end() ? nullptr : found;
}

const FieldRow& targetPropertiesRow()
{
    const FieldRow* row = fieldRowOf(kTargetsPath, "properties");
    BM_ASSERT(row != nullptr);
    return *row;
}

} // namespace bm::api
