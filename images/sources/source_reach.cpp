#include "images/sources/source_reach.h"

#include "common/model/error.h"
#include "common/platform/urls.h"

#include <fmt/format.h>

namespace bm::images {
namespace {

std::string urlOfPeer(const std::string& hostAndPort, bool tls)
{
    const bool plain = !tls || platform::isLoopbackUrl("http://" + hostAndPort);
    return (plain ? "http://" : "https://") + hostAndPort;
}

bool isSamePeer(const SourceUrl& source, const std::string& peerUrl)
{
    const platform::Destination peer = platform::destinationOf(peerUrl);
    if (!source.url.empty())
        return platform::destinationOf(source.url) == peer;
    const platform::Destination named =
        platform::destinationOf("https://" + source.peer); // bm:// has no scheme
    return named.host == peer.host && named.port == peer.port;
}

/// bmd has credentials for these schemes, which are not the projects'.
void refuseScheme(const SourceUrl& source, const SourceSettings& settings)
{
    if (source.kind == SourceKind::Web)
        return;
    const std::string scheme = source.kind == SourceKind::S3 ? "s3" : "bm";
    if (!settings.projectSchemes.contains(scheme))
        throw model::Error(
            model::ErrorCode::InvalidInput,
            fmt::format("url: {} is not for projects", scheme == "s3" ? "s3://" : "an image of another bmd"),
            fmt::format(
                "use http:// or https://; or ask an operator of bmd to import the image (bm image add "
                "URL --owner PROJECT), or to list {} in images.project_schemes",
                scheme));
}

/// The URL whose origin every request for @p source has.
std::string requestedUrl(const SourceUrl& source, const SourceSettings& settings)
{
    switch (source.kind) {
    case SourceKind::Web:
        return source.url;
    case SourceKind::S3:
        return settings.s3.endpoint;
    case SourceKind::Bm:
        return peerEndpoint(source, settings).url;
    }
    return {};
}

} // namespace

PeerEndpoint peerEndpoint(const SourceUrl& source, const SourceSettings& settings)
{
    for (const auto& [hostAndPort, access] : settings.peers)
        if (const std::string url = urlOfPeer(hostAndPort, access.tls); isSamePeer(source, url))
            return {url, &access};
    return {source.url.empty() ? urlOfPeer(source.peer, true) : source.url};
}

platform::Reach reachOf(const SourceUrl& source, const SourceSettings& settings, platform::Asker asker)
{
    const platform::Reach reach(settings.outgoing, asker);
    const bool configured =
        source.kind == SourceKind::S3 ||
        (source.kind == SourceKind::Bm && peerEndpoint(source, settings).access != nullptr);
    return configured ? reach.configuredAt(requestedUrl(source, settings)) : reach;
}

void requireReachable(const SourceUrl& source, const SourceSettings& settings, platform::Asker asker)
{
    if (asker == platform::Asker::Project)
        refuseScheme(source, settings);
    const std::string url = requestedUrl(source, settings);
    if (!url.empty()) // else no endpoint is configured, which the request reports
        reachOf(source, settings, asker).requireUrl(url);
}

} // namespace bm::images
