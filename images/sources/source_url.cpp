#include "images/sources/source_url.h"

#include "common/model/error.h"
#include "common/model/image.h"
#include "common/platform/urls.h"
#include "common/text/lower_case.h"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <string_view>

namespace bm::images {
namespace {

using model::Error;
using model::ErrorCode;

constexpr std::string_view kImages = "/v1/images/";

[[noreturn]] void refuse(const std::string& why, const std::string& hint)
{
    throw Error(ErrorCode::InvalidInput, "url: " + why, hint);
}

std::string schemeOf(const std::string& url)
{
    const std::size_t end = url.find("://");
    return end == std::string::npos ? "" : model::lowerCase(url.substr(0, std::min(end, std::size_t{8})));
}

std::string lastPart(const std::string& path)
{
    return path.substr(path.find_last_of('/') + 1);
}

SourceUrl parseS3(const std::string& url)
{
    SourceUrl source;
    source.kind = SourceKind::S3;
    const std::string rest = url.substr(5);
    const std::size_t slash = rest.find('/');
    source.bucket = rest.substr(0, slash);
    source.key = slash == std::string::npos ? "" : rest.substr(slash + 1);
    const bool plain = std::ranges::all_of(source.bucket, [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-' || c == '.';
    });
    if (source.bucket.size() < 3 || source.bucket.size() > 63 || !plain || source.key.empty() ||
        source.key.size() > 1024)
        refuse("\"" + url.substr(0, 120) + "\" is not a bucket and key",
               "use s3://bucket/path/of/image.qcow2, and configure endpoint and keys: s3.endpoint");
    source.name = lastPart(source.key);
    return source;
}

SourceUrl peerOf(const std::string& base, const std::string& peer, const std::string& name)
{
    if (!model::isImageName(name) && !model::isUuid(name) && name.find(':') == std::string::npos)
        refuse("\"" + name.substr(0, 80) + "\" is not an image name", "use bm://host:6385/NAME");
    SourceUrl source;
    source.kind = SourceKind::Bm;
    source.url = base;
    source.peer = peer;
    source.name = name;
    return source;
}

/// bm://host[:port]/NAME
SourceUrl parseBm(const std::string& url)
{
    const std::string rest = url.substr(5);
    const std::size_t slash = rest.find('/');
    std::string host = rest.substr(0, slash);
    if (slash == std::string::npos || host.empty() || host.find('@') != std::string::npos)
        refuse("\"" + url.substr(0, 120) + "\" does not name an image of another bmd",
               "use bm://host:6385/NAME, and configure user and password: images.peers");
    if (host.find(':') == std::string::npos || host.ends_with(']'))
        host += ":6385";
    return peerOf("", host, rest.substr(slash + 1));
}

} // namespace

SourceUrl parseSourceUrl(const std::string& url)
{
    const std::string scheme = schemeOf(url);
    if (scheme == "file")
        refuse("file:// would read files of the server",
               "upload a local file: bm image add FILE --name NAME");
    const bool web = scheme == "http" || scheme == "https";
    if (!web && scheme != "s3" && scheme != "bm")
        refuse(
            fmt::format("bmd does not fetch \"{}\"", url.substr(0, std::min(url.find('?'), std::size_t{80}))),
            "use http://, https://, s3://bucket/key or bm://host:6385/NAME; upload a local file: bm image "
            "add FILE");
    if (scheme == "s3")
        return parseS3(url);
    if (scheme == "bm")
        return parseBm(url);
    const std::string path = platform::urlPath(url);
    if (path.starts_with(kImages) && path.find('/', kImages.size()) == std::string::npos &&
        path.size() > kImages.size()) {
        const std::size_t host = url.find("://") + 3;
        const std::size_t end = url.find('/', host);
        return peerOf(url.substr(0, end), url.substr(host, end - host), path.substr(kImages.size()));
    }
    SourceUrl source;
    source.url = url;
    source.name = lastPart(path);
    if (platform::urlHost(url).empty())
        refuse("\"" + url.substr(0, 80) + "\" has no host", "use http://host/path");
    return source;
}

} // namespace bm::images
