#include "api/image_api.h"

#include "api/request_values.h"
#include "api/spooled_upload.h"
#include "common/model/error.h"
#include "common/wire/image_json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;

namespace {

bool isContentId(const std::string& text)
{
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

void sendImage(const Request& request, Response& response, int status, const model::Image& image)
{
    wire::JsonWriter out;
    wire::writeImage(out, image, request.localBase);
    response.sendJson(status, out.text());
}

/// The last part of a path that a client named; shown only.
std::string baseName(const std::string& path)
{
    return path.substr(path.find_last_of("/\\") + 1);
}

} // namespace

void ImageApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/images", [this](Request& q, Response& a) { list(q, a); });
    router.add(Method::Post, "/v1/images", [this](Request& q, Response& a) { add(q, a); });
    router.add(Method::Get, "/v1/images/{image}", [this](Request& q, Response& a) { show(q, a); });
    router.add(Method::Patch, "/v1/images/{image}", [this](Request& q, Response& a) { change(q, a); });
    router.add(Method::Delete, "/v1/images/{image}", [this](Request& q, Response& a) { remove(q, a); });
}

void ImageApi::mountBlocks(http::Router& router)
{
    router.add(Method::Get, "/v1/images/{content}/manifest",
               [this](Request& q, Response& a) { sendObject(q, a, true); });
    router.add(Method::Get, "/v1/images/{content}/blocks",
               [this](Request& q, Response& a) { sendObject(q, a, false); });
}

void ImageApi::add(Request& request, Response& response) const
{
    const std::string type = request.header("Content-Type").value_or("application/json");
    if (type.starts_with("application/json"))
        return fetch(request, response);
    if (type.starts_with("application/octet-stream"))
        return upload(request, response);
    throw Error(ErrorCode::InvalidInput, "Content-Type: \"" + type.substr(0, 80) + "\" is not taken here",
                R"(application/json with {"name", "url"}, or application/octet-stream with ?name=)");
}

void ImageApi::fetch(Request& request, Response& response) const
{
    const wire::ImageRequest wanted = wire::imageFromBody(jsonBody(request));
    conductor::NewImage image;
    image.name = wanted.name;
    image.url = wanted.url;
    image.checksum = wanted.checksum;
    sendImage(request, response, 202, parts_.images.add(image, request.actor));
}

void ImageApi::upload(Request& request, Response& response) const
{
    refuseOtherQuery(request, "name checksum filename");
    conductor::NewImage image;
    image.name = request.queryParam("name").value_or("");
    image.checksum = request.queryParam("checksum").value_or("");
    image.sourceName = baseName(request.queryParam("filename").value_or("upload"));
    wire::checkImageName(image.name);
    wire::checkChecksum(image.checksum);
    SpooledUpload upload(parts_.images.store());
    upload.receive(request, parts_.settings.maxUploadBytes);
    image.spooledFile = upload.file();
    const model::Image added = parts_.images.add(image, request.actor);
    upload.handOver();
    sendImage(request, response, 202, added);
}

void ImageApi::list(Request& request, Response& response) const
{
    refuseOtherQuery(request, "");
    wire::JsonWriter out;
    out.beginObject().key("images").beginArray();
    for (const model::Image& image : parts_.images.list())
        wire::writeImage(out, image, request.localBase);
    response.sendJson(200, out.endArray().endObject().text());
}

void ImageApi::show(Request& request, Response& response) const
{
    sendImage(request, response, 200, parts_.images.get(request.pathParam("image")));
}

void ImageApi::change(Request& request, Response& response) const
{
    const wire::ImageChange wanted = wire::imageChangeFromBody(jsonBody(request));
    sendImage(request, response, 200,
              parts_.images.change(request.pathParam("image"), [&](model::Image& image) {
                  image.architecture = wanted.architecture.value_or(image.architecture);
                  image.bootMode = wanted.bootMode.value_or(image.bootMode);
              }));
}

void ImageApi::remove(Request& request, Response& response) const
{
    parts_.images.remove(request.pathParam("image"), request.actor);
    response.sendEmpty(204);
}

void ImageApi::sendObject(const Request& request, Response& response, bool manifest) const
{
    parts_.agents.authorizeAny(bearerToken(request));
    const std::string& content = request.pathParam("content");
    if (!isContentId(content))
        throw Error(ErrorCode::NotFound, "there is no image with the content " + content.substr(0, 80));
    const images::ImageStore& store = parts_.images.store();
    response.sendFile(manifest ? store.manifestFile(content) : store.blocksFile(content),
                      "application/octet-stream");
}

} // namespace bm::api
