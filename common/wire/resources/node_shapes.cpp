// Uses the node's table: the fields of an answer, and the fields that a request may set.
#include "common/wire/resources/node_fields.h"

#include "common/model/error.h"
#include "common/model/interfaces.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_patch.h"
#include "common/wire/json/schema_words.h"
#include "common/wire/json/secret_mask.h"

#include <algorithm>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::wire {

using model::Error;
using model::ErrorCode;
using model::Node;
using nlohmann::json;

namespace {

constexpr std::string_view kWhere = "Schema error for node";

Error tooNew(const NodeField& field, Version version)
{
    return {
        ErrorCode::NotAcceptable, "Request not acceptable.",
        fmt::format("{} needs version 1.{}, the request is {}", field.name, field.since, toText(version))};
}

const NodeField& knownField(std::string_view name, Version version)
{
    const NodeField* field = findNodeField(name);
    if (field == nullptr)
        throw Error(ErrorCode::InvalidInput, fmt::format("Field(s) \"{}\" are not valid.", name),
                    "without fields=, the answer to GET of one node shows every field");
    if (field->since > version.minor)
        throw tooNew(*field, version);
    return *field;
}

/// A row that POST takes, by name. @throws Error in Ironic's words
const NodeField& creatable(const std::string& name, Version version)
{
    const NodeField* field = findNodeField(name);
    if (field == nullptr || !field->create) {
        std::vector<std::string_view> known;
        for (const NodeField& row : nodeFields())
            if (row.create && row.since <= version.minor)
                known.push_back(row.name);
        throw unexpectedProperty(kWhere, name, fmt::format("known are: {}", fmt::join(known, ", ")));
    }
    if (field->since > version.minor)
        throw tooNew(*field, version);
    return *field;
}

std::string patchableNames(Version version)
{
    std::vector<std::string_view> names;
    for (const NodeField& field : nodeFields())
        if (field.patch && field.since <= version.minor)
            names.push_back(field.name);
    std::sort(names.begin(), names.end());
    return fmt::format("{}", fmt::join(names, ", "));
}

void assignInterface(Node& node, const json& value, std::string_view field,
                     const model::InterfaceTable& interfaces)
{
    const std::string wanted = asStringOrNull(value, field);
    const std::string_view kind = field.substr(0, field.rfind('_'));
    const std::span<const std::string> enabled = interfaces.enabled(node.driver, kind);
    if (!value.is_null() && std::ranges::find(enabled, wanted) == enabled.end())
        throw model::Error(
            model::ErrorCode::InvalidInput,
            fmt::format("Could not find the following interface in the 'ironic.hardware.interfaces.{}' "
                        "entrypoint: {}. Valid interfaces are ['{}'].",
                        kind, wanted.substr(0, 80), fmt::join(enabled, "', '")),
            fmt::format("leave {} out for the default: {}", field, enabled.front()));
    json chosen = json::parse(node.interfaces.text);
    chosen.erase(std::string(kind));
    if (!wanted.empty() && wanted != enabled.front())
        chosen[std::string(kind)] = wanted;
    node.interfaces = canonical(chosen);
}

void assignField(const NodeField& field, Node& node, const json& value,
                 const model::InterfaceTable& interfaces)
{
    if (field.assign != nullptr)
        field.assign(node, value, field.name);
    else
        assignInterface(node, value, field.name, interfaces);
}

json documentOf(const Node& node, const model::InterfaceTable& interfaces)
{
    JsonWriter out;
    out.beginObject();
    const NodeView view{.node = node, .interfaces = interfaces, .base = "", .conductor = "", .masked = false};
    for (const NodeField& field : nodeFields())
        if (field.create || field.patch)
            field.render(out.key(field.name), view);
    out.endObject();
    return json::parse(out.text());
}

void checkPatchPaths(const JsonPatch& patch, Version version)
{
    for (const PatchStep& step : patch.steps()) {
        const NodeField* field = findNodeField(step.keys.front());
        if (field == nullptr || !field->patch)
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("Cannot patch {}. Only the following can be updated: {}", step.path,
                                    patchableNames(version)),
                        "/extra/KEY takes values of your own");
        if (field->since > version.minor)
            throw tooNew(*field, version);
        if (field->name == "driver" && step.op == PatchStep::Op::Remove)
            throw missingProperty("Schema error for patch", "driver");
    }
}

/// True if the patch from @p before to @p after chooses the interface of @p kind.
bool choosesInterface(const json& before, const json& after, std::string_view kind)
{
    const std::string field = fmt::format("{}_interface", kind);
    return after.at(field) != before.at(field);
}

/// The interfaces of @p old for @p node, which has another hardware type. @throws Error InvalidInput: that
/// type does not have one of them
void keepInterfaces(const Node& old, Node& node, const json& before, const json& after,
                    const model::InterfaceTable& interfaces)
{
    json kept = json::object();
    for (const model::InterfaceKind& kind : model::interfaceKinds()) {
        if (choosesInterface(before, after, kind.name))
            continue;
        const std::string name(interfaces.interfaceOf(old, kind.name));
        const std::span<const std::string> enabled = interfaces.enabled(node.driver, kind.name);
        if (std::ranges::find(enabled, name) == enabled.end())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("{} interface implementation '{}' is not supported by hardware type {}.",
                                    kind.name, name, node.driver),
                        "?reset_interfaces=true gives the node the interfaces of its new hardware type");
        if (name != enabled.front())
            kept[std::string(kind.name)] = name;
    }
    node.interfaces = canonical(kept);
}

/// True if a conductor has the hardware type; the table has "noop" alone for others.
bool isKnown(const model::InterfaceTable& interfaces, std::string_view driver)
{
    return interfaces.enabled(driver, "power").front() != "noop";
}

/// True if @p present has all values of @p wanted; it may have further keys.
bool sameDriverInfo(const json& wanted, const json& open)
{
    for (const auto& [key, value] : wanted.items()) {
        const json::const_iterator there = open.find(key);
        const bool kept = value.is_string() && value.get<std::string>() == kMask;
        if (kept && there != open.end())
            continue;
        if (there == open.end() ||
            (*there != value && (!there->is_string() || there->get<std::string>() != value.dump())))
            return false;
    }
    return wanted.size() == open.size();
}

} // namespace

NodeFieldList nodeDetail(Version version)
{
    NodeFieldList fields;
    for (const NodeField& field : nodeFields())
        if (field.since <= version.minor)
            fields.push_back(&field);
    return fields;
}

NodeFieldList nodeSummary(Version version)
{
    NodeFieldList fields;
    for (std::string_view name :
         {"uuid", "instance_uuid", "maintenance", "power_state", "provision_state", "name", "links"})
        if (const NodeField* field = findNodeField(name); field->since <= version.minor)
            fields.push_back(field);
    return fields;
}

NodeFieldList nodeSelection(std::string_view commaSeparated, Version version)
{
    NodeFieldList fields;
    for (std::size_t at = 0; at < commaSeparated.size();) {
        const std::size_t end = std::min(commaSeparated.find(',', at), commaSeparated.size());
        const NodeField& field = knownField(commaSeparated.substr(at, end - at), version);
        if (field.name != "links" && std::find(fields.begin(), fields.end(), &field) == fields.end())
            fields.push_back(&field);
        at = end + 1;
    }
    fields.push_back(findNodeField("links"));
    return fields;
}

void writeNode(JsonWriter& out, const NodeView& view, const NodeFieldList& fields)
{
    out.beginObject();
    for (const NodeField* field : fields)
        field->render(out.key(field->name), view);
    out.endObject();
}

Node nodeFromCreate(const json& body, Version version, const model::InterfaceTable& interfaces)
{
    if (!body.is_object())
        throw notOfType(kWhere, body, "'object'");
    if (!body.contains("driver"))
        throw missingProperty(kWhere, "driver", "\"ipmi\", or \"fake-hardware\" to try bm out");
    Node node;
    node.driver = asString(body.at("driver"), "driver");
    node.state = version.minor < 11 ? model::State::Available : model::State::Enroll;
    for (const auto& [name, value] : body.items())
        if (const NodeField& field = creatable(name, version); name != "uuid" || !value.is_null())
            assignField(field, node, value, interfaces);
    return node;
}

void checkNodePatch(const json& patch, Version version)
{
    checkPatchPaths(JsonPatch::parse(patch), version);
}

void patchNode(Node& node, const json& body, Version version, const model::InterfaceTable& interfaces,
               NewDriver newDriver)
{
    const JsonPatch patch = JsonPatch::parse(body);
    checkPatchPaths(patch, version);
    const auto names = [&](std::string_view field) {
        return std::ranges::any_of(patch.steps(),
                                   [&](const PatchStep& s) { return s.keys.front() == field; });
    };
    if (newDriver == NewDriver::ResetsInterfaces && !names("driver"))
        throw Error(ErrorCode::InvalidInput, "The reset_interfaces parameter can only be used when changing "
                                             "the node's driver.");
    const json before = documentOf(node, interfaces);
    const json after = patch.applied(before);
    Node changed = node;
    if (after.at("driver") != before.at("driver"))
        changed.driver = asString(after.at("driver"), "driver");
    const bool otherDriver = changed.driver != node.driver;
    const bool resets = otherDriver && newDriver == NewDriver::ResetsInterfaces;
    if (resets)
        changed.interfaces = {};
    else if (otherDriver && isKnown(interfaces, changed.driver)) // the conductor refuses other types
        keepInterfaces(node, changed, before, after, interfaces);
    for (const NodeField& field : nodeFields()) {
        const std::string name(field.name);
        const bool chosen = resets && name.ends_with("_interface") && names(name); // may be the former one
        if (field.patch && (chosen || after.at(name) != before.at(name)))
            assignField(field, changed, after.at(name), interfaces);
    }
    if (!changed.maintenance)
        changed.maintenanceReason.clear();
    node = changed;
}

std::vector<std::string> mergeNode(Node& node, const json& wanted, const json& openDriverInfo,
                                   const model::InterfaceTable& interfaces)
{
    const json before = documentOf(node, interfaces);
    if (const json* driver = memberOf(wanted, "driver")) // the interfaces of the request are of this type
        node.driver = asString(*driver, "driver");
    bool accessChanged = false;
    for (const auto& [name, value] : wanted.items()) {
        const NodeField& field = creatable(name, kMaxVersion);
        const bool access = name == "driver_info" && value.is_object();
        if (name == "uuid" || (access && sameDriverInfo(value, openDriverInfo)))
            continue;
        accessChanged = accessChanged || access;
        if (name == "properties" && value.is_object()) { // keeps an inspection's properties
            json merged = before.at(name);
            merged.update(value);
            assignField(field, node, merged, interfaces);
            continue;
        }
        assignField(field, node, value, interfaces);
    }
    const json after = documentOf(node, interfaces);
    std::vector<std::string> changed;
    for (const auto& [name, value] : wanted.items())
        if (name == "driver_info" ? accessChanged : before.at(name) != after.at(name))
            changed.push_back(name);
    return changed;
}

} // namespace bm::wire
