#include "images/store/peer_image.h"

#include "common/model/error.h"
#include "common/platform/files.h"
#include "common/platform/urls.h"
#include "common/text/text.h"
#include "images/blocks/digest.h"
#include "images/blocks/manifest.h"
#include "images/sources/source_reach.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::size_t kPeerManifestLimit = std::size_t{1} << 30U;
constexpr std::size_t kAnswerLimit = std::size_t{1} << 20U;

std::string firstLine(const std::filesystem::path& file)
{
    const std::string text = platform::readSecretFile(file, 4096);
    return text.substr(0, text.find_first_of("\r\n"));
}

platform::HttpRequest requestTo(const SourceUrl& source, const SourceSettings& settings,
                                platform::Asker asker)
{
    const PeerEndpoint peer = peerEndpoint(source, settings);
    platform::HttpRequest request{reachOf(source, settings, asker)};
    request.url = peer.url + "/v1/images/" + platform::urlEncode(source.name);
    if (peer.access == nullptr)
        return request;
    request.username = peer.access->username;
    if (!peer.access->passwordFile.empty())
        request.password = firstLine(peer.access->passwordFile);
    request.caFile = peer.access->caFile.string();
    return request;
}

struct Offered {
    std::string contentId;
    std::string manifestSha256;
    model::ImageKind kind = model::ImageKind::Disk;
    model::JsonText description{};
};

Offered ask(const platform::HttpRequest& request, const SourceUrl& source, const model::Deadline& deadline)
{
    const nlohmann::json image =
        nlohmann::json::parse(fetchText(request, kAnswerLimit, deadline), nullptr, false);
    const auto text = [&image](const char* member) {
        return image.is_object() && image.contains(member) && image[member].is_string()
                   ? image[member].get<std::string>()
                   : std::string();
    };
    const std::optional<model::ImageState> state = model::imageStateFromText(text("state"));
    if (state != model::ImageState::Ready || text("content_id").size() != 64)
        throw Error(ErrorCode::Conflict,
                    fmt::format("the state of image {} of {} is {}", source.name, source.peer,
                                state ? model::toText(*state) : "unknown"),
                    "wait until the image is ready there, and check that the address is a bmd");
    Offered offered{text("content_id"), text("manifest_sha256"),
                    model::imageKindFromText(text("kind")).value_or(model::ImageKind::Disk)};
    if (const auto found = image.find("description"); found != image.end() && found->is_object())
        offered.description.text = found->dump();
    return offered;
}

std::string fetchManifest(platform::HttpRequest request, const Offered& offered,
                          const model::Deadline& deadline)
{
    request.url += "/manifest";
    std::string text = fetchText(request, kPeerManifestLimit, deadline);
    if (text::toHex(sha256(std::as_bytes(std::span(text)))) != offered.manifestSha256)
        throw Error(ErrorCode::ChecksumMismatch, "the other bmd's manifest differs from the hash in its API",
                    "verify it there: bm image verify");
    return text;
}

} // namespace

StoredImage importFromPeer(const SourceUrl& source, const SourceSettings& settings, platform::Asker asker,
                           ImageStore& store, const std::filesystem::path& file, std::uint64_t limitBytes,
                           const FetchProgress& onDownload, const FetchProgress& onCheck,
                           const model::Deadline& deadline, const std::string& checksum)
{
    platform::HttpRequest request = requestTo(source, settings, asker);
    const Offered offered = ask(request, source, deadline);
    if (!checksum.empty() && checksum != "sha256:" + offered.contentId)
        throw Error(ErrorCode::ChecksumMismatch, "the other bmd's image has another content id",
                    "the checksum of a bm:// image is sha256:CONTENT_ID; there, bm image show prints it");
    const std::string manifest = fetchManifest(request, offered, deadline);
    if (parseManifest(std::as_bytes(std::span(manifest))).contentId() != offered.contentId)
        throw Error(ErrorCode::ChecksumMismatch, "the other bmd's manifest belongs to another image",
                    "verify it there: bm image verify");
    request.url += "/blocks";
    downloadWith(request, file, limitBytes, onDownload, deadline);
    StoredImage stored = store.adopt(file, manifest, onCheck, deadline);
    stored.sourceFormat = "bm";
    stored.kind = offered.kind;
    stored.description = offered.description;
    return stored;
}

} // namespace bm::images
