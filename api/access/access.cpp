#include "api/access/access.h"

#include "api/access/field_rules.h"
#include "api/core/route_idents.h"
#include "common/model/error.h"
#include "common/wire/json/json_input.h"
#include "conductor/core/nodes.h"
#include "conductor/resources/allocation_rules.h"
#include "conductor/resources/port_group_rules.h"
#include "conductor/resources/step_list_rules.h"
#include "conductor/resources/volume_rules.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Request;
using model::Error;
using model::ErrorCode;

namespace {

std::string_view toText(Needs needs)
{
    return needs == Needs::Nobody ? "nobody" : model::toText(static_cast<model::Role>(needs));
}

/// The actor's relation to a record.
struct Relation {
    bool owner = false;
    bool lessee = false;
    bool any() const { return owner || lessee; }
};

Relation relationTo(const Request& request, const model::Node& node)
{
    const std::string& project = projectOf(request);
    return {node.owner == project, node.lessee == project};
}

Relation ownerOnly(const Request& request, const std::string& owner)
{
    return {owner == projectOf(request), false};
}

std::string whoIs(const Request& request)
{
    const model::Grant& grant = request.grant;
    return fmt::format("{} is {} of {}", request.actor, model::toText(grant.role),
                       grant.ofSystem() ? "the system" : "the project " + grant.project);
}

[[noreturn]] void refuse(const Request& request, std::string_view rule, const std::string& needed)
{
    throw Error(ErrorCode::Forbidden, fmt::format("Access was denied to the following resource: {}", rule),
                fmt::format("{}; the request needs {}", whoIs(request), needed));
}

[[noreturn]] void refuse(const Request& request, std::string_view rule, const Access& access)
{
    std::string needed = fmt::format("{} of the system", toText(access.system));
    if (access.owner != Needs::Nobody)
        needed += fmt::format(", {} of the owner's project", toText(access.owner));
    if (access.lessee != Needs::Nobody)
        needed += fmt::format(", {} of the lessee's project", toText(access.lessee));
    refuse(request, rule, needed);
}

/// @p relation counts for users of a project only.
bool suffices(const model::Grant& grant, const Access& access, const Relation& relation)
{
    if (grant.ofSystem())
        return suffices(grant.role, access.system);
    return (relation.owner && suffices(grant.role, access.owner)) ||
           (relation.lessee && suffices(grant.role, access.lessee));
}

void require(const Request& request, std::string_view rule, const Access& access, const Relation& relation)
{
    if (!suffices(request.grant, access, relation))
        refuse(request, rule, access);
}

template <class T>
T resourceOf(const ApiParts& parts, const Request& request, const conductor::ResourceRules<T>& rules)
{
    return conductor::Resources<T>(parts.context, rules).get(request.pathParam("ident"));
}

model::Node nodeById(const ApiParts& parts, const model::NodeId& id)
{
    return parts.nodes.get(id.uuid);
}

/// A record of a node belongs to the node's owner and lessee.
template <class T>
Relation relationByNode(const ApiParts& parts, const Request& request,
                        const conductor::ResourceRules<T>& rules)
{
    return relationTo(request, nodeById(parts, resourceOf(parts, request, rules).node));
}

Relation relationToPort(const ApiParts& parts, const Request& request)
{
    const model::Port port = parts.context.database.read(
        [&](db::Transaction& tx) { return findPort(tx, request.pathParam("ident")); });
    return relationTo(request, nodeById(parts, port.node));
}

/// Everybody may read a public runbook.
Relation relationToRunbook(const ApiParts& parts, const Request& request)
{
    const model::Runbook runbook = resourceOf(parts, request, conductor::runbookRules());
    const bool reads = request.method == http::Method::Get || request.method == http::Method::Head;
    return {runbook.owner == projectOf(request), runbook.isPublic && reads};
}

/// @throws Error NotFound for an image that the actor may not use
Relation relationToImage(const ApiParts& parts, const Request& request)
{
    const conductor::ImageParty party = imagePartyOf(request);
    const model::Image image = parts.images.get(request.pathParam("image"), party);
    return {accessTo(image, party) == conductor::ImageAccess::Change, true};
}

Relation relationOf(const ApiParts& parts, const Request& request, Subject subject)
{
    switch (subject) {
    case Subject::Open:
    case Subject::Shared:
    case Subject::List:
    case Subject::Create:
        return {true, true};
    case Subject::System:
        return {};
    case Subject::Node:
        return relationTo(request, parts.nodes.get(identOf(request)));
    case Subject::Port:
        return relationToPort(parts, request);
    case Subject::PortGroup:
        return relationByNode(parts, request, conductor::portGroupRules());
    case Subject::VolumeConnector:
        return relationByNode(parts, request, conductor::volumeConnectorRules());
    case Subject::VolumeTarget:
        return relationByNode(parts, request, conductor::volumeTargetRules());
    case Subject::Allocation:
        return ownerOnly(request, resourceOf(parts, request, conductor::allocationRules()).owner);
    case Subject::Runbook:
        return relationToRunbook(parts, request);
    case Subject::Image:
        return relationToImage(parts, request);
    }
    return {};
}

/// The refusal for a record that the policy hides. It equals the one for a record that does not exist.
[[noreturn]] void hide(const Request& request, Subject subject)
{
    if (subject == Subject::Node)
        throw conductor::noSuchNode(identOf(request));
    constexpr std::array<std::string_view, 6> kNames{
        "Node", "Port", "Portgroup", "Volume connector", "Volume target", "Allocation"};
    const std::size_t place = static_cast<std::size_t>(subject) - static_cast<std::size_t>(Subject::Node);
    throw Error(ErrorCode::NotFound,
                fmt::format("{} {} could not be found.", place < kNames.size() ? kNames.at(place) : "Runbook",
                            request.pathParam("ident")));
}

void enforce(const ApiParts& parts, const Request& request)
{
    const bool administrator = request.grant.ofSystem() && request.grant.role == model::Role::Admin;
    if (administrator || request.route.empty())
        return;
    const PolicyRow* row = policyOf(request.method, request.route);
    if (row == nullptr)
        refuse(request, request.route, Access{});
    if (row->subject == Subject::Open)
        return;
    Relation relation;
    if (!request.grant.ofSystem()) {
        relation = relationOf(parts, request, row->subject);
        if (row->subject >= Subject::Node && !relation.any())
            hide(request, row->subject);
    }
    require(request, row->rule, row->access, relation);
}

/// A field that a request sets: a member of a body, or a step of a JSON Patch.
struct FieldChange {
    std::string field;                     ///< "driver_info"
    const nlohmann::json* whole = nullptr; ///< the field's new value; null: removed, or a part changes
};

/// The first part of a step's path. "" without one, which another check refuses.
FieldChange changeOf(const nlohmann::json& step)
{
    const auto path = step.is_object() ? step.find("path") : step.end();
    if (path == step.end() || !path->is_string())
        return {};
    const std::string text = path->get<std::string>();
    const std::size_t begin = text.starts_with('/') ? 1 : 0, end = text.find('/', begin);
    FieldChange change{.field = text.substr(begin, end - begin)};
    const auto value = step.find("value");
    if (end == std::string::npos && value != step.end() && step.value("op", nlohmann::json()) != "remove")
        change.whole = &*value;
    return change;
}

bool isFree(const Request& request, const FieldRow& row, const Relation& relation,
            const nlohmann::json* value)
{
    if (value == nullptr)
        return false;
    switch (row.free) {
    case FreeValue::None:
        return false;
    case FreeValue::True:
        return *value == true;
    case FreeValue::False:
        return *value == false;
    case FreeValue::OwnProject:
        return !request.grant.ofSystem() && relation.owner && *value == projectOf(request);
    }
    return false;
}

/// The one check of a field, whichever request sets it. @throws Error Forbidden
void requireField(const Request& request, std::string_view collection, const Relation& relation,
                  const FieldChange& change)
{
    const FieldRow* row = fieldRowOf(collection, change.field);
    if (row != nullptr && !row->rule.empty() && !isFree(request, *row, relation, change.whole))
        require(request, row->rule, row->set, relation);
}

std::vector<FieldChange> changesOf(const nlohmann::json& body)
{
    std::vector<FieldChange> changes;
    if (body.is_object())
        for (const auto& [field, value] : body.items())
            changes.push_back({field, &value});
    return changes;
}

std::vector<FieldChange> changesOfPatch(const nlohmann::json& patch)
{
    std::vector<FieldChange> changes;
    if (patch.is_array())
        for (const nlohmann::json& step : patch)
            changes.push_back(changeOf(step));
    return changes;
}

/// Only an administrator changes the owner of an active node.
void requireFreeOwner(const Request& request, const model::Node& node, const std::string& field)
{
    const bool administrator = request.grant.ofSystem() && request.grant.role == model::Role::Admin;
    if (field == "owner" && node.state == model::State::Active && !administrator)
        throw Error(
            ErrorCode::Conflict,
            fmt::format("Cannot update owner of node \"{}\" while it is in state \"active\".", node.id.uuid),
            "ask an administrator of the system");
}

constexpr std::string_view kNodes = "/v1/nodes";
constexpr Relation kOwner{true, false};

} // namespace

http::Filter policyFilter(const ApiParts& parts)
{
    return [&parts](Request& request, http::Response&) { enforce(parts, request); };
}

bool maySee(const Request& request, const model::Node& node)
{
    return request.grant.ofSystem() || relationTo(request, node).any();
}

bool isRedacted(const Request& request, const model::Node& node)
{
    return !suffices(request.grant, fieldRowOf(kNodes, "driver_info")->see, relationTo(request, node));
}

bool maySeeProperties(const ApiParts& parts, const Request& request, const model::VolumeTarget& target)
{
    const bool system = request.grant.ofSystem();
    const Relation relation = system ? Relation{} : relationTo(request, nodeById(parts, target.node));
    return suffices(request.grant, targetPropertiesRow().see, relation);
}

void requireRunbook(const ApiParts& parts, const Request& request, const std::string& ident)
{
    if (request.grant.ofSystem()) // the filter has checked the system's users
        return;
    const model::Runbook runbook =
        conductor::Resources<model::Runbook>(parts.context, conductor::runbookRules()).get(ident);
    if (runbook.isPublic)
        return;
    const Relation relation = ownerOnly(request, runbook.owner);
    if (!relation.any())
        throw Error(ErrorCode::NotFound, fmt::format("Runbook {} could not be found.", ident));
    require(request, runbookUseRow().rule, runbookUseRow().access, relation);
}

void requireVisible(const Request& request, const model::Node& node, const std::string& ident)
{
    if (!maySee(request, node))
        throw conductor::noSuchNode(ident);
}

model::Node visibleNode(const ApiParts& parts, const Request& request, const std::string& ident)
{
    model::Node node = parts.nodes.get(ident);
    requireVisible(request, node, ident);
    return node;
}

void requireOn(const Request& request, const model::Node& node, const std::string& ident)
{
    const PolicyRow* row = policyOf(request.method, request.route);
    if (request.grant.ofSystem() || row == nullptr) // the filter has checked the system's users
        return;
    requireVisible(request, node, ident);
    require(request, row->rule, row->access, relationTo(request, node));
}

void requireNew(const Request& request, std::string_view collection, const nlohmann::json& body)
{
    for (const FieldChange& change : changesOf(body))
        if (!change.whole->is_null()) // null leaves the field of a new record as it is
            requireField(request, collection, kOwner, change);
}

void requireFields(const Request& request, const model::Node& node, const nlohmann::json& fields)
{
    for (const FieldChange& change : changesOf(fields)) {
        requireField(request, kNodes, relationTo(request, node), change);
        requireFreeOwner(request, node, change.field);
    }
}

void requirePatch(const Request& request, const model::Node& node, const nlohmann::json& patch)
{
    for (const FieldChange& change : changesOfPatch(patch)) {
        requireField(request, kNodes, relationTo(request, node), change);
        requireFreeOwner(request, node, change.field);
    }
}

void requirePatch(const Request& request, std::string_view collection, const nlohmann::json& patch)
{
    for (const FieldChange& change : changesOfPatch(patch))
        requireField(request, collection, kOwner, change);
}

std::string ownerOfNew(const Request& request, const std::string& wanted)
{
    if (request.grant.ofSystem() || wanted.empty() || wanted == projectOf(request))
        return request.grant.ofSystem() ? wanted : projectOf(request);
    const PolicyRow* row = policyOf(request.method, request.route);
    refuse(request, row == nullptr ? request.route : row->rule, "its owner to be that project");
}

} // namespace bm::api
