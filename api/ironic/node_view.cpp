#include "api/ironic/node_view.h"

#include "api/access/access.h"
#include "api/core/request_values.h"
#include "common/wire/json/json_input.h"
#include "db/repositories/lease_repository.h"
#include "db/repositories/node_repository.h"

#include <nlohmann/json.hpp>

namespace bm::api {

std::string identOf(const ApiParts& parts, const http::Request& request)
{
    constexpr std::string_view kSuffix = ".json";
    const std::string& ident = request.pathParam("ident");
    constexpr int kPlainSince = 91; // from then on a suffix is part of the name
    if (versionOf(request).minor >= kPlainSince || ident.size() <= kSuffix.size() ||
        !ident.ends_with(kSuffix))
        return ident;
    const bool named = parts.context.database.read(
        [&](db::Transaction& tx) { return db::NodeRepository{}.findByName(tx, ident).has_value(); });
    return named ? ident : ident.substr(0, ident.size() - kSuffix.size());
}

nlohmann::json internalOf(const model::Node& node)
{
    return nlohmann::json::parse(node.driverInternalInfo.text);
}

void changeInternal(const ApiParts& parts, const http::Request& request,
                    const std::function<void(nlohmann::json& internal)>& change)
{
    parts.nodes.update(
        identOf(parts, request),
        [&](model::Node& node) {
            nlohmann::json internal = internalOf(node);
            change(internal);
            node.driverInternalInfo = wire::canonical(internal);
        },
        request.actor);
}

std::set<std::string> reservedNodes(db::Transaction& tx)
{
    std::set<std::string> held;
    for (const db::Lease& lease : db::LeaseRepository{}.all(tx))
        held.insert(lease.node.uuid);
    return held;
}

std::string nodeText(const ApiParts& parts, const http::Request& request, const model::Node& node,
                     const wire::NodeFieldList& fields)
{
    const bool reserved = parts.context.database.read(
        [&](db::Transaction& tx) { return db::LeaseRepository{}.find(tx, node.id).has_value(); });
    wire::JsonWriter out;
    const wire::NodeView view{.node = node,
                              .base = request.localBase,
                              .conductor = parts.context.settings.conductorName,
                              .reserved = reserved,
                              .version = versionOf(request),
                              .redacted = isRedacted(request, node)};
    wire::writeNode(out, view, fields);
    return out.take();
}

} // namespace bm::api
