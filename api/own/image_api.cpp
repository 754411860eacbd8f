#include "api/own/image_api.h"

#include "api/access/access.h"
#include "api/core/request_values.h"
#include "api/own/spooled_upload.h"
#include "common/model/error.h"
#include "common/text/lower_case.h"
#include "common/wire/image_json.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "conductor/images/ramdisk_image.h"

#include <map>
#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;

namespace {

/// @p image as the actor of @p request sees it: no user of a project learns another project's name.
model::Image shownTo(const Request& request, model::Image image)
{
    const std::string& project = projectOf(request);
    if (!project.empty() && image.owner != project)
        image.owner.clear();
    return image;
}

void sendImage(const Request& request, Response& response, int status, const model::Image& image)
{
    wire::JsonWriter out;
    wire::writeImage(out, shownTo(request, image), request.localBase);
    response.sendJson(status, out.text());
}

/// Only the system gives an image to a project, and publishes it.
void requireSystem(const Request& request, const wire::ImageSharing& sharing)
{
    if (!projectOf(request).empty() && (sharing.owner || sharing.visibility))
        throw Error(ErrorCode::Forbidden, "Access was denied to the following resource: bm:image:share",
                    request.actor + " is of the project " + projectOf(request) +
                        "; only users of the system set owner and visibility");
}

/// The owner and visibility of a new image. Without a visibility: the owner's project, or public without an
/// owner.
void setSharing(conductor::NewImage& image, const wire::ImageSharing& sharing)
{
    image.owner = sharing.owner.value_or("");
    image.visibility = sharing.visibility.value_or(image.owner.empty() ? model::ImageVisibility::Public
                                                                       : model::ImageVisibility::Project);
}

/// Parses ?label=os=debian, which may be repeated.
std::map<std::string, std::string> labelsOf(const Request& request)
{
    std::map<std::string, std::string> labels;
    for (const auto& [name, value] : request.query)
        if (name == "label")
            labels.insert(wire::labelFromText(value));
    return labels;
}

std::map<std::string, std::optional<std::string>> given(const std::map<std::string, std::string>& labels)
{
    return {labels.begin(), labels.end()};
}

conductor::RetentionRule ruleOf(const nlohmann::json& body)
{
    constexpr std::int64_t kMostAgeSeconds = std::int64_t{100} * 366 * 24 * 3600;
    conductor::RetentionRule rule;
    if (const nlohmann::json* value = wire::memberOf(body, "keep_last"))
        rule.keepLast = static_cast<std::size_t>(wire::asInteger(*value, "keep_last", 0, 1'000'000));
    if (const nlohmann::json* value = wire::memberOf(body, "older_than_seconds"))
        rule.olderThan =
            std::chrono::seconds{wire::asInteger(*value, "older_than_seconds", 0, kMostAgeSeconds)};
    rule.prefix = wire::stringMember(body, "prefix");
    rule.groupBy = wire::stringMember(body, "group_by");
    if (const nlohmann::json* labels = wire::memberOf(body, "labels"); labels != nullptr) {
        wire::asObjectText(*labels, "labels"); // refuses other types
        for (const auto& [name, value] : labels->items())
            rule.labels[name] = wire::asString(value, "labels." + name);
    }
    return rule;
}

void requireLocal(images::ImageStore& store, const std::string& content)
{
    if (!store.makeLocal(content) && !store.settings().sources.s3.bucket.empty())
        throw Error(ErrorCode::Unavailable, "bmd is fetching the image from the object store",
                    "repeat the request in a moment");
}

/// The last component of a path from a client, for display only.
std::string baseName(const std::string& path)
{
    return path.substr(path.find_last_of("/\\") + 1);
}

} // namespace

void ImageApi::mount(http::Router& router)
{
    router.add(Method::Get, "/v1/images", [this](Request& q, Response& a) { list(q, a); });
    router.add(
        Method::Post, "/v1/images", [this](Request& q, Response& a) { add(q, a); },
        http::BodyRule{.streams = true});
    router.add(Method::Get, "/v1/images/{image}", [this](Request& q, Response& a) { show(q, a); });
    router.add(Method::Patch, "/v1/images/{image}", [this](Request& q, Response& a) { change(q, a); });
    router.add(Method::Delete, "/v1/images/{image}", [this](Request& q, Response& a) { remove(q, a); });
    router.add(Method::Post, "/v1/images/{image}/verify", [this](Request& q, Response& a) { verify(q, a); });
    router.add(Method::Post, "/v1/image-prune", [this](Request& q, Response& a) { prune(q, a); });
    router.add(Method::Get, "/v1/images/{image}/manifest",
               [this](Request& q, Response& a) { sendStored(q, a, true); });
    router.add(Method::Get, "/v1/images/{image}/blocks",
               [this](Request& q, Response& a) { sendStored(q, a, false); });
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
    const std::string type = model::lowerCase(request.header("Content-Type").value_or("application/json"));
    if (type.starts_with("application/octet-stream"))
        return upload(request, response);
    return fetch(request, response);
}

void ImageApi::fetch(Request& request, Response& response) const
{
    const wire::ImageRequest wanted = wire::imageFromBody(jsonBody(request));
    conductor::NewImage image;
    image.name = wanted.name;
    image.url = wanted.url;
    image.checksum = wanted.checksum;
    image.labels = wanted.labels;
    image.kind = wanted.kind;
    image.kernelArguments = wanted.kernelArguments;
    setSharing(image, wanted.sharing);
    sendImage(request, response, 202, parts_.images.add(image, request.actor));
}

void ImageApi::upload(Request& request, Response& response) const
{
    refuseOtherQuery(request, "name checksum filename label kind kernel_arguments owner visibility");
    conductor::NewImage image;
    image.name = request.queryParam("name").value_or("");
    image.checksum = request.queryParam("checksum").value_or("");
    image.sourceName = baseName(request.queryParam("filename").value_or("upload"));
    image.labels = wire::changedLabels({}, given(labelsOf(request)));
    image.kind = wire::imageKindWanted(request.queryParam("kind").value_or(""));
    image.kernelArguments = request.queryParam("kernel_arguments");
    setSharing(image, wire::imageSharingFrom(request.queryParam("owner"), request.queryParam("visibility")));
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
    refuseOtherQuery(request, "label");
    const std::map<std::string, std::string> labels = labelsOf(request);
    wire::JsonWriter out;
    out.beginObject().key("images").beginArray();
    for (const model::Image& image : parts_.images.list(imagePartyOf(request)))
        if (wire::hasLabels(image.labels, labels))
            wire::writeImage(out, shownTo(request, image), request.localBase);
    response.sendJson(200, out.endArray().endObject().text());
}

void ImageApi::show(Request& request, Response& response) const
{
    sendImage(request, response, 200, parts_.images.get(request.pathParam("image"), imagePartyOf(request)));
}

void ImageApi::change(Request& request, Response& response) const
{
    const wire::ImageChange wanted = wire::imageChangeFromBody(jsonBody(request));
    requireSystem(request, wanted.sharing);
    sendImage(
        request, response, 200,
        parts_.images.change(request.pathParam("image"), imagePartyOf(request), [&](model::Image& image) {
            image.owner = wanted.sharing.owner.value_or(image.owner);
            image.visibility = wanted.sharing.visibility.value_or(image.visibility);
            image.architecture = wanted.architecture.value_or(image.architecture);
            image.bootMode = wanted.bootMode.value_or(image.bootMode);
            image.labels = wire::changedLabels(image.labels, wanted.labels);
            if (wanted.kernelArguments)
                conductor::setKernelArguments(image, *wanted.kernelArguments);
        }));
}

void ImageApi::remove(Request& request, Response& response) const
{
    parts_.images.remove(request.pathParam("image"), imagePartyOf(request), request.actor);
    response.sendEmpty(204);
}

void ImageApi::verify(Request& request, Response& response) const
{
    sendImage(request, response, 202,
              parts_.images.verify(request.pathParam("image"), imagePartyOf(request), request.actor));
}

void ImageApi::prune(Request& request, Response& response) const
{
    const nlohmann::json body = jsonBody(request);
    wire::refuseUnknown(body, {"keep_last", "older_than_seconds", "labels", "prefix", "group_by", "dry_run"},
                        "prune");
    const nlohmann::json* dryRun = wire::memberOf(body, "dry_run");
    const conductor::PruneResult result = parts_.images.prune(
        ruleOf(body), dryRun != nullptr && wire::asBoolean(*dryRun, "dry_run"), request.actor);
    wire::JsonWriter out;
    out.beginObject().key("images").beginArray();
    for (const conductor::RetentionVerdict& verdict : result.verdicts)
        out.beginObject()
            .key("uuid")
            .string(verdict.image.id.uuid)
            .key("name")
            .string(verdict.image.name)
            .key("removed")
            .boolean(verdict.removed)
            .key("reason")
            .string(verdict.reason)
            .key("stored_bytes")
            .number(verdict.image.storedBytes)
            .key("created_at")
            .time(verdict.image.createdAt)
            .endObject();
    out.endArray().key("objects_removed").number(std::uint64_t{result.objectsRemoved});
    response.sendJson(200, out.endObject().text());
}

/// Serves another bm, which copies the image in stored form.
void ImageApi::sendStored(const Request& request, Response& response, bool manifest) const
{
    const model::Image image = parts_.images.get(request.pathParam("image"), imagePartyOf(request));
    if (image.state != model::ImageState::Ready)
        throw Error(ErrorCode::Conflict, "image \"" + image.name + "\" is not ready",
                    "bm image show " + image.name);
    images::ImageStore& store = parts_.images.store();
    requireLocal(store, image.contentId);
    response.sendFile(manifest ? store.manifestFile(image.contentId) : store.blocksFile(image.contentId),
                      "application/octet-stream");
}

void ImageApi::sendObject(const Request& request, Response& response, bool manifest) const
{
    const std::string& content = request.pathParam("content");
    parts_.agents.authorizeContent(bearerToken(request), content);
    images::ImageStore& store = parts_.images.store();
    requireLocal(store, content);
    response.sendFile(manifest ? store.manifestFile(content) : store.blocksFile(content),
                      "application/octet-stream");
}

} // namespace bm::api
