#include "common/wire/resources/port_fields.h"

#include "common/wire/json/schema_words.h"
#include "common/wire/resources/resource_assign.h"
#include "common/wire/resources/resource_links.h"
#include "common/wire/resources/resource_shape.cpp.h"

#include <array>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using model::Port;
using nlohmann::json;

namespace {

using Out = JsonWriter&;

void assignAddress(Port& port, const json& value, std::string_view field)
{
    port.mac = requireMac(field, asString(value, field));
}

void assignPxe(Port& port, const json& value, std::string_view field)
{
    port.pxeEnabled = value.is_null() || asBoolean(value, field);
}
void assignExtra(Port& port, const json& value, std::string_view field)
{
    port.extra = asObjectText(value, field);
}
/// A link has switch_id and port_id, or (of a smart NIC) port_id and hostname, or an unmanaged network_type.
void requireWholeLink(const json& link, std::string_view field)
{
    const auto has = [&](const char* member) { return link.contains(member); };
    const bool unmanaged = link.value("network_type", "") == "unmanaged";
    if (link.empty() || unmanaged || (has("port_id") && (has("switch_id") || has("hostname"))))
        return;
    throw missingProperty(field, has("port_id") ? "switch_id" : "port_id",
                          "port_id and switch_id; or port_id and hostname; or network_type: unmanaged");
}

void assignLink(Port& port, const json& value, std::string_view field)
{
    constexpr auto kMembers =
        std::to_array<std::string_view>({"port_id", "switch_id", "hostname", "switch_info", "network_type"});
    constexpr auto kTypes = std::to_array<std::string_view>({"managed", "unmanaged"});
    if (value.is_object()) {
        for (const auto& [member, text] : value.items())
            if (std::ranges::find(kMembers, member) == kMembers.end())
                throw notValid(field, value, unexpectedProperty(field, member));
        for (const auto& [member, text] : value.items())
            asString(text, fmt::format("{}/{}", field, member));
        const std::string type = stringMember(value, "network_type");
        if (value.contains("network_type") && std::ranges::find(kTypes, type) == kTypes.end())
            throw notOneOf(fmt::format("{}/network_type", field), type, kTypes);
        requireWholeLink(value, field);
    }
    port.localLinkConnection = asObjectText(value, field);
}
void assignNetwork(Port& port, const json& value, std::string_view field)
{
    port.physicalNetwork = asStringOrNull(value, field);
    requireLength(field, port.physicalNetwork, kMostOfNetwork);
    if (!value.is_null() && port.physicalNetwork.empty())
        throw Error(ErrorCode::InvalidInput, "A non-empty value is required when setting physical_network");
}
/// A portgroup's uuid or name, which the caller resolves.
void assignGroup(Port& port, const json& value, std::string_view field)
{
    port.portGroup.uuid = asStringOrNull(value, field);
    if (!value.is_null())
        requireUuidOrName(field, port.portGroup.uuid);
}
void assignSmart(Port& port, const json& value, std::string_view field)
{
    port.isSmartNic = !value.is_null() && asBoolean(value, field);
}
void assignGrouping(Port& port, const json& value, std::string_view field)
{
    port.mayBeGrouped = value.is_null() || asBoolean(value, field);
}
template <std::string Port::*Member> void renderText(Out out, const Port& port, std::string_view /*base*/)
{
    out.stringOrNull(port.*Member);
}
template <std::string Port::*Member, std::size_t Most = kMostOfName>
void assignText(Port& port, const json& value, std::string_view field)
{
    port.*Member = asStringOrNull(value, field);
    requireLength(field, port.*Member, Most);
}

} // namespace

template class ResourceShape<Port>;

const ResourceShape<Port>& portShape()
{
    // clang-format off
    static const ResourceShape<Port> shape{{"port", {"uuid", "address", "links"}, {"address", "node_uuid"}}, {
        {"uuid",         1, true, false, [](Out o, const Port& p, std::string_view) { o.string(p.id.uuid); }, assignUuid<Port>},
        {"created_at",   1, false, false, [](Out o, const Port& p, std::string_view) { o.time(p.createdAt); }, nullptr},
        {"updated_at",   1, false, false, [](Out o, const Port& p, std::string_view) { p.updatedAt > p.createdAt ? o.time(p.updatedAt) : o.null(); }, nullptr},
        {"address",      1, true, true, [](Out o, const Port& p, std::string_view) { o.string(p.mac.text); }, assignAddress},
        {"extra",        1, true, true, [](Out o, const Port& p, std::string_view) { o.json(p.extra); }, assignExtra},
        {"internal_info", 18, false, false, [](Out o, const Port&, std::string_view) { o.raw("{}"); }, nullptr},
        {"is_smartnic", 53, true, true, [](Out o, const Port& p, std::string_view) { o.boolean(p.isSmartNic); }, assignSmart},
        {"local_link_connection", 19, true, true, [](Out o, const Port& p, std::string_view) { o.json(p.localLinkConnection); }, assignLink},
        {"physical_network", 34, true, true, [](Out o, const Port& p, std::string_view) { o.stringOrNull(p.physicalNetwork); }, assignNetwork},
        {"pxe_enabled", 19, true, true, [](Out o, const Port& p, std::string_view) { o.boolean(p.pxeEnabled); }, assignPxe},
        {"node_uuid",    1, true, false, [](Out o, const Port& p, std::string_view) { o.string(p.node.uuid); }, assignNode<Port>},
        {"links",        1, false, false, [](Out o, const Port& p, std::string_view base) { writeLinks(o, base, "ports/" + p.id.uuid); }, nullptr},
        {"name",        88, true, true, renderText<&Port::name>, assignText<&Port::name>},
        {"description", 97, true, true, renderText<&Port::description>, assignText<&Port::description, kMostOfSentences>},
        {"vendor",     100, true, true, renderText<&Port::vendor>, assignText<&Port::vendor>},
        {"category",   101, true, true, renderText<&Port::category>, assignText<&Port::category>},
        {"available_for_dynamic_portgroup", 111, true, true, [](Out o, const Port& p, std::string_view) { o.boolean(p.mayBeGrouped); }, assignGrouping},
        {"portgroup_uuid", 24, true, true, [](Out o, const Port& p, std::string_view) { o.stringOrNull(p.portGroup.uuid); }, assignGroup},
    }};
    // clang-format on
    return shape;
}

} // namespace bm::wire
