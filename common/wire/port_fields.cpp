#include "common/wire/port_fields.h"

#include "common/model/error.h"
#include "common/wire/json_input.h"
#include "common/wire/json_patch.h"
#include "common/wire/resource_links.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using model::Port;
using nlohmann::json;

namespace {

using Out = JsonWriter&;

void assignUuid(Port& port, const json& value, std::string_view field)
{
    port.id.uuid = asString(value, field);
    if (!model::isUuid(port.id.uuid))
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("Expected UUID for {}: {}", field, port.id.uuid.substr(0, 80)));
}

void assignAddress(Port& port, const json& value, std::string_view field)
{
    const std::string text = asString(value, field);
    const std::optional<model::MacAddress> mac = model::macFromText(text);
    if (!mac)
        throw Error(ErrorCode::InvalidInput,
                    fmt::format("Expected valid MAC address for {}: {}", field, text.substr(0, 80)),
                    "six pairs of hex digits with colons; no multicast address");
    port.mac = *mac;
}

void assignNode(Port& port, const json& value, std::string_view field)
{
    port.node.uuid = asString(value, field);
}
void assignPxe(Port& port, const json& value, std::string_view field)
{
    port.pxeEnabled = value.is_null() || asBoolean(value, field);
}
void assignExtra(Port& port, const json& value, std::string_view field)
{
    port.extra = asObjectText(value, field);
}
void assignLink(Port& port, const json& value, std::string_view field)
{
    port.localLinkConnection = asObjectText(value, field);
}
void assignNetwork(Port& port, const json& value, std::string_view field)
{
    port.physicalNetwork = asStringOrNull(value, field);
}
/// bm has no smart NICs and no portgroups yet: only what says "none" is taken.
void assignNothing(Port&, const json& value, std::string_view field)
{
    if (!value.is_null() && value != json(false))
        throw Error(ErrorCode::InvalidInput, fmt::format("{}: not supported by this version of bm", field));
}

const std::vector<PortField>& table()
{
    // clang-format off
    static const std::vector<PortField> rows{
        {"uuid",         1, true, false, [](Out o, const Port& p, std::string_view) { o.string(p.id.uuid); }, assignUuid},
        {"created_at",   1, false, false, [](Out o, const Port& p, std::string_view) { o.time(p.createdAt); }, nullptr},
        {"updated_at",   1, false, false, [](Out o, const Port& p, std::string_view) { p.updatedAt > p.createdAt ? o.time(p.updatedAt) : o.null(); }, nullptr},
        {"address",      1, true, true, [](Out o, const Port& p, std::string_view) { o.string(p.mac.text); }, assignAddress},
        {"extra",        1, true, true, [](Out o, const Port& p, std::string_view) { o.json(p.extra); }, assignExtra},
        {"internal_info", 18, false, false, [](Out o, const Port&, std::string_view) { o.raw("{}"); }, nullptr},
        {"is_smartnic", 53, true, true, [](Out o, const Port&, std::string_view) { o.boolean(false); }, assignNothing},
        {"local_link_connection", 19, true, true, [](Out o, const Port& p, std::string_view) { o.json(p.localLinkConnection); }, assignLink},
        {"physical_network", 34, true, true, [](Out o, const Port& p, std::string_view) { o.stringOrNull(p.physicalNetwork); }, assignNetwork},
        {"pxe_enabled", 19, true, true, [](Out o, const Port& p, std::string_view) { o.boolean(p.pxeEnabled); }, assignPxe},
        {"node_uuid",    1, true, false, [](Out o, const Port& p, std::string_view) { o.string(p.node.uuid); }, assignNode},
        {"links",        1, false, false, [](Out o, const Port& p, std::string_view base) { writeLinks(o, base, "ports/" + p.id.uuid); }, nullptr},
        {"portgroup_uuid", 24, true, true, [](Out o, const Port&, std::string_view) { o.null(); }, assignNothing},
    };
    // clang-format on
    return rows;
}

const PortField* find(std::string_view name)
{
    const auto found =
        std::find_if(table().begin(), table().end(), [&](const PortField& f) { return f.name == name; });
    return found == table().end() ? nullptr : &*found;
}

void checkVersion(const PortField& field, Version version)
{
    if (field.since > version.minor)
        throw Error(ErrorCode::NotAcceptable, "Request not acceptable.",
                    fmt::format("{} needs version 1.{}, the request is {}", field.name, field.since,
                                toText(version)));
}

const PortField& creatable(const std::string& name, Version version)
{
    const PortField* field = find(name);
    if (field == nullptr || !field->create)
        throw Error(
            ErrorCode::InvalidInput,
            fmt::format("Schema error for port: Additional properties are not allowed ('{}' was unexpected)",
                        name),
            "known are: address, extra, is_smartnic, local_link_connection, node_uuid, physical_network, "
            "portgroup_uuid, pxe_enabled, uuid");
    checkVersion(*field, version);
    return *field;
}

json documentOf(const Port& port)
{
    JsonWriter out;
    out.beginObject();
    for (const PortField& field : table())
        if (field.create || field.patch)
            field.render(out.key(field.name), port, "");
    out.endObject();
    return json::parse(out.text());
}

} // namespace

const std::vector<PortField>& portFields()
{
    return table();
}

PortFieldList portDetail(Version version)
{
    PortFieldList fields;
    for (const PortField& field : table())
        if (field.since <= version.minor)
            fields.push_back(&field);
    return fields;
}

PortFieldList portSummary()
{
    return {find("uuid"), find("address"), find("links")};
}

PortFieldList portSelection(std::string_view commaSeparated, Version version)
{
    PortFieldList fields;
    for (std::size_t at = 0; at <= commaSeparated.size();) {
        const std::size_t end = std::min(commaSeparated.find(',', at), commaSeparated.size());
        const std::string_view name = commaSeparated.substr(at, end - at);
        const PortField* field = find(name);
        if (field == nullptr)
            throw Error(ErrorCode::InvalidInput, fmt::format("Field(s) \"{}\" are not valid.", name));
        checkVersion(*field, version);
        if (field->name != "links" && std::find(fields.begin(), fields.end(), field) == fields.end())
            fields.push_back(field);
        at = end + 1;
    }
    fields.push_back(find("links"));
    return fields;
}

void writePort(JsonWriter& out, const Port& port, std::string_view base, const PortFieldList& fields)
{
    out.beginObject();
    for (const PortField* field : fields)
        field->render(out.key(field->name), port, base);
    out.endObject();
}

Port portFromCreate(const json& body, Version version, bool nodeNeeded)
{
    if (!body.is_object())
        throw Error(ErrorCode::InvalidInput, fmt::format("a port: expected an object, got {}", kindOf(body)));
    for (const char* needed : {"address", "node_uuid"})
        if (memberOf(body, needed) == nullptr && (nodeNeeded || std::string_view(needed) == "address"))
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("Schema error for port: '{}' is a required property", needed));
    Port port;
    for (const auto& [name, value] : body.items())
        if (const PortField& field = creatable(name, version); name != "uuid" || !value.is_null())
            field.assign(port, value, field.name);
    return port;
}

void patchPort(Port& port, const json& body, Version version)
{
    const JsonPatch patch = JsonPatch::parse(body);
    for (const PatchStep& step : patch.steps()) {
        const PortField* field = find(step.keys.front());
        if (field == nullptr || !field->patch)
            throw Error(
                ErrorCode::InvalidInput,
                fmt::format(
                    "Cannot patch {}. Only the following can be updated: address, extra, is_smartnic, "
                    "local_link_connection, physical_network, portgroup_uuid, pxe_enabled",
                    step.path));
        checkVersion(*field, version);
    }
    const json before = documentOf(port);
    const json after = patch.applied(before);
    Port changed = port;
    for (const PortField& field : table())
        if (field.patch && after.at(std::string(field.name)) != before.at(std::string(field.name)))
            field.assign(changed, after.at(std::string(field.name)), field.name);
    port = changed;
}

std::vector<std::string> mergePort(Port& port, const json& wanted)
{
    const json before = documentOf(port);
    for (const auto& [name, value] : wanted.items())
        if (const PortField& field = creatable(name, kMaxVersion); field.patch)
            field.assign(port, value, field.name);
    const json after = documentOf(port);
    std::vector<std::string> changed;
    for (const auto& [name, value] : wanted.items())
        if (before.at(name) != after.at(name))
            changed.push_back(name);
    return changed;
}

} // namespace bm::wire
