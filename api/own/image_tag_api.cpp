#include "api/own/image_tag_api.h"

#include "api/access/access.h"
#include "api/core/request_values.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/rollout_json.h"

#include <map>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;

void ImageTagApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/image-tags", [this](Request& q, Response& a) { list(q, a); });
    router.add(Method::Put, "/v1/image-tags/{tag}", [this](Request& q, Response& a) { set(q, a); });
    router.add(Method::Get, "/v1/image-tags/{tag}", [this](Request& q, Response& a) { history(q, a); });
    router.add(Method::Delete, "/v1/image-tags/{tag}", [this](Request& q, Response& a) { remove(q, a); });
}

void ImageTagApi::list(Request& request, Response& response) const
{
    refuseOtherQuery(request, "");
    const conductor::ImageParty party = imagePartyOf(request);
    std::map<std::string, std::string> names;
    for (const model::Image& image : parts_.images.list(party))
        names[image.id.uuid] = image.name;
    wire::JsonWriter out;
    out.beginObject().key("image_tags").beginArray();
    for (const model::ImageTag& tag : parts_.tags.all(party))
        wire::writeImageTag(out, tag, names[tag.image.uuid]);
    response.sendJson(200, out.endArray().endObject().text());
}

void ImageTagApi::set(Request& request, Response& response) const
{
    const nlohmann::json body = jsonBody(request);
    wire::refuseUnknown(body, {"image"}, "image tag");
    const model::ImageTag tag =
        parts_.tags.set(request.pathParam("tag"), wire::stringMember(body, "image"), request.actor);
    wire::JsonWriter out;
    wire::writeImageTag(out, tag, parts_.images.get(tag.image.uuid, imagePartyOf(request)).name);
    response.sendJson(200, out.text());
}

void ImageTagApi::history(Request& request, Response& response) const
{
    refuseOtherQuery(request, "");
    wire::JsonWriter out;
    out.beginObject().key("changes").beginArray();
    for (const model::ImageTagChange& change :
         parts_.tags.history(request.pathParam("tag"), imagePartyOf(request)))
        wire::writeImageTagChange(out, change);
    response.sendJson(200, out.endArray().endObject().text());
}

void ImageTagApi::remove(Request& request, Response& response) const
{
    parts_.tags.remove(request.pathParam("tag"), request.actor);
    response.sendEmpty(204);
}

} // namespace bm::api
