#include "api/ironic/node_view.h"

#include "api/access/access.h"
#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "common/model/error.h"
#include "common/wire/json/json_input.h"
#include "db/repositories/lease_repository.h"

#include <nlohmann/json.hpp>

namespace bm::api {

nlohmann::json internalOf(const model::Node& node)
{
    return nlohmann::json::parse(node.driverInternalInfo.text);
}

void changeInternal(const ApiParts& parts, const http::Request& request,
                    const std::function<void(nlohmann::json& internal)>& change)
{
    parts.nodes.update(
        identOf(request),
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

bool hidesParent(const ApiParts& parts, const http::Request& request, const model::Node& node)
{
    if (request.grant.ofSystem() || node.parentNode.empty())
        return false;
    try {
        return !maySee(request, parts.nodes.get(node.parentNode));
    } catch (const model::Error&) { // the parent was deleted
        return true;
    }
}

std::string nodeText(const ApiParts& parts, const http::Request& request, const model::Node& node,
                     const wire::NodeFieldList& fields)
{
    const bool reserved = parts.context.database.read(
        [&](db::Transaction& tx) { return db::LeaseRepository{}.find(tx, node.id).has_value(); });
    wire::JsonWriter out;
    const wire::NodeView view{.node = node,
                              .interfaces = parts.context.hardware.interfaces(),
                              .base = request.localBase,
                              .conductor = parts.context.settings.conductorName,
                              .reserved = reserved,
                              .version = versionOf(request),
                              .redacted = isRedacted(request, node),
                              .parentHidden = hidesParent(parts, request, node)};
    wire::writeNode(out, view, fields);
    return out.take();
}

} // namespace bm::api
