#include "api/own/boot_api.h"

#include "common/model/error.h"
#include "common/platform/log.h"

#include <algorithm>
#include <array>

namespace bm::api {

using http::Method;
using http::Request;
using http::Response;
using model::Error;
using model::ErrorCode;

namespace {

constexpr std::array<std::string_view, 4> kLoaders{"snponly.efi", "ipxe.efi", "undionly.kpxe", "ipxe.pxe"};
constexpr std::string_view kBinary = "application/octet-stream";

} // namespace

void BootApi::mount(http::Router& router)
{
    router.add(Method::Get, "/boot/script", [this](Request& q, Response& a) { script(q, a); });
    router.add(Method::Get, "/boot/vmlinuz", [this](Request& q, Response& a) {
        ramdiskFile(q, a, "vmlinuz", model::EventKind::HttpKernel);
    });
    router.add(Method::Get, "/boot/initrd.img", [this](Request& q, Response& a) {
        ramdiskFile(q, a, "initrd.img", model::EventKind::HttpRamdisk);
    });
    router.add(Method::Get, "/boot/nodes/{node}/{token}/{file}",
               [this](Request& q, Response& a) { imageFile(q, a); });
    router.add(Method::Get, "/boot/{loader}", [this](Request& q, Response& a) { loader(q, a); });
}

void BootApi::script(Request& request, Response& response) const
{
    response.header("Cache-Control", "no-store");
    response.sendText(200,
                      parts_.boots.script(request.queryParam("mac").value_or(""),
                                          request.queryParam("platform").value_or(""), request.peerAddress));
}

void BootApi::ramdiskFile(const Request& request, Response& response, const std::string& name,
                          model::EventKind event) const
{
    if (parts_.settings.ramdiskFolder.empty())
        throw Error(ErrorCode::NotFound, "no RAM disk is configured",
                    "build it: cmake --build build --target ramdisk");
    response.sendFile(
        parts_.settings.ramdiskFolder / name, kBinary,
        [this, event, peer = request.peerAddress](std::uint64_t bytes, bool whole) {
            if (bytes == 0)
                return; // not fetched: HEAD, or unchanged
            try {
                parts_.boots.fetched(event, peer, bytes, whole);
            } catch (const std::exception& error) { // runs on the sending loop, which catches nothing
                platform::logWarning("boot", "cannot record {} of {}: {}", model::toText(event), peer,
                                     error.what());
            }
        });
}

void BootApi::imageFile(Request& request, Response& response) const
{
    const conductor::BootFile file =
        parts_.boots.imageFile(request.pathParam("node"), request.pathParam("token"),
                               request.pathParam("file"), request.peerAddress);
    const auto onSent = [this, file, peer = request.peerAddress](std::uint64_t bytes, bool whole) {
        if (bytes == 0)
            return; // not fetched: HEAD, or unchanged
        try {
            parts_.boots.imageFetched(file, peer, bytes, whole);
        } catch (const std::exception& error) { // runs on the sending loop, which catches nothing
            platform::logWarning("boot", "cannot record {} of {}: {}", model::toText(file.event), peer,
                                 error.what());
        }
    };
    if (!file.path.empty())
        return response.sendFile(file.path, kBinary, onSent);
    response.header("Cache-Control", "no-store");
    response.send(200, file.bytes, kBinary);
    onSent(file.bytes.size(), true);
}

void BootApi::loader(const Request& request, Response& response) const
{
    const std::string& name = request.pathParam("loader");
    if (parts_.settings.loaderFolder.empty() ||
        std::find(kLoaders.begin(), kLoaders.end(), name) == kLoaders.end())
        throw Error(ErrorCode::NotFound, "there is no " + request.path);
    response.sendFile(parts_.settings.loaderFolder / name, kBinary);
}

} // namespace bm::api
