#include "api/own/capture_api.h"

#include "api/core/request_values.h"
#include "api/core/route_idents.h"
#include "common/model/error.h"
#include "common/text/text.h"
#include "common/wire/agent/root_device.h"
#include "common/wire/json/json_input.h"
#include "common/wire/json/json_writer.h"
#include "conductor/operations/capture_request.h"

#include <nlohmann/json.hpp>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;

namespace {

conductor::CaptureRequest captureFromBody(const nlohmann::json& body)
{
    if (!body.is_object())
        throw Error(ErrorCode::InvalidInput, "the body: expected an object",
                    R"({"name": "golden", "generalise": true})");
    wire::refuseUnknown(body, {"name", "root_device", "generalise", "kind"}, "capture");
    conductor::CaptureRequest wanted;
    wanted.name = wire::stringMember(body, "name");
    if (const nlohmann::json* hints = wire::memberOf(body, "root_device")) {
        wanted.rootDeviceJson = wire::asObjectText(*hints, "root_device").text;
        wire::parseRootDeviceHints(
            wanted.rootDeviceJson); // refuses wrong hints before the machine is shut down
    }
    if (const nlohmann::json* generalise = wire::memberOf(body, "generalise"))
        wanted.generalise = wire::asBoolean(*generalise, "generalise");
    if (const std::string kind = wire::stringMember(body, "kind"); !kind.empty()) {
        const std::optional<model::ImageKind> known = model::imageKindFromText(kind);
        if (!known || *known == model::ImageKind::Ramdisk)
            throw Error(ErrorCode::InvalidInput,
                        "kind: expected disk or tree, got \"" + kind.substr(0, 40) + "\"");
        wanted.kind = *known;
    }
    return wanted;
}

std::uint64_t numberParam(const Request& request, const char* name)
{
    const std::string text = request.queryParam(name).value_or("");
    const std::optional<std::uint64_t> value = text::parseNumber<std::uint64_t>(text);
    if (!value)
        throw Error(ErrorCode::InvalidInput, std::string(name) + ": expected a number");
    return *value;
}

void sendState(Response& response, const images::CaptureState& state)
{
    wire::JsonWriter out;
    out.beginObject().key("size_bytes").number(state.sizeBytes);
    out.key("blocks").number(state.blocks).key("stored_bytes").number(state.storedBytes).endObject();
    response.sendJson(200, out.text());
}

} // namespace

void CaptureApi::mount(http::Router& router)
{
    router.add(Method::Post, "/v1/nodes/{ident}/capture", [this](Request& q, Response& a) { begin(q, a); });
}

void CaptureApi::mountAgent(http::Router& router)
{
    router.add(Method::Post, "/v1/agent/{ident}/capture", [this](Request& q, Response& a) { open(q, a); });
    router.add(
        Method::Put, "/v1/agent/{ident}/capture/blocks", [this](Request& q, Response& a) { append(q, a); },
        http::BodyRule{.streams = true, .prove = [this](const Request& request) {
                           authorized(request);
                           return true;
                       }});
    router.add(Method::Post, "/v1/agent/{ident}/capture/finish",
               [this](Request& q, Response& a) { finish(q, a); });
}

void CaptureApi::begin(Request& request, Response& response)
{
    const conductor::CaptureRequest wanted = captureFromBody(jsonBody(request));
    const model::Node node = parts_.nodes.get(identOf(request));
    const model::OperationId id =
        conductor::beginCapture(parts_.context, node.id.uuid, wanted, request.actor);
    response.header("Location", request.localBase + "/v1/nodes/" + node.id.uuid + "/operation");
    wire::JsonWriter out;
    out.beginObject().key("operation").string(id.uuid).key("node_uuid").string(node.id.uuid);
    response.sendJson(202, out.key("image").string(wanted.name).endObject().text());
}

model::NodeId CaptureApi::authorized(const Request& request) const
{
    const std::string& node = request.pathParam("ident");
    parts_.agents.authorize(node, bearerToken(request));
    return model::NodeId{node};
}

void CaptureApi::open(Request& request, Response& response)
{
    const model::NodeId node = authorized(request);
    const nlohmann::json body = wire::parseObject(request.body());
    const nlohmann::json* size = wire::memberOf(body, "size_bytes");
    if (size == nullptr)
        throw Error(ErrorCode::InvalidInput, "size_bytes: expected a number of bytes");
    sendState(response, captures_.open(node, wire::asCount(*size, "size_bytes")));
}

void CaptureApi::append(Request& request, Response& response)
{
    const model::NodeId node = authorized(request);
    const std::uint64_t first = numberParam(request, "first");
    sendState(response, captures_.append(node, first, request.bodyStream()));
}

void CaptureApi::finish(Request& request, Response& response)
{
    const model::Image image = captures_.finish(authorized(request));
    const bool ready = image.state == model::ImageState::Ready;
    wire::JsonWriter out;
    out.beginObject().key("name").string(image.name).key("content_id").string(image.contentId);
    response.sendJson(ready ? 200 : 202,
                      out.key("stored_bytes").number(image.storedBytes).endObject().text());
}

} // namespace bm::api
