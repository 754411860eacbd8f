#include "api/ironic/resource_api.h"

#include "api/access/access.h"
#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "api/ironic/resource_fields.h"
#include "common/model/error.h"
#include "common/text/word_list.h"
#include "common/wire/resources/allocation_fields.h"
#include "common/wire/resources/chassis_fields.h"
#include "common/wire/resources/inspection_rule_fields.h"
#include "common/wire/resources/port_group_fields.h"
#include "common/wire/resources/step_list_fields.h"
#include "common/wire/resources/volume_fields.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;

namespace {

/// Replaces a node's name by its uuid and checks the actor's right to the node. @throws Error InvalidInput
/// (no such node), Forbidden
template <class T> void resolveNode(const ApiParts& parts, const Request& request, T& item)
{
    if constexpr (requires { item.node; }) {
        if (item.node.empty())
            return;
        try {
            const model::Node node = parts.nodes.get(item.node.uuid);
            requireOn(request, node);
            item.node = node.id;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::Forbidden)
                throw;
            throw Error(ErrorCode::InvalidInput, error.message(), "bm node list lists the nodes");
        }
    }
}

/// A new record of a project's user belongs to that project.
template <class T> void setOwner(const Request& request, T& item)
{
    if constexpr (requires { item.owner; })
        item.owner = ownerOfNew(request, item.owner);
}

/// Refuses a change of owner or visibility by a user of a project.
template <class T> void keepOwner(const Request& request, const T& before, const T& after)
{
    if (request.grant.ofSystem())
        return;
    if constexpr (requires { before.owner; })
        if (before.owner != after.owner)
            ownerOfNew(request, after.owner.empty() ? "nobody" : after.owner);
    if constexpr (requires { before.isPublic; })
        if (after.isPublic && !before.isPublic)
            throw Error(ErrorCode::Forbidden,
                        "Access was denied to the following resource: baremetal:runbook:update:public",
                        "ask a member of the system to make it public");
}

/// The fields of @p item that the actor may see.
template <class T> const T& shownTo(const ApiParts& /*parts*/, const Request& /*request*/, const T& item)
{
    return item;
}

model::VolumeTarget shownTo(const ApiParts& parts, const Request& request, model::VolumeTarget target)
{
    if (!maySeeProperties(parts, request, target))
        target.properties.text =
            nlohmann::json{
                {"redacted_contents", fmt::format("** Value Redacted: Requires {} permission access. **",
                                                  targetPropertiesRow().rule)}}
                .dump();
    return target;
}

/// Restricts the page to rows whose column equals @p value.
void narrow(db::ResourcePage& page, std::string_view column, std::string value)
{
    page.parameters.emplace_back(std::move(value));
    page.where +=
        fmt::format("{}{} = ${}", page.where.empty() ? "" : " and ", column, page.parameters.size());
}

} // namespace

template <class T> void ResourceApi<T>::mount(http::Router& router)
{
    const std::string path(routes_.path);
    router.add(Method::Get, path, [this](Request& q, Response& a) { list(q, a, false, false); });
    if (routes_.detailRoute)
        router.add(Method::Get, path + "/detail",
                   [this](Request& q, Response& a) { list(q, a, true, false); });
    router.add(Method::Post, path, [this](Request& q, Response& a) { create(q, a); });
    router.add(Method::Get, path + "/{ident}", [this](Request& q, Response& a) { show(q, a); });
    router.add(Method::Patch, path + "/{ident}", [this](Request& q, Response& a) { patch(q, a); });
    router.add(Method::Delete, path + "/{ident}", [this](Request& q, Response& a) { remove(q, a); });
    if (routes_.removesAll)
        router.add(Method::Delete, path, [this](Request& q, Response& a) { removeAll(q, a); });
    if (routes_.ofNode.empty())
        return;
    const std::string ofNode(routes_.ofNode);
    router.add(Method::Get, ofNode, [this](Request& q, Response& a) { list(q, a, false, true); });
    if (routes_.detailRoute)
        router.add(Method::Get, ofNode + "/detail",
                   [this](Request& q, Response& a) { list(q, a, true, true); });
}

template <class T> void ResourceApi<T>::checkVersion(const Request& request) const
{
    requireVersion(request, routes_.since, routes_.list);
}

template <class T> db::ResourcePage ResourceApi<T>::pageOf(const Request& request, bool ofNode) const
{
    db::ResourcePage page;
    const std::string sort = request.queryParam("sort_key").value_or("id");
    if (sort != "id" && !model::isAmong(routes_.sortable, sort))
        throw Error(ErrorCode::InvalidInput,
                    "The sort_key value \"" + sort.substr(0, 80) + "\" is an invalid field for sorting",
                    "use one of: id " + std::string(routes_.sortable));
    page.sortColumn = sort == "id" ? "created_at" : sort;
    const std::string direction = request.queryParam("sort_dir").value_or("asc");
    if (direction != "asc" && direction != "desc")
        throw Error(ErrorCode::InvalidInput, "Invalid sort direction: " + direction.substr(0, 40) +
                                                 ". Acceptable values are 'asc' or 'desc'");
    page.descending = direction == "desc";
    page.limit = limitOf(request) + 1;
    page.marker = request.queryParam("marker").value_or("");
    page.project = projectOf(request);
    if (ofNode)
        narrow(page, "node_uuid", parts_.nodes.get(identOf(parts_, request)).id.uuid);
    for (const ResourceFilter& filter : routes_.filters)
        if (const std::optional<std::string> value = request.queryParam(std::string(filter.name)))
            narrow(page, filter.column,
                   filter.isNode ? visibleNode(parts_, request, *value).id.uuid : *value);
    return page;
}

template <class T>
void ResourceApi<T>::list(Request& request, Response& response, bool detail, bool ofNode) const
{
    checkVersion(request);
    if (ofNode)
        requireVersion(request, routes_.ofNodeSince, routes_.list);
    std::string known = "fields detail limit marker sort_key sort_dir";
    if (!ofNode)
        for (const ResourceFilter& filter : routes_.filters)
            known += " " + std::string(filter.name);
    refuseOtherQuery(request, known);
    const Fields fields = fieldsOf(routes_.shape(), request, detail);
    const std::size_t limit = limitOf(request);
    std::vector<T> items = resources_.list(pageOf(request, ofNode));
    const bool more = items.size() > limit;
    if (more)
        items.resize(limit);
    wire::JsonWriter out;
    out.beginObject().key(routes_.list).beginArray();
    for (const T& item : items)
        routes_.shape().write(out, shownTo(parts_, request, item), request.localBase, fields);
    out.endArray();
    if (more)
        out.key("next").string(nextLink(request, limit, items.back().id.uuid));
    response.sendJson(200, out.endObject().text());
}

template <class T>
void ResourceApi<T>::send(const Request& request, Response& response, int status, const T& item) const
{
    wire::JsonWriter out;
    routes_.shape().write(out, shownTo(parts_, request, item), request.localBase,
                          routes_.shape().detail(versionOf(request)));
    response.sendJson(status, out.text());
}

template <class T> void ResourceApi<T>::show(Request& request, Response& response) const
{
    checkVersion(request);
    refuseOtherQuery(request, "fields");
    const Fields fields = fieldsOf(routes_.shape(), request, true);
    wire::JsonWriter out;
    const T item = resources_.get(request.pathParam("ident"));
    routes_.shape().write(out, shownTo(parts_, request, item), request.localBase, fields);
    response.sendJson(200, out.text());
}

template <class T> void ResourceApi<T>::create(Request& request, Response& response) const
{
    checkVersion(request);
    T wanted = routes_.shape().fromCreate(jsonBody(request), versionOf(request));
    setOwner(request, wanted);
    keepOwner(request, T{}, wanted);
    resolveNode(parts_, request, wanted);
    const T item = resources_.create(wanted, request.actor);
    response.header("Location", request.localBase + std::string(routes_.path) + "/" + item.id.uuid);
    send(request, response, 201, item);
}

template <class T> void ResourceApi<T>::patch(Request& request, Response& response) const
{
    checkVersion(request);
    if (routes_.patchSince > 0)
        requireVersion(request, routes_.patchSince, routes_.list);
    const nlohmann::json body = jsonBody(request);
    const auto change = [&](T& item) {
        const T before = item;
        routes_.shape().patch(item, body, versionOf(request));
        keepOwner(request, before, item);
        resolveNode(parts_, request, item);
    };
    send(request, response, 200, resources_.update(request.pathParam("ident"), change, request.actor));
}

template <class T> void ResourceApi<T>::remove(Request& request, Response& response) const
{
    checkVersion(request);
    resources_.remove(request.pathParam("ident"), request.actor);
    response.sendEmpty(204);
}

template <class T> void ResourceApi<T>::removeAll(Request& request, Response& response) const
{
    checkVersion(request);
    resources_.removeAll(request.actor);
    response.sendEmpty(204);
}

template class ResourceApi<model::Chassis>;
template class ResourceApi<model::PortGroup>;
template class ResourceApi<model::VolumeConnector>;
template class ResourceApi<model::VolumeTarget>;
template class ResourceApi<model::Allocation>;
template class ResourceApi<model::DeployTemplate>;
template class ResourceApi<model::Runbook>;
template class ResourceApi<model::InspectionRule>;

const ResourceRoutes<model::Chassis>& chassisRoutes()
{
    static const ResourceRoutes<model::Chassis> routes{.path = "/v1/chassis",
                                                       .list = "chassis",
                                                       .ofNode = "",
                                                       .sortable = "uuid description created_at updated_at",
                                                       .shape = wire::chassisShape,
                                                       .rules = conductor::chassisRules};
    return routes;
}

const ResourceRoutes<model::PortGroup>& portGroupRoutes()
{
    static const ResourceRoutes<model::PortGroup> routes{
        .path = "/v1/portgroups",
        .list = "portgroups",
        .ofNode = "/v1/nodes/{ident}/portgroups",
        .since = 23,
        .ofNodeSince = 24,
        .sortable = "uuid address name mode node_uuid created_at updated_at",
        .filters = {{"node", "node_uuid", true}, {"address", "address"}},
        .shape = wire::portGroupShape,
        .rules = conductor::portGroupRules};
    return routes;
}

const ResourceRoutes<model::VolumeConnector>& volumeConnectorRoutes()
{
    static const ResourceRoutes<model::VolumeConnector> routes{
        .path = "/v1/volume/connectors",
        .list = "connectors",
        .ofNode = "/v1/nodes/{ident}/volume/connectors",
        .since = 32,
        .ofNodeSince = 32,
        .detailRoute = false,
        .sortable = "uuid type connector_id node_uuid created_at updated_at",
        .filters = {{"node", "node_uuid", true}},
        .shape = wire::volumeConnectorShape,
        .rules = conductor::volumeConnectorRules};
    return routes;
}

const ResourceRoutes<model::VolumeTarget>& volumeTargetRoutes()
{
    static const ResourceRoutes<model::VolumeTarget> routes{
        .path = "/v1/volume/targets",
        .list = "targets",
        .ofNode = "/v1/nodes/{ident}/volume/targets",
        .since = 32,
        .ofNodeSince = 32,
        .detailRoute = false,
        .sortable = "uuid boot_index volume_id volume_type node_uuid created_at updated_at",
        .filters = {{"node", "node_uuid", true}},
        .shape = wire::volumeTargetShape,
        .rules = conductor::volumeTargetRules};
    return routes;
}

const ResourceRoutes<model::Allocation>& allocationRoutes()
{
    static const ResourceRoutes<model::Allocation> routes{
        .path = "/v1/allocations",
        .list = "allocations",
        .ofNode = "",
        .since = 52,
        .detailRoute = false,
        .sortable = "uuid name resource_class state owner node_uuid created_at updated_at",
        .filters = {{"node", "node_uuid", true},
                    {"resource_class", "resource_class"},
                    {"state", "state"},
                    {"owner", "owner"}},
        .patchSince = 57,
        .shape = wire::allocationShape,
        .rules = conductor::allocationRules};
    return routes;
}

const ResourceRoutes<model::DeployTemplate>& deployTemplateRoutes()
{
    static const ResourceRoutes<model::DeployTemplate> routes{.path = "/v1/deploy_templates",
                                                              .list = "deploy_templates",
                                                              .ofNode = "",
                                                              .since = 55,
                                                              .detailRoute = false,
                                                              .sortable = "uuid name created_at updated_at",
                                                              .shape = wire::deployTemplateShape,
                                                              .rules = conductor::deployTemplateRules};
    return routes;
}

const ResourceRoutes<model::Runbook>& runbookRoutes()
{
    static const ResourceRoutes<model::Runbook> routes{.path = "/v1/runbooks",
                                                       .list = "runbooks",
                                                       .ofNode = "",
                                                       .since = 92,
                                                       .detailRoute = false,
                                                       .sortable = "uuid name owner created_at updated_at",
                                                       .filters = {{"owner", "owner"}},
                                                       .shape = wire::runbookShape,
                                                       .rules = conductor::runbookRules};
    return routes;
}

const ResourceRoutes<model::InspectionRule>& inspectionRuleRoutes()
{
    static const ResourceRoutes<model::InspectionRule> routes{
        .path = "/v1/inspection_rules",
        .list = "inspection_rules",
        .ofNode = "",
        .since = 96,
        .detailRoute = false,
        .sortable = "uuid priority phase description created_at updated_at",
        .filters = {{"phase", "phase"}},
        .removesAll = true,
        .shape = wire::inspectionRuleShape,
        .rules = conductor::inspectionRuleRules};
    return routes;
}

} // namespace bm::api
