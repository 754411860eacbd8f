#include "api/core/route_idents.h"

#include "common/model/error.h"
#include "common/wire/json/idents.h"
#include "db/repositories/repositories.h"

namespace bm::api {

using model::Error;
using model::ErrorCode;
using model::Port;

std::string identOf(const http::Request& request)
{
    const std::string& ident = request.pathParam("ident");
    wire::requireUuidOrName("node_ident", ident);
    return ident;
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
