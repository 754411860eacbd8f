// The node's table. Rows in the order of Ironic's answers; samples in tests/data/ironic-1.82 hold it to that.
#include "common/wire/resources/node_fields.h"

#include "common/wire/json/idents.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/secret_mask.h"
#include "common/wire/resources/resource_assign.h"
#include "common/wire/resources/resource_links.h"

#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

using model::Node;
using nlohmann::json;

namespace {

using View = const NodeView&;
using Out = JsonWriter&;

// --- conversions of a model::Node's members
// -------------------------------------------------

template <std::string Node::*member> void renderText(Out out, View v)
{
    out.stringOrNull(v.node.*member);
}
template <std::string Node::*member> void renderPlainText(Out out, View v)
{
    out.string(v.node.*member);
}
template <bool Node::*member> void renderFlag(Out out, View v)
{
    out.boolean(v.node.*member);
}
template <model::JsonText Node::*member> void renderJson(Out out, View v)
{
    out.json(v.node.*member);
}
template <model::JsonText Node::*member> void renderMasked(Out out, View v)
{
    if (v.masked)
        out.raw(masked(v.node.*member, "configdrive image_url"));
    else
        out.json(v.node.*member);
}
template <std::optional<model::UtcTime> Node::*member> void renderTime(Out out, View v)
{
    out.timeOrNull(v.node.*member);
}

template <std::string Node::*member, std::size_t Most = kMostOfName>
void assignText(Node& node, const json& value, std::string_view field)
{
    node.*member = asStringOrNull(value, field);
    requireLength(field, node.*member, Most);
}
template <bool Node::*member> void assignFlag(Node& node, const json& value, std::string_view field)
{
    node.*member = !value.is_null() && asBoolean(value, field);
}
template <model::JsonText Node::*member>
void assignObject(Node& node, const json& value, std::string_view field)
{
    node.*member = asObjectText(value, field);
}

void assignUuid(Node& node, const json& value, std::string_view field)
{
    const std::string uuid = asString(value, field);
    requireUuid(field, uuid);
    node.id.uuid = uuid;
    std::transform(uuid.begin(), uuid.end(), node.id.uuid.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c; });
}
/// The uuid of another record; null clears it.
template <std::string Node::*member>
void assignOtherUuid(Node& node, const json& value, std::string_view field)
{
    node.*member = asStringOrNull(value, field);
    if (!value.is_null())
        requireUuid(field, node.*member);
}
/// A name; null clears it.
void assignName(Node& node, const json& value, std::string_view field)
{
    assignText<&Node::name>(node, value, field);
    if (!value.is_null() && node.name.empty())
        throw tooShort(field, "''", "null clears the name");
}
void assignNetworkData(Node& node, const json& value, std::string_view field)
{
    if (!value.is_null() && !value.is_object())
        throw notValid(field, value, notOfType(field, value, "'object', 'null'"));
    node.networkData = asObjectText(value, field);
}
void assignDriver(Node& node, const json& value, std::string_view field)
{
    node.driver = asString(value, field);
}
void assignAutomatedClean(Node& node, const json& value, std::string_view field)
{
    node.automatedClean = value.is_null() ? std::nullopt : std::optional<bool>(asBoolean(value, field));
}
void assignParent(Node& node, const json& value, std::string_view field)
{
    node.parentNode = asStringOrNull(value, field);
    if (!node.parentNode.empty() && node.parentNode == node.id.uuid)
        throw model::Error(model::ErrorCode::InvalidInput,
                           fmt::format("{}: a node is not its own parent", field));
}

template <std::size_t N> struct FixedName {
    char text[N]{};
    constexpr FixedName(const char (&name)[N])
    {
        std::copy_n(name, N, text);
    } // NOLINT: a literal as template argument
};
template <FixedName name> void renderInterface(Out out, View v)
{
    out.string(v.interfaces.interfaceOf(v.node, name.text));
}
template <FixedName name> void renderSubLinks(Out out, View v)
{
    writeLinks(out, v.base, fmt::format("nodes/{}/{}", v.node.id.uuid, name.text));
}

template <FixedName name, FixedName kind> constexpr NodeField interfaceRow(int since)
{
    return {name.text, since, true, true, "driver", renderInterface<kind>, nullptr};
}

void renderId(Out out, View v)
{
    out.string(v.node.id.uuid);
}
void renderCreatedAt(Out out, View v)
{
    out.time(v.node.createdAt);
}
void renderSecureBoot(Out out, View v)
{
    v.node.secureBoot ? out.boolean(*v.node.secureBoot) : out.null();
}
void renderAutomatedClean(Out out, View v)
{
    v.node.automatedClean ? out.boolean(*v.node.automatedClean) : out.null();
}
void renderPower(Out out, View v)
{
    out.stringOrNull(model::toText(v.node.power));
}
/// Ironic's texts in place of values that lessees do not see.
void renderDriverInfo(Out out, View v)
{
    constexpr std::string_view kKept =
        R"({"content": "** Redacted - requires baremetal:node:get:driver_info permission. **"})";
    if (v.redacted)
        out.raw(kKept);
    else
        renderMasked<&Node::driverInfo>(out, v);
}
void renderDriverInternalInfo(Out out, View v)
{
    constexpr std::string_view kKept =
        R"({"content": "** Redacted - Requires baremetal:node:get:driver_internal_info permission. **"})";
    if (v.redacted)
        out.raw(kKept);
    else
        renderMasked<&Node::driverInternalInfo>(out, v);
}
void renderLastError(Out out, View v)
{
    if (v.redacted && !v.node.lastError.empty())
        out.string("** Value Redacted - Requires baremetal:node:get:last_error permission. **");
    else
        renderText<&Node::lastError>(out, v);
}
/// The reason that bm gives with a fault is the failure; a person's reason is for the lessee, too.
void renderMaintenanceReason(Out out, View v)
{
    if (v.redacted && !v.node.fault.empty())
        out.string("** Value Redacted - Requires baremetal:node:get:last_error permission. **");
    else
        renderText<&Node::maintenanceReason>(out, v);
}
void renderParent(Out out, View v)
{
    out.stringOrNull(v.parentHidden ? "" : v.node.parentNode);
}
constexpr std::string_view kReservationKept =
    "** Redacted - requires baremetal:node:get:reservation permission. **";
void renderReservation(Out out, View v)
{
    v.reserved ? out.string(v.redacted ? kReservationKept : v.conductor) : out.null();
}
void renderConductor(Out out, View v)
{
    out.stringOrNull(v.conductor);
}
void renderLinks(Out out, View v)
{
    writeLinks(out, v.base, "nodes/" + v.node.id.uuid);
}
/// Below 1.2 "available" is the state without a name.
void renderState(Out out, View v)
{
    if (v.version.minor < 2 && v.node.state == model::State::Available)
        out.null();
    else
        out.string(model::toText(v.node.state));
}
void renderTarget(Out out, View v)
{
    v.node.target ? out.string(model::toText(*v.node.target)) : out.null();
}

constexpr bool kShown = false; ///< read-only rows: neither POST nor PATCH takes them

std::vector<NodeField> makeTable() // NOLINT(readability-function-size): a row per field
{
    using N = Node;
    // clang-format off
    return {
        {"uuid",                  1, true, false, "uuid", renderId, assignUuid},
        {"created_at",            1, kShown, kShown, "created_at", renderCreatedAt, nullptr},
        {"updated_at",            1, kShown, kShown, "updated_at", renderTime<&N::updatedAt>, nullptr},
        {"automated_clean",      47, true, true, "", renderAutomatedClean, assignAutomatedClean},
        interfaceRow<"bios_interface", "bios">(40),
        interfaceRow<"boot_interface", "boot">(31),
        {"boot_mode",            75, kShown, kShown, "boot_mode", renderText<&N::bootMode>, nullptr},
        {"clean_step",            7, kShown, kShown, "", renderJson<&N::cleanStep>, nullptr},
        {"conductor_group",      46, true, true, "conductor_group", renderPlainText<&N::conductorGroup>, assignText<&N::conductorGroup>},
        {"console_enabled",       1, kShown, kShown, "console_enabled", renderFlag<&N::consoleEnabled>, nullptr},
        interfaceRow<"console_interface", "console">(31),
        interfaceRow<"deploy_interface", "deploy">(31),
        {"deploy_step",          44, kShown, kShown, "", renderJson<&N::deployStep>, nullptr},
        {"description",          51, true, true, "description", renderText<&N::description>, assignText<&N::description, kMostOfSentences>},
        {"disable_power_off",    95, true, true, "", renderFlag<&N::disablePowerOff>, assignFlag<&N::disablePowerOff>},
        {"driver",                1, true, true, "driver", renderPlainText<&N::driver>, assignDriver},
        {"driver_info",           1, true, true, "", renderDriverInfo, assignObject<&N::driverInfo>},
        {"driver_internal_info",  3, kShown, kShown, "", renderDriverInternalInfo, nullptr},
        {"extra",                 1, true, true, "", renderJson<&N::extra>, assignObject<&N::extra>},
        {"fault",                42, kShown, kShown, "fault", renderText<&N::fault>, nullptr},
        interfaceRow<"firmware_interface", "firmware">(86),
        {"health",              109, kShown, kShown, "health", renderText<&N::health>, nullptr},
        {"inspection_finished_at", 6, kShown, kShown, "inspection_finished_at", renderTime<&N::inspectionFinishedAt>, nullptr},
        {"inspection_started_at", 6, kShown, kShown, "inspection_started_at", renderTime<&N::inspectionStartedAt>, nullptr},
        interfaceRow<"inspect_interface", "inspect">(31),
        {"instance_name",       104, true, true, "instance_name", renderText<&N::instanceName>, assignText<&N::instanceName>},
        {"instance_info",         1, true, true, "", renderMasked<&N::instanceInfo>, assignObject<&N::instanceInfo>},
        {"instance_uuid",         1, true, true, "instance_uuid", renderText<&N::instanceUuid>, assignOtherUuid<&N::instanceUuid>},
        {"last_error",            1, kShown, kShown, "", renderLastError, nullptr},
        {"lessee",               65, true, true, "lessee", renderText<&N::lessee>, assignText<&N::lessee>},
        {"maintenance",           1, true, true, "maintenance", renderFlag<&N::maintenance>, assignFlag<&N::maintenance>},
        {"maintenance_reason",    1, kShown, kShown, "", renderMaintenanceReason, nullptr},
        interfaceRow<"management_interface", "management">(31),
        {"name",                  5, true, true, "name", renderText<&N::name>, assignName},
        {"network_data",         66, true, true, "", renderJson<&N::networkData>, assignNetworkData},
        interfaceRow<"network_interface", "network">(20),
        {"owner",                50, true, true, "owner", renderText<&N::owner>, assignText<&N::owner>},
        {"parent_node",          83, true, true, "parent_node", renderParent, assignParent},
        interfaceRow<"power_interface", "power">(31),
        {"power_state",           1, kShown, kShown, "power_state", renderPower, nullptr},
        {"properties",            1, true, true, "", renderMasked<&N::properties>, assignObject<&N::properties>},
        {"protected",            48, true, true, "protected", renderFlag<&N::isProtected>, assignFlag<&N::isProtected>},
        {"protected_reason",     48, true, true, "", renderText<&N::protectedReason>, assignText<&N::protectedReason, kMostOfSentences>},
        {"provision_state",       1, kShown, kShown, "provision_state", renderState, nullptr},
        {"provision_updated_at",  1, kShown, kShown, "provision_updated_at", renderTime<&N::provisionUpdatedAt>, nullptr},
        {"raid_config",          12, kShown, kShown, "", renderJson<&N::raidConfig>, nullptr},
        interfaceRow<"raid_interface", "raid">(31),
        interfaceRow<"rescue_interface", "rescue">(38),
        {"reservation",           1, kShown, kShown, "", renderReservation, nullptr},
        {"resource_class",       21, true, true, "resource_class", renderText<&N::resourceClass>, assignText<&N::resourceClass, kMostOfClass>},
        {"retired",              61, true, true, "retired", renderFlag<&N::retired>, assignFlag<&N::retired>},
        {"retired_reason",       61, true, true, "", renderText<&N::retiredReason>, assignText<&N::retiredReason, kMostOfSentences>},
        {"secure_boot",          75, kShown, kShown, "", renderSecureBoot, nullptr},
        {"service_step",         87, kShown, kShown, "", renderJson<&N::serviceStep>, nullptr},
        {"shard",                82, true, true, "shard", renderText<&N::shard>, assignText<&N::shard>},
        interfaceRow<"storage_interface", "storage">(33),
        {"target_power_state",    1, kShown, kShown, "", renderText<&N::targetPower>, nullptr},
        {"target_provision_state", 1, kShown, kShown, "target_provision_state", renderTarget, nullptr},
        {"target_raid_config",   12, kShown, kShown, "", renderJson<&N::targetRaidConfig>, nullptr},
        {"traits",               37, kShown, kShown, "", renderJson<&N::traits>, nullptr},
        interfaceRow<"vendor_interface", "vendor">(31),
        {"links",                 1, kShown, kShown, "", renderLinks, nullptr},
        {"conductor",            49, kShown, kShown, "", renderConductor, nullptr},
        {"allocation_uuid",      52, kShown, kShown, "", renderText<&N::allocationUuid>, nullptr},
        {"chassis_uuid",          1, true, true, "", renderText<&N::chassisUuid>, assignOtherUuid<&N::chassisUuid>},
        {"ports",                 1, kShown, kShown, "", renderSubLinks<"ports">, nullptr},
        {"states",               14, kShown, kShown, "", renderSubLinks<"states">, nullptr},
        {"portgroups",           24, kShown, kShown, "", renderSubLinks<"portgroups">, nullptr},
        {"volume",               32, kShown, kShown, "", renderSubLinks<"volume">, nullptr},
    };
    // clang-format on
}

} // namespace

const std::vector<NodeField>& nodeFields()
{
    static const std::vector<NodeField> table = makeTable();
    return table;
}

const NodeField* findNodeField(std::string_view name)
{
    const std::vector<NodeField>& table = nodeFields();
    const auto found =
        std::find_if(table.begin(), table.end(), [&](const NodeField& f) { return f.name == name; });
    return found == table.end() ? nullptr : &*found;
}

} // namespace bm::wire
