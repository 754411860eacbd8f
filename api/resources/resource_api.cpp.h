// The code of ResourceApi. A file with routes includes it and makes its kind of them.
#pragma once
#include "api/access/access.h"
#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "api/resources/field_schema.h"
#include "api/resources/resolved_node.h"
#include "api/resources/resource_api.h"
#include "api/resources/resource_fields.h"
#include "common/model/error.h"
#include "common/text/word_list.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_patch.h"
#include "common/wire/json/stored_json.h"

#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;

/// Replaces the names of candidate nodes by their uuids. @throws Error InvalidInput for nodes that do not
/// exist or that the actor may not see
template <class T> void resolveCandidates(const ApiParts& parts, const Request& request, T& item)
{
    if constexpr (requires { item.candidateNodes; }) {
        nlohmann::json uuids = nlohmann::json::array();
        std::set<std::string> seen;
        std::vector<std::string> missing;
        for (const nlohmann::json& given : wire::valueOf(item.candidateNodes)) {
            const auto ident = given.get<std::string>();
            const std::optional<model::Node> node = findVisible(parts, request, ident);
            if (!node)
                missing.push_back(ident);
            else if (seen.insert(node->id.uuid).second)
                uuids.push_back(node->id.uuid);
        }
        if (!missing.empty())
            throw Error(ErrorCode::InvalidInput,
                        fmt::format("Nodes cannot be found: {}", fmt::join(missing, ", ")).substr(0, 400),
                        "bm node list lists the nodes");
        item.candidateNodes = wire::canonical(uuids);
    }
}

/// A new record of a project's user belongs to that project.
template <class T> void setOwner(const Request& request, T& item)
{
    if constexpr (requires { item.owner; })
        item.owner = ownerOfNew(request, item.owner);
}

/// Restricts the page to rows whose column equals @p value.
inline void narrow(db::ResourcePage& page, std::string_view column, std::string value)
{
    page.parameters.emplace_back(std::move(value));
    page.where +=
        fmt::format("{}{} = ${}", page.where.empty() ? "" : " and ", column, page.parameters.size());
}

/// "deploy templates" of "deploy_templates".
inline std::string words(std::string_view list)
{
    std::string text(list);
    std::ranges::replace(text, '_', ' ');
    return text;
}

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
    requireVersion(request, routes_.since, words(routes_.list),
                   request.route == routes_.path && routes_.tooOld == TooOld::NotFound ? routes_.listTooOld
                                                                                       : routes_.tooOld);
}

template <class T> db::ResourcePage ResourceApi<T>::pageOf(const Request& request, bool ofNode) const
{
    db::ResourcePage page;
    const std::string sort = sortKeyOf(request);
    if (sort != "id" && !model::isAmong(routes_.sortable, sort))
        throw notSortable(sort, "use one of: id " + std::string(routes_.sortable));
    for (const auto& field : routes_.shape().rows())
        if (field.name == sort && field.since > versionOf(request).minor)
            throw Error(ErrorCode::NotAcceptable, "Request not acceptable.",
                        fmt::format("sort_key={} needs version 1.{}", sort, field.since));
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
        narrow(page, "node_uuid", parts_.nodes.get(identOf(request)).id.uuid);
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
        requireVersion(request, routes_.ofNodeSince, words(routes_.list));
    std::string known = "limit marker sort_key sort_dir";
    if (!detail) // ".../detail" shows all fields
        known += " fields detail";
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
        write(out, request, item, fields);
    out.endArray();
    if (more)
        out.key("next").string(nextLink(request, limit, items.back().id.uuid));
    response.sendJson(200, out.endObject().text());
}

template <class T>
void ResourceApi<T>::write(wire::JsonWriter& out, const Request& request, const T& item,
                           const Fields& fields) const
{
    if (routes_.shown == nullptr)
        routes_.shape().write(out, item, request.localBase, fields);
    else
        routes_.shape().write(out, routes_.shown(parts_, request, item), request.localBase, fields);
}

template <class T>
void ResourceApi<T>::send(const Request& request, Response& response, int status, const T& item) const
{
    wire::JsonWriter out;
    write(out, request, item, routes_.shape().detail(versionOf(request)));
    response.sendJson(status, out.text());
}

template <class T> void ResourceApi<T>::show(Request& request, Response& response) const
{
    checkVersion(request);
    refuseOtherQuery(request, "fields");
    const Fields fields = fieldsOf(routes_.shape(), request, true);
    wire::JsonWriter out;
    write(out, request, resources_.get(request.pathParam("ident")), fields);
    response.sendJson(200, out.text());
}

template <class T> void ResourceApi<T>::create(Request& request, Response& response) const
{
    checkVersion(request);
    const nlohmann::json body = jsonBody(request);
    requireNew(request, routes_.path, body);
    T wanted = routes_.shape().fromCreate(body, versionOf(request));
    setOwner(request, wanted);
    resolveNode(parts_, request, wanted);
    resolveCandidates(parts_, request, wanted);
    const T item = resources_.create(wanted, request.actor);
    response.header("Location", request.localBase + std::string(routes_.path) + "/" + item.id.uuid);
    send(request, response, 201, item);
}

template <class T> void ResourceApi<T>::patch(Request& request, Response& response) const
{
    checkVersion(request);
    if (routes_.patchSince > 0)
        requireVersion(request, routes_.patchSince, "updating " + words(routes_.list), TooOld::NoSuchChange);
    const nlohmann::json body = jsonBody(request);
    wire::JsonPatch::parse(body); // before the record, as Ironic does
    requirePatch(request, routes_.path, body);
    const auto change = [&](T& item) {
        routes_.shape().patch(item, body, versionOf(request));
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

/// @p routes must live as long as the program.
template <class T> ResourceKind kindOf(const ResourceRoutes<T>& routes)
{
    return {.path = routes.path,
            .ofNode = routes.ofNode,
            .schema = routes.schema,
            .since = routes.since,
            .fields = [&routes] { return schemaOf(routes.shape()); },
            .handler = [&routes](const ApiParts& parts) -> std::unique_ptr<ResourceHandler> {
                return std::make_unique<ResourceApi<T>>(parts, routes);
            }};
}

} // namespace bm::api
