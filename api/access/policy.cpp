#include "api/access/policy.h"

#include "api/access/access_levels.h"

#include <array>
#include <string>
#include <unordered_map>

namespace bm::api {

namespace {

// clang-format off
constexpr auto kRows = std::to_array<PolicyRow>({
    {"GET /", "public_api", Subject::Open, {}},
    {"GET /v1", "public_api", Subject::Open, {}},
    {"GET /v1/lookup", "baremetal:driver:ipa_lookup", Subject::Open, {}},
    {"POST /v1/heartbeat/{ident}", "baremetal:node:ipa_heartbeat", Subject::Open, {}},
    {"POST /v1/continue_inspection", "baremetal:driver:ipa_continue_inspection", Subject::Open, {}},
    {"GET /v1/openapi.json", "bm:openapi:get", Subject::Shared, kAnyReader},

    {"GET /v1/nodes", "baremetal:node:list", Subject::List, kAnyReader},
    {"GET /v1/nodes/detail", "baremetal:node:list", Subject::List, kAnyReader},
    {"POST /v1/nodes", "baremetal:node:create", Subject::Create, kSelfOwned},
    {"GET /v1/nodes/{ident}", "baremetal:node:get", Subject::Node, kProjectReader},
    {"PATCH /v1/nodes/{ident}", "baremetal:node:update", Subject::Node, kProjectMember},
    {"DELETE /v1/nodes/{ident}", "baremetal:node:delete", Subject::Node, kSelfOwned},
    {"GET /v1/nodes/{ident}/allocation", "baremetal:allocation:get", Subject::Node, kProjectReader},
    {"DELETE /v1/nodes/{ident}/allocation", "baremetal:allocation:delete", Subject::Node, kProjectMember},
    {"GET /v1/nodes/{ident}/bios", "baremetal:node:bios:get", Subject::Node, kProjectReader},
    {"GET /v1/nodes/{ident}/bios/{setting}", "baremetal:node:bios:get", Subject::Node, kProjectReader},
    {"GET /v1/nodes/{ident}/children", "baremetal:node:get:children", Subject::Node, kProjectReader},
    {"GET /v1/nodes/{ident}/firmware", "baremetal:node:firmware:get", Subject::Node, kProjectReader},
    {"GET /v1/nodes/{ident}/history", "baremetal:node:history:get", Subject::Node, kOwnerReader},
    {"GET /v1/nodes/{ident}/history/{entry}", "baremetal:node:history:get", Subject::Node, kOwnerReader},
    {"GET /v1/nodes/{ident}/inventory", "baremetal:node:inventory:get", Subject::Node, kOwnerReader},
    {"PUT /v1/nodes/{ident}/maintenance", "baremetal:node:set_maintenance", Subject::Node, kOwnerMemberLesseeManager},
    {"DELETE /v1/nodes/{ident}/maintenance", "baremetal:node:clear_maintenance", Subject::Node, kOwnerMemberLesseeManager},
    {"GET /v1/nodes/{ident}/management/boot_device", "baremetal:node:get_boot_device", Subject::Node, kOwnerManager},
    {"PUT /v1/nodes/{ident}/management/boot_device", "baremetal:node:set_boot_device", Subject::Node, kOwnerManager},
    {"GET /v1/nodes/{ident}/management/boot_device/supported", "baremetal:node:get_boot_device", Subject::Node, kOwnerManager},
    {"GET /v1/nodes/{ident}/management/indicators", "baremetal:node:get_indicator_state", Subject::Node, kProjectReader},
    {"GET /v1/nodes/{ident}/management/indicators/{indicator}", "baremetal:node:get_indicator_state", Subject::Node, kProjectReader},
    {"PUT /v1/nodes/{ident}/management/indicators/{indicator}", "baremetal:node:set_indicator_state", Subject::Node, kOwnerMember},
    {"GET /v1/nodes/{ident}/management/indicators/{component}/{indicator}", "baremetal:node:get_indicator_state", Subject::Node, kProjectReader},
    {"PUT /v1/nodes/{ident}/management/indicators/{component}/{indicator}", "baremetal:node:set_indicator_state", Subject::Node, kOwnerMember},
    {"PUT /v1/nodes/{ident}/management/inject_nmi", "baremetal:node:inject_nmi", Subject::Node, kOwnerManager},
    {"GET /v1/nodes/{ident}/portgroups", "baremetal:portgroup:get", Subject::Node, kProjectReader},
    {"GET /v1/nodes/{ident}/portgroups/detail", "baremetal:portgroup:get", Subject::Node, kProjectReader},
    {"GET /v1/nodes/{ident}/ports", "baremetal:port:get", Subject::Node, kProjectReader},
    {"GET /v1/nodes/{ident}/ports/detail", "baremetal:port:get", Subject::Node, kProjectReader},
    {"GET /v1/nodes/{ident}/states", "baremetal:node:get_states", Subject::Node, kProjectReader},
    {"PUT /v1/nodes/{ident}/states/boot_mode", "baremetal:node:set_boot_mode", Subject::Node, kProjectMember},
    {"PUT /v1/nodes/{ident}/states/secure_boot", "baremetal:node:set_secure_boot", Subject::Node, kProjectMember},
    {"GET /v1/nodes/{ident}/states/console", "baremetal:node:get_console", Subject::Node, kOwnerMember},
    {"PUT /v1/nodes/{ident}/states/console", "baremetal:node:set_console_state", Subject::Node, kOwnerMember},
    {"PUT /v1/nodes/{ident}/states/power", "baremetal:node:set_power_state", Subject::Node, kProjectMember},
    {"PUT /v1/nodes/{ident}/states/provision", "baremetal:node:set_provision_state", Subject::Node, kOwnerMemberLesseeManager},
    {"PUT /v1/nodes/{ident}/states/raid", "baremetal:node:set_raid_state", Subject::Node, kOwnerMember},
    {"GET /v1/nodes/{ident}/traits", "baremetal:node:traits:list", Subject::Node, kProjectReader},
    {"PUT /v1/nodes/{ident}/traits", "baremetal:node:traits:set", Subject::Node, kOwnerManager},
    {"DELETE /v1/nodes/{ident}/traits", "baremetal:node:traits:delete", Subject::Node, kOwnerManager},
    {"PUT /v1/nodes/{ident}/traits/{trait}", "baremetal:node:traits:set", Subject::Node, kOwnerManager},
    {"DELETE /v1/nodes/{ident}/traits/{trait}", "baremetal:node:traits:delete", Subject::Node, kOwnerManager},
    {"GET /v1/nodes/{ident}/validate", "baremetal:node:validate", Subject::Node, kOwnerMemberLesseeManager},
    {"ANY /v1/nodes/{ident}/vendor_passthru", "baremetal:node:vendor_passthru", Subject::System, kSystemAdmin},
    {"ANY /v1/nodes/{ident}/vendor_passthru/{method}", "baremetal:node:vendor_passthru", Subject::System, kSystemAdmin},
    {"GET /v1/nodes/{ident}/vendor_passthru/methods", "baremetal:node:vendor_passthru", Subject::System, kSystemAdmin},
    {"GET /v1/nodes/{ident}/vifs", "baremetal:node:vif:list", Subject::Node, kProjectReader},
    {"POST /v1/nodes/{ident}/vifs", "baremetal:node:vif:attach", Subject::Node, kOwnerMemberLesseeManager},
    {"DELETE /v1/nodes/{ident}/vifs/{vif}", "baremetal:node:vif:detach", Subject::Node, kOwnerMemberLesseeManager},
    {"GET /v1/nodes/{ident}/vmedia", "baremetal:node:vmedia:get", Subject::Node, kProjectReader},
    {"POST /v1/nodes/{ident}/vmedia", "baremetal:node:vmedia:attach", Subject::Node, kProjectMember},
    {"DELETE /v1/nodes/{ident}/vmedia", "baremetal:node:vmedia:detach", Subject::Node, kProjectMember},
    {"GET /v1/nodes/{ident}/volume", "baremetal:volume:get", Subject::Node, kProjectReader},
    {"GET /v1/nodes/{ident}/volume/connectors", "baremetal:volume:list", Subject::Node, kProjectReader},
    {"GET /v1/nodes/{ident}/volume/targets", "baremetal:volume:list", Subject::Node, kProjectReader},

    {"POST /v1/nodes/batch", "bm:node:batch", Subject::System, kSystemAdmin},
    {"POST /v1/nodes/{ident}/provide", "bm:node:provide", Subject::Node, kOwnerMemberLesseeManager},
    {"POST /v1/nodes/{ident}/provision", "bm:node:provision", Subject::Node, kOwnerMemberLesseeManager},
    {"POST /v1/nodes/{ident}/verify", "bm:node:verify", Subject::Node, kOwnerMemberLesseeManager},
    {"POST /v1/nodes/{ident}/capture", "bm:node:capture", Subject::System, kSystemMember},
    {"GET /v1/nodes/{ident}/events", "bm:node:events", Subject::Node, kOwnerReader},
    {"GET /v1/nodes/{ident}/operation", "bm:node:operation", Subject::Node, kProjectReader},
    {"POST /v1/nodes/{ident}/operation/abort", "bm:node:abort", Subject::Node, kOwnerMemberLesseeManager},
    {"POST /v1/nodes/{ident}/operation/reboot-ok", "bm:node:reboot-ok", Subject::Node, kOwnerMemberLesseeManager},
    {"GET /v1/nodes/{ident}/report", "bm:node:report", Subject::Node, kOwnerReader},

    {"GET /v1/ports", "baremetal:port:list", Subject::List, kAnyReader},
    {"GET /v1/ports/detail", "baremetal:port:list", Subject::List, kAnyReader},
    {"POST /v1/ports", "baremetal:port:create", Subject::Create, kAdminOwnerManager},
    {"GET /v1/ports/{ident}", "baremetal:port:get", Subject::Port, kProjectReader},
    {"PATCH /v1/ports/{ident}", "baremetal:port:update", Subject::Port, kOwnerManager},
    {"DELETE /v1/ports/{ident}", "baremetal:port:delete", Subject::Port, kAdminOwnerManager},

    {"GET /v1/portgroups", "baremetal:portgroup:list", Subject::List, kAnyReader},
    {"GET /v1/portgroups/detail", "baremetal:portgroup:list", Subject::List, kAnyReader},
    {"POST /v1/portgroups", "baremetal:portgroup:create", Subject::Create, kAdminOwnerManager},
    {"GET /v1/portgroups/{ident}", "baremetal:portgroup:get", Subject::PortGroup, kProjectReader},
    {"PATCH /v1/portgroups/{ident}", "baremetal:portgroup:update", Subject::PortGroup, kOwnerManager},
    {"DELETE /v1/portgroups/{ident}", "baremetal:portgroup:delete", Subject::PortGroup, kAdminOwnerManager},
    {"GET /v1/portgroups/{ident}/ports", "baremetal:port:get", Subject::PortGroup, kProjectReader},
    {"GET /v1/portgroups/{ident}/ports/detail", "baremetal:port:get", Subject::PortGroup, kProjectReader},

    {"GET /v1/volume", "baremetal:volume:get", Subject::Shared, kAnyReader},
    {"GET /v1/volume/connectors", "baremetal:volume:list", Subject::List, kAnyReader},
    {"POST /v1/volume/connectors", "baremetal:volume:create", Subject::Create, kOwnerLesseeManager},
    {"GET /v1/volume/connectors/{ident}", "baremetal:volume:get", Subject::VolumeConnector, kProjectReader},
    {"PATCH /v1/volume/connectors/{ident}", "baremetal:volume:update", Subject::VolumeConnector, kOwnerMemberLesseeManager},
    {"DELETE /v1/volume/connectors/{ident}", "baremetal:volume:delete", Subject::VolumeConnector, kOwnerLesseeManager},
    {"GET /v1/volume/targets", "baremetal:volume:list", Subject::List, kAnyReader},
    {"POST /v1/volume/targets", "baremetal:volume:create", Subject::Create, kOwnerLesseeManager},
    {"GET /v1/volume/targets/{ident}", "baremetal:volume:get", Subject::VolumeTarget, kProjectReader},
    {"PATCH /v1/volume/targets/{ident}", "baremetal:volume:update", Subject::VolumeTarget, kOwnerMemberLesseeManager},
    {"DELETE /v1/volume/targets/{ident}", "baremetal:volume:delete", Subject::VolumeTarget, kOwnerLesseeManager},

    {"GET /v1/allocations", "baremetal:allocation:list", Subject::List, kAnyReader},
    {"POST /v1/allocations", "baremetal:allocation:create", Subject::Create, kProjectMember},
    {"GET /v1/allocations/{ident}", "baremetal:allocation:get", Subject::Allocation, kOwnerReader},
    {"PATCH /v1/allocations/{ident}", "baremetal:allocation:update", Subject::Allocation, kOwnerMember},
    {"DELETE /v1/allocations/{ident}", "baremetal:allocation:delete", Subject::Allocation, kOwnerMember},

    {"GET /v1/runbooks", "baremetal:runbook:list", Subject::List, kAnyReader},
    {"POST /v1/runbooks", "baremetal:runbook:create", Subject::Create, kOwnerManager},
    {"GET /v1/runbooks/{ident}", "baremetal:runbook:get", Subject::Runbook, kProjectReader},
    {"PATCH /v1/runbooks/{ident}", "baremetal:runbook:update", Subject::Runbook, kOwnerManager},
    {"DELETE /v1/runbooks/{ident}", "baremetal:runbook:delete", Subject::Runbook, kOwnerManager},
    {"GET /v1/runbooks/{ident}/traits", "baremetal:runbook:get", Subject::Runbook, kProjectReader},
    {"PUT /v1/runbooks/{ident}/traits", "baremetal:runbook:update", Subject::Runbook, kOwnerManager},
    {"DELETE /v1/runbooks/{ident}/traits", "baremetal:runbook:update", Subject::Runbook, kOwnerManager},
    {"PUT /v1/runbooks/{ident}/traits/{trait}", "baremetal:runbook:update", Subject::Runbook, kOwnerManager},
    {"DELETE /v1/runbooks/{ident}/traits/{trait}", "baremetal:runbook:update", Subject::Runbook, kOwnerManager},

    {"GET /v1/chassis", "baremetal:chassis:get", Subject::System, kSystemReader},
    {"GET /v1/chassis/detail", "baremetal:chassis:get", Subject::System, kSystemReader},
    {"POST /v1/chassis", "baremetal:chassis:create", Subject::System, kSystemAdmin},
    {"GET /v1/chassis/{ident}", "baremetal:chassis:get", Subject::System, kSystemReader},
    {"PATCH /v1/chassis/{ident}", "baremetal:chassis:update", Subject::System, kSystemMember},
    {"DELETE /v1/chassis/{ident}", "baremetal:chassis:delete", Subject::System, kSystemAdmin},
    {"GET /v1/deploy_templates", "baremetal:deploy_template:get", Subject::System, kSystemReader},
    {"POST /v1/deploy_templates", "baremetal:deploy_template:create", Subject::System, kSystemAdmin},
    {"GET /v1/deploy_templates/{ident}", "baremetal:deploy_template:get", Subject::System, kSystemReader},
    {"PATCH /v1/deploy_templates/{ident}", "baremetal:deploy_template:update", Subject::System, kSystemAdmin},
    {"DELETE /v1/deploy_templates/{ident}", "baremetal:deploy_template:delete", Subject::System, kSystemAdmin},
    {"GET /v1/inspection_rules", "baremetal:inspection_rule:get", Subject::System, kSystemReader},
    {"POST /v1/inspection_rules", "baremetal:inspection_rule:create", Subject::System, kSystemAdmin},
    {"DELETE /v1/inspection_rules", "baremetal:inspection_rule:delete", Subject::System, kSystemAdmin},
    {"GET /v1/inspection_rules/{ident}", "baremetal:inspection_rule:get", Subject::System, kSystemReader},
    {"PATCH /v1/inspection_rules/{ident}", "baremetal:inspection_rule:update", Subject::System, kSystemAdmin},
    {"DELETE /v1/inspection_rules/{ident}", "baremetal:inspection_rule:delete", Subject::System, kSystemAdmin},
    {"GET /v1/conductors", "baremetal:conductor:get", Subject::System, kSystemReader},
    {"GET /v1/conductors/{hostname}", "baremetal:conductor:get", Subject::System, kSystemReader},
    {"GET /v1/shards", "baremetal:shards:get", Subject::System, kSystemReader},
    {"GET /v1/drivers", "baremetal:driver:get", Subject::System, kSystemReader},
    {"GET /v1/drivers/{name}", "baremetal:driver:get", Subject::System, kSystemReader},
    {"GET /v1/drivers/{name}/properties", "baremetal:driver:get_properties", Subject::System, kSystemReader},
    {"GET /v1/drivers/{name}/raid/logical_disk_properties", "baremetal:driver:get_raid_logical_disk_properties", Subject::System, kSystemReader},
    {"ANY /v1/drivers/{name}/vendor_passthru", "baremetal:driver:vendor_passthru", Subject::System, kSystemAdmin},
    {"ANY /v1/drivers/{name}/vendor_passthru/{method}", "baremetal:driver:vendor_passthru", Subject::System, kSystemAdmin},
    {"GET /v1/drivers/{name}/vendor_passthru/methods", "baremetal:driver:vendor_passthru", Subject::System, kSystemAdmin},
    {"POST /v1/events", "baremetal:events:post", Subject::System, kSystemAdmin},

    {"GET /v1/events", "bm:event:list", Subject::System, kSystemReader},
    {"GET /v1/operations", "bm:operation:list", Subject::System, kSystemReader},
    {"GET /v1/steps/medians", "bm:step:medians", Subject::System, kSystemReader},
    {"GET /v1/fleet", "bm:fleet:get", Subject::System, kSystemReader},
    {"GET /v1/doctor", "bm:doctor:get", Subject::System, kSystemReader},
    {"GET /v1/unknown-machines", "bm:unknown_machine:list", Subject::System, kSystemReader},
    {"GET /v1/logs", "bm:log:get", Subject::System, kSystemReader},
    {"GET /v1/audit", "bm:audit:get", Subject::System, kSystemReader},
    {"GET /metrics", "bm:metrics:get", Subject::System, kSystemReader},
    {"GET /v1/images", "bm:image:get", Subject::List, kAnyReader},
    {"POST /v1/images", "bm:image:add", Subject::System, kSystemMember},
    {"GET /v1/images/{image}", "bm:image:get", Subject::Image, kProjectReader},
    {"PATCH /v1/images/{image}", "bm:image:update", Subject::Image, kOwnerMember},
    {"DELETE /v1/images/{image}", "bm:image:delete", Subject::Image, kOwnerMember},
    {"POST /v1/images/{image}/verify", "bm:image:verify", Subject::Image, kOwnerMember},
    {"GET /v1/images/{image}/manifest", "bm:image:fetch", Subject::System, kSystemReader},
    {"GET /v1/images/{image}/blocks", "bm:image:fetch", Subject::System, kSystemReader},
    {"POST /v1/image-prune", "bm:image:prune", Subject::System, kSystemMember},
    {"GET /v1/image-tags", "bm:image_tag:get", Subject::List, kAnyReader},
    {"GET /v1/image-tags/{tag}", "bm:image_tag:get", Subject::List, kAnyReader},
    {"PUT /v1/image-tags/{tag}", "bm:image_tag:set", Subject::System, kSystemMember},
    {"DELETE /v1/image-tags/{tag}", "bm:image_tag:delete", Subject::System, kSystemMember},
    {"GET /v1/rollouts", "bm:rollout:get", Subject::System, kSystemReader},
    {"POST /v1/rollouts", "bm:rollout:create", Subject::System, kSystemMember},
    {"GET /v1/rollouts/{rollout}", "bm:rollout:get", Subject::System, kSystemReader},
    {"DELETE /v1/rollouts/{rollout}", "bm:rollout:delete", Subject::System, kSystemMember},
    {"GET /v1/rollouts/{rollout}/nodes", "bm:rollout:get", Subject::System, kSystemReader},
    {"GET /v1/rollouts/{rollout}/relay", "bm:rollout:get", Subject::System, kSystemReader},
    {"POST /v1/rollouts/{rollout}/{verb}", "bm:rollout:update", Subject::System, kSystemMember},
    {"GET /v1/schedules", "bm:schedule:get", Subject::System, kSystemReader},
    {"POST /v1/schedules", "bm:schedule:create", Subject::System, kSystemMember},
    {"GET /v1/schedules/{schedule}", "bm:schedule:get", Subject::System, kSystemReader},
    {"PATCH /v1/schedules/{schedule}", "bm:schedule:update", Subject::System, kSystemMember},
    {"DELETE /v1/schedules/{schedule}", "bm:schedule:delete", Subject::System, kSystemMember},
    {"GET /v1/schedules/{schedule}/next", "bm:schedule:get", Subject::System, kSystemReader},
    {"GET /v1/schedules/{schedule}/runs", "bm:schedule:get", Subject::System, kSystemReader},
    {"POST /v1/schedules/{schedule}/pause", "bm:schedule:update", Subject::System, kSystemMember},
    {"POST /v1/schedules/{schedule}/resume", "bm:schedule:update", Subject::System, kSystemMember},
    {"POST /v1/schedules/{schedule}/run", "bm:schedule:run", Subject::System, kSystemMember},
    {"GET /v1/webhooks", "bm:webhook:get", Subject::System, kSystemReader},
    {"POST /v1/webhooks", "bm:webhook:create", Subject::System, kSystemAdmin},
    {"GET /v1/webhooks/{webhook}", "bm:webhook:get", Subject::System, kSystemReader},
    {"DELETE /v1/webhooks/{webhook}", "bm:webhook:delete", Subject::System, kSystemAdmin},
    {"POST /v1/webhooks/{webhook}/test", "bm:webhook:test", Subject::System, kSystemAdmin},
});
// clang-format on

std::string keyOf(std::string_view method, std::string_view route)
{
    std::string key(method);
    key += ' ';
    key += route;
    return key;
}

} // namespace

const std::vector<PolicyRow>& policyRows()
{
    static const std::vector<PolicyRow> rows(kRows.begin(), kRows.end());
    return rows;
}

const PolicyRow* policyOf(http::Method method, std::string_view route)
{
    static const std::unordered_map<std::string_view, const PolicyRow*> known = [] {
        std::unordered_map<std::string_view, const PolicyRow*> rows;
        for (const PolicyRow& row : kRows)
            rows[row.route] = &row;
        return rows;
    }();
    const http::Method asked = method == http::Method::Head ? http::Method::Get : method;
    for (const std::string_view word : {http::toText(asked), std::string_view("ANY")})
        if (const auto found = known.find(keyOf(word, route)); found != known.end())
            return found->second;
    return nullptr;
}

const PolicyRow& runbookUseRow()
{
    static constexpr PolicyRow kRow{"", "baremetal:runbook:use", Subject::Runbook, kOwnerManager};
    return kRow;
}

bool suffices(model::Role role, Needs needs) noexcept
{
    return static_cast<int>(role) >= static_cast<int>(needs);
}

} // namespace bm::api
