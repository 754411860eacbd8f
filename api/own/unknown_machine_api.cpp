#include "api/own/unknown_machine_api.h"

#include "api/core/request_values.h"
#include "common/wire/json/json_writer.h"
#include "db/repositories/unknown_machine_repository.h"

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;

void UnknownMachineApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/unknown-machines", [this](Request& q, Response& a) { list(q, a); });
}

/// The machine that was seen last comes first.
void UnknownMachineApi::list(Request& request, Response& response) const
{
    refuseOtherQuery(request, "limit");
    const std::size_t limit = limitOf(request, conductor::UnknownMachines::kMost);
    db::Database& database = parts_.context.database;
    parts_.context.unknownMachines.flush(database); // what memory holds of the last minute
    const std::vector<model::UnknownMachine> machines =
        database.read([&](db::Transaction& tx) { return db::UnknownMachineRepository{}.list(tx, limit); });
    wire::JsonWriter out;
    out.beginObject().key("unknown_machines").beginArray();
    for (const model::UnknownMachine& machine : machines) {
        out.beginObject();
        out.key("mac").string(machine.mac.text);
        out.key("ip_address").stringOrNull(machine.lastAddress);
        out.key("vendor_class").stringOrNull(machine.vendorClass);
        out.key("requests").number(machine.requests);
        out.key("first_seen_at").time(machine.firstSeenAt);
        out.key("last_seen_at").time(machine.lastSeenAt);
        out.endObject();
    }
    response.sendJson(200, out.endArray().endObject().text());
}

} // namespace bm::api
