#include "api/ironic/conductor_api.h"

#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "api/ironic/selected_fields.h"
#include "common/model/error.h"
#include "common/text/word_list.h"
#include "common/wire/json/idents.h"
#include "common/wire/resources/resource_links.h"
#include "db/repositories/fleet/fleet_counts.h"

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;

namespace {

void writeVolume(const Request& request, Response& response, const std::string& path)
{
    wire::JsonWriter out;
    wire::writeLinks(out.beginObject().key("links"), request.localBase, path + "/");
    wire::writeLinks(out.key("connectors"), request.localBase, path + "/connectors");
    wire::writeLinks(out.key("targets"), request.localBase, path + "/targets");
    response.sendJson(200, out.endObject().text());
}

} // namespace

void ConductorApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/conductors", [this](Request& q, Response& a) { list(q, a); });
    router.add(Method::Get, "/v1/conductors/{hostname}", [this](Request& q, Response& a) { show(q, a); });
    router.add(Method::Get, "/v1/shards", [this](Request& q, Response& a) { shards(q, a); });
    router.add(Method::Get, "/v1/volume", [this](Request& q, Response& a) { volume(q, a); });
    router.add(Method::Get, "/v1/nodes/{ident}/volume",
               [this](Request& q, Response& a) { volumeOfNode(q, a); });
}

void ConductorApi::write(wire::JsonWriter& out, const Request& request, bool detail) const
{
    const std::string& name = parts_.context.settings.conductorName;
    out.beginObject();
    if (detail)
        out.key("created_at").time(startedAt_).key("updated_at").time(parts_.context.clock.now());
    out.key("hostname").string(name).key("conductor_group").string("");
    if (detail) {
        out.key("drivers").beginArray();
        for (const auto& [driver, hardware] : parts_.context.hardware)
            out.string(driver);
        out.endArray();
    }
    wire::writeLinks(out.key("links"), request.localBase, "conductors/" + name);
    out.key("alive").boolean(true).endObject();
}

void ConductorApi::requireKnown(const std::string& name) const
{
    if (name != parts_.context.settings.conductorName)
        throw Error(ErrorCode::NotFound, "Conductor " + name.substr(0, 255) + " could not be found.");
}

void ConductorApi::list(const Request& request, Response& response) const
{
    requireVersion(request, 49, "conductors", TooOld::NoSuchResource);
    constexpr std::string_view kSortable = "id hostname conductor_group created_at updated_at";
    if (const std::string key = sortKeyOf(request); !model::isAmong(kSortable, key))
        throw notSortable(key, "use one of: " + std::string(kSortable));
    const std::optional<std::string> marker = request.queryParam("marker"), fields = requestedFields(request);
    if (marker)
        requireKnown(*marker);
    wire::JsonWriter out;
    out.beginObject().key("conductors").beginArray();
    if (!marker) { // there is one conductor
        wire::JsonWriter one;
        write(one, request, fields.has_value() || detailWanted(request));
        out.raw(selectedFields(one.text(), fields));
    }
    response.sendJson(200, out.endArray().endObject().text());
}

void ConductorApi::show(const Request& request, Response& response) const
{
    requireVersion(request, 49, "conductors", TooOld::NoSuchResource);
    wire::requireName("hostname", request.pathParam("hostname"));
    requireKnown(request.pathParam("hostname"));
    wire::JsonWriter out;
    write(out, request, true);
    response.sendJson(200, selectedFields(out.text(), requestedFields(request)));
}

void ConductorApi::shards(const Request& request, Response& response) const
{
    requireVersion(request, 82, "shards");
    const db::FleetCounts::ByText counts = parts_.context.database.read(db::nodesByShard);
    wire::JsonWriter out;
    out.beginObject().key("shards").beginArray();
    for (const auto& [name, count] : counts)
        out.beginObject().key("name").stringOrNull(name).key("count").number(count).endObject();
    response.sendJson(200, out.endArray().endObject().text());
}

void ConductorApi::volume(const Request& request, Response& response) const
{
    requireVersion(request, 32, "volume", TooOld::NoSuchResource);
    writeVolume(request, response, "volume");
}

void ConductorApi::volumeOfNode(const Request& request, Response& response) const
{
    requireVersion(request, 32, "volume", TooOld::NoSuchResource);
    writeVolume(request, response, "nodes/" + parts_.nodes.get(identOf(request)).id.uuid + "/volume");
}

} // namespace bm::api
