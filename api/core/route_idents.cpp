#include "api/core/route_idents.h"

#include "api/core/request_values.h"
#include "common/model/error.h"
#include "common/wire/json/idents.h"
#include "db/repositories/repositories.h"

namespace bm::api {

using model::Error;
using model::ErrorCode;
using model::Port;

std::string identOf(const ApiParts& parts, const http::Request& request)
{
    constexpr std::string_view kSuffix = ".json";
    const std::string& ident = request.pathParam("ident");
    wire::requireUuidOrName("node_ident", ident);
    constexpr int kPlainSince = 91; // from this version on a suffix is part of the name
    if (versionOf(request).minor >= kPlainSince || ident.size() <= kSuffix.size() ||
        !ident.ends_with(kSuffix))
        return ident;
    const bool named = parts.context.database.read(
        [&](db::Transaction& tx) { return db::NodeRepository{}.findByName(tx, ident).has_value(); });
    return named ? ident : ident.substr(0, ident.size() - kSuffix.size());
}

Port findPort(db::Transaction& tx, const std::string& ident)
{
    wire::requireUuid("port_uuid", ident);
    const std::optional<Port> port = db::PortRepository{}.find(tx, model::PortId{ident});
    if (!port)
        throw Error(ErrorCode::NotFound, "Port " + ident + " could not be found.");
    return *port;
}

} // namespace bm::api
